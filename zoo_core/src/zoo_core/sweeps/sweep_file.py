"""A file that asks for a sweep: every row with every column, such as models and datasets.

A row or a column is a part of a recipe: the tables ``model``, ``dataset`` and ``trainer``, where
those of a column beat those of a row, and both beat the tables at the top of the file:

    seeds = [0, 1, 2]
    threads = 1
    trainer = { learning_rate = 0.01 }

    [rows.lstm]
    model = { name = "lstm-embed", hidden_size = 32 }

    [columns.parity]
    dataset = { name = "parity", per = "step" }
    trainer = { epochs = 5 }
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias, final

from zoo_core.configs.records import Rule, read_record
from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import SEED_COUNT, resolve_run
from zoo_core.references import Folder, parse_reference
from zoo_core.run_folder.manifest import SWEEP
from zoo_core.run_folder.run_config import MAX_THREADS, SECTIONS, RunConfig
from zoo_core.sweeps.folder import parse_sweep, read_sweep, read_toml, sweeps_folder
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.sweep import Sweep

SUFFIX = ".toml"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
Table: TypeAlias = dict[str, Any]
Seed: TypeAlias = Annotated[
    int, Rule(f"an integer from 0 to {SEED_COUNT - 1}", lambda seed: 0 <= seed < SEED_COUNT)
]
Threads: TypeAlias = Annotated[
    int, Rule(f"an integer from 0 to {MAX_THREADS}", lambda threads: 0 <= threads <= MAX_THREADS)
]


@final
class _Part(NamedTuple):
    """A row or a column."""

    model: Table = {}  # noqa: RUF012  # never changed
    dataset: Table = {}  # noqa: RUF012
    trainer: Table = {}  # noqa: RUF012


@final
class _File(NamedTuple):
    """The keys of a file."""

    rows: Annotated[dict[str, _Part], Rule("at least one row", bool)]
    columns: dict[str, _Part] = {"": _Part()}  # noqa: RUF012  # never changed
    seeds: Annotated[tuple[Seed, ...], Rule("at least one seed", bool)] = (0,)
    threads: Threads = 0
    model: Table = {}  # noqa: RUF012
    dataset: Table = {}  # noqa: RUF012
    trainer: Table = {}  # noqa: RUF012


@final
class AskedSweep(NamedTuple):
    """What a file or a folder asks for.

    Args:
        sweep: The sweep.
        folder: The folder of its runs, where none is named.
    """

    sweep: Sweep
    folder: Path

    def with_seeds(self, seeds: Sequence[int]) -> AskedSweep:
        """Returns what is asked with other seeds."""
        questions = tuple(
            replace(
                question, grids=tuple(replace(grid, seeds=tuple(seeds)) for grid in question.grids)
            )
            for question in self.sweep.questions
        )
        return self._replace(sweep=replace(self.sweep, questions=questions))


def is_sweep_path(reference: str) -> bool:
    """Whether a reference is a file that asks for a sweep, or a folder, and not a model."""
    if reference.endswith(SUFFIX):
        return True
    try:
        return isinstance(parse_reference(reference), Folder)
    except NotFoundError:
        return False


def read_asked_sweep(catalog: Catalog, reference: str) -> AskedSweep:
    """Returns what a file or the folder of a sweep asks for.

    Args:
        catalog: The installed plugins.
        reference: The folder of a sweep, its ``sweep.toml``, or a file in the form above.

    Raises:
        ConfigError: A file in that form is not well-formed, or a setting is not allowed.
        IntegrityError: A ``sweep.toml`` that the zoo wrote is not well-formed.
        NotFoundError: There is no such file, folder, model, dataset or trainer.
    """
    path = Path(reference.removeprefix("dir:")).expanduser()
    if path.is_dir() or path.suffix != SUFFIX:
        return AskedSweep(read_sweep(path), path)
    if not path.is_file():
        raise NotFoundError(f"no file {path}")
    values = read_toml(path, ConfigError)
    if "format" in values:
        sweep = parse_sweep(values, path)
        folder = path.parent if path.name == SWEEP else _default_folder(path, sweep.questions)
        return AskedSweep(sweep, folder)
    file = read_record(_File, values, error=ConfigError, source=str(path))
    questions = tuple(
        _question(catalog, path, file, row, column) for row in file.rows for column in file.columns
    )
    return AskedSweep(
        Sweep(threads=file.threads, questions=questions), _default_folder(path, questions)
    )


def _question(catalog: Catalog, path: Path, file: _File, row: str, column: str) -> Question:
    for name in (row, column):
        if name and not _NAME.fullmatch(name):
            raise ConfigError(
                f"{path}: {name!r:.80}: a row or column is named with letters, digits, - and _"
            )
    label = f"{row}.{column}" if column else row
    tables = {
        section: {
            **getattr(file, section),
            **getattr(file.rows[row], section),
            **getattr(file.columns[column], section),
        }
        for section in SECTIONS
    }
    try:
        base = _run_config(catalog, tables)
    except (ConfigError, NotFoundError) as error:
        raise type(error)(f"{path}: {label}: {error}") from None
    return Question(base=base, grids=(Grid(seeds=file.seeds),), label=label)


def _run_config(catalog: Catalog, tables: dict[str, Table]) -> RunConfig:
    """Returns the run config of tables as a recipe has them, which are changed."""
    names = {section: tables[section].pop("name", "") for section in SECTIONS}
    for section, name in names.items():
        if not isinstance(name, str):
            raise ConfigError(f"{section}.name = {name!r:.80}: expected text")
    if not names["model"]:
        raise ConfigError("model.name is missing")
    resolved = resolve_run(
        catalog, names["model"], dataset=names["dataset"], trainer=names["trainer"]
    )
    return resolved.run_config(tables, seed=0)


def _default_folder(path: Path, questions: Sequence[Question]) -> Path:
    """Returns the folder of a file's runs: other seeds of the same questions keep it."""
    asked = [
        [question.label, replace(question.base, seed=0, threads=0).to_json()]
        for question in questions
    ]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]
    return sweeps_folder() / f"{path.stem}-{digest}"
