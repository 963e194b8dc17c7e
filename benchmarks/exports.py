"""The exports of every model of the catalog, compared with the model: ``docs/results/export.json``.

``uv run --group full python -m benchmarks.exports`` measures the models that have no row yet or
are named, and every model with ``--all``.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import click
import torch

from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.exporting.program import Lengths, Program
from zoo_core.runtime.exporting.torch_program import export_program
from zoo_core.runtime.exporting.verification import Comparison, verify_program
from zoo_core.runtime.nn import AbstractModel
from zoo_core.storage.atomic import write_file
from zoo_core.testing.cases.model_cases import plain_cases

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "export.json"
OPERATORS = ("RNN", "LSTM", "GRU", "Scan", "Conv")
"""The operators of ONNX that the table names."""
LIBRARIES = ("torch", "onnx", "onnxruntime")


@final
@dataclass(frozen=True)
class Row:
    """The exports of one model.

    Args:
        model: Its name.
        plugin: The plugin that it comes from.
        operators: The operators of ONNX that compute it.
        lengths: The numbers of steps that the ONNX model takes, in words.
        onnx: The largest difference of ONNX Runtime from the model in one pass; None if it cannot
            be exported.
        onnx_in_pieces: The same for a sequence in pieces; None if the model carries no state.
        torch: The largest difference of the program of torch.export; None if there is none.
        reason: Why it cannot be exported.
    """

    model: str
    plugin: str
    operators: str = ""
    lengths: str = ""
    onnx: float | None = None
    onnx_in_pieces: float | None = None
    torch: float | None = None
    reason: str = ""


def measure(plugin: str, spec: ModelSpec) -> Row:
    """Returns the exports of a small model with random weights."""
    torch.manual_seed(0)
    model = plain_cases(spec)[0].build().float().eval()
    try:
        program = Program(model)
        onnx_facts = _onnx(program)
        return Row(spec.name, plugin, torch=_torch(program), **onnx_facts)
    except ZooError as error:
        return Row(spec.name, plugin, reason=str(error))


def _onnx(program: Program) -> dict[str, Any]:
    import onnx

    from zoo_onnx.exporter import to_onnx
    from zoo_onnx.session import Session

    exported, lengths = to_onnx(program)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(exported, path)
        comparisons = verify_program(program, Session(path).model_outputs, lengths)
    counts = Counter(node.op_type for node in exported.graph.node)
    return {
        "operators": ", ".join(name for name in OPERATORS if counts[name]),
        "lengths": _describe(program.model, lengths),
        "onnx": _largest(row for row in comparisons if not row.chunks),
        "onnx_in_pieces": _largest(row for row in comparisons if row.chunks),
    }


def _torch(program: Program) -> float | None:
    exported, lengths = export_program(program)
    file = io.BytesIO()
    torch.export.save(exported, file)
    file.seek(0)
    loaded: Any = torch.export.load(file).module()
    return _largest(verify_program(program, loaded, lengths))


def _largest(comparisons: Any) -> float | None:
    rows: list[Comparison] = list(comparisons)
    return max((row.difference for row in rows), default=None)


def _describe(model: AbstractModel, lengths: Lengths) -> str:
    return "one size" if model.signature.inputs.kind == "grid" else lengths.describe()


def table(path: Path = RESULTS) -> str:
    """Returns the stored results as a table in Markdown, with the versions below it."""
    results = json.loads(path.read_bytes())
    lines = [
        "| model | plugin | ONNX operators | steps | ONNX Runtime | in pieces | torch.export |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for values in results["rows"]:
        row = Row(**values)
        cells = [row.operators, row.lengths, *map(_number, (row.onnx, row.onnx_in_pieces))]
        cells = [f"not exported: {row.reason}", "", "", ""] if row.reason else cells
        lines.append(
            f"| `{row.model}` | `{row.plugin}` | {' | '.join(cells)} | {_number(row.torch)} |"
        )
    versions = ", ".join(f"{name} {value}" for name, value in results["versions"].items())
    return "\n".join([*lines, "", f"Measured with {versions}."])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


@click.command()
@click.argument("models", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Measure every model again.")
def main(models: tuple[str, ...], everything: bool) -> None:
    """Measure the exports of MODELS and of models that have no row yet; write the results."""
    versions = {name: version(name).partition("+")[0] for name in LIBRARIES}
    stored: dict[str, Any] = {"versions": versions, "rows": []}
    if RESULTS.exists():
        stored = json.loads(RESULTS.read_bytes())
    if stored["versions"] != versions and not everything:
        raise click.UsageError(f"the rows are of {stored['versions']}: measure with --all")
    before = {row["model"]: row for row in stored["rows"]}
    rows = []
    for plugin, spec in load_catalog().of(ModelSpec):
        is_kept = spec.name in before and spec.name not in models and not everything
        rows.append(before[spec.name] if is_kept else asdict(measure(plugin.name, spec)))
    results = {"versions": versions, "rows": rows}
    write_file(RESULTS, json.dumps(results, indent=1).encode() + b"\n")


if __name__ == "__main__":
    main()
