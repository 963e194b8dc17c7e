"""``zoo show --shapes``."""

from __future__ import annotations

from typing import Any

from zoo_cli.terminal.output import echo, print_json, print_table
from zoo_core.data.signature import Signature
from zoo_core.errors import NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.references import Named, parse_reference
from zoo_core.run_folder.local_runs import find_bare_folder, find_run_folder
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.locate import load_checkpoint
from zoo_core.runtime.shapes.shapes import (
    LETTER_MEANINGS,
    Shapes,
    available_signature,
    model_shapes,
)

DEFAULT_STEPS = 5
"""Time steps if neither the command line nor the dataset's config gives a number."""
EXAMPLE_VOCABULARY = "the data is not available: the vocabulary shown is an example"


def show_shapes(
    catalog: Catalog, reference: str, *, batch_size: int, steps: int | None, as_json: bool
) -> None:
    """Prints the shape of every tensor for one batch."""
    shapes, known = find_shapes(catalog, reference, batch_size=batch_size, steps=steps)
    if as_json:
        print_json(_rows(shapes))
        return
    if not known:
        echo(EXAMPLE_VOCABULARY, err=True)
    echo(legend(shapes))
    print_table(table_rows(shapes))


def find_shapes(
    catalog: Catalog, reference: str, *, batch_size: int, steps: int | None
) -> tuple[Shapes, bool]:
    """Returns the shapes of a model, recipe or checkpoint for one batch.

    The last value is whether the signature is that of the data, not of an example.

    Args:
        catalog: The installed plugins.
        reference: The model, recipe or checkpoint.
        batch_size: Rows of the batch.
        steps: Its time steps; None for the recipe's.

    Raises:
        NotFoundError: There is no such model, recipe or checkpoint.
    """
    run_config, signature, known = _find(catalog, reference)
    data = run_config.configs["dataset"]
    length = steps or data.get("steps") or data.get("window") or DEFAULT_STEPS
    shapes = model_shapes(catalog, run_config, signature, batch_size=batch_size, steps=length)
    return shapes, known


def legend(shapes: Shapes) -> str:
    """Returns what the letters of the axes mean, and their sizes."""
    return ", ".join(
        f"{letter} {LETTER_MEANINGS[letter]} {size}" for letter, size in shapes.sizes.items()
    )


def table_rows(shapes: Shapes) -> list[list[str]]:
    """Returns name, kind, letters and sizes of every tensor."""
    return [_table_row(row) for row in _rows(shapes)]


def _find(catalog: Catalog, reference: str) -> tuple[RunConfig, Signature, bool]:
    """Returns the run config and the signature of a model, recipe or checkpoint.

    The last value is whether the signature is that of the data, not of an example.
    """
    if not find_run_folder(reference) and isinstance(parse_reference(reference), Named):
        try:
            run_config = resolve_run(catalog, reference).run_config()
        except NotFoundError:
            if not find_bare_folder(reference):
                raise
        else:
            return run_config, *available_signature(catalog, run_config)
    checkpoint = load_checkpoint(catalog, reference)
    return checkpoint.run_config, checkpoint.signature, True


def _rows(shapes: Shapes) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "kind": item.kind, "shape": list(item.shape), "axes": list(axes)}
        for item, axes in shapes.rows
    ]


def _table_row(row: dict[str, Any]) -> list[str]:
    letters = f"({', '.join(row['axes'])})"
    return [row["name"], row["kind"], letters, " × ".join(str(size) for size in row["shape"])]
