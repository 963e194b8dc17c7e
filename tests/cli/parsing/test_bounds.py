"""Every number that a command or a config takes has bounds: no absurd one ends in a raw error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.command import Zoo
from zoo_cli.main import COMMANDS
from zoo_cli.main import zoo as zoo_group
from zoo_cli.parsing.duration import MAX_SECONDS, Duration
from zoo_core.configs.settings import Setting, build_config, settings_of
from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.hardware.model_size import ensure_fits_memory
from zoo_core.runtime.run import Run
from zoo_core.storage.capacity import memory_errors
from zoo_core.testing.cases.model_cases import plain_cases
from zoo_core.testing.cases.sample_values import dataset_values

ABSURD: dict[type, tuple[float, ...]] = {
    int: (0, 2**40, 2**62, 2**63 - 1, -(2**62)),
    float: (0.0, 1e-300, 1e300, -1e300),
}
"""Values of a number; memory never holds as many as the large ones."""


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """The words and the object of every command, those of groups included."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_number_of_a_command_has_two_bounds(name: str) -> None:
    top = zoo_group.get_command(click.Context(zoo_group), name)
    assert top is not None
    for words, command in commands(top, (name,)):
        for param in command.params:
            kind = param.type
            assert kind not in (click.INT, click.FLOAT), (words, param.name)
            if isinstance(kind, click.IntRange | click.FloatRange):
                assert kind.min is not None, (words, param.name)
                assert kind.max is not None, (words, param.name)
                assert -(2**63) <= kind.min <= kind.max < 2**63, (words, param.name)


@pytest.mark.parametrize(
    "text", ["9" * 400, "9" * 400 + "h", "1000000h", "0", "1e9", "-1", "", "s"]
)
def test_a_duration_is_positive_and_finite(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)
    assert math.isfinite(Duration().convert("200000h", None, None))
    assert Duration().convert("1000000000s", None, None) == MAX_SECONDS


def settings(config: str) -> list[Setting]:
    """The settings of a config that are numbers."""
    return [item for item in settings_of(resolve(config)).values() if item.type in ABSURD]


def parts(kind: type[Any]) -> list[Any]:
    """The specs of a kind."""
    return [entry.spec for entry in load_catalog().of(kind)]


def named(spec: Any) -> str:
    """The name of a spec, as the name of a test."""
    return str(spec.name)


@pytest.mark.parametrize("spec", parts(ModelSpec), ids=named)
def test_no_size_of_a_model_ends_in_a_raw_error(spec: ModelSpec) -> None:
    cls, factory, case = resolve(spec.config), resolve(spec.factory), plain_cases(spec)[0]
    for setting in settings(spec.config):
        for value in ABSURD[setting.type]:
            try:
                config = build_config(cls, "model", {**case.settings, setting.key: value})
                ensure_fits_memory(lambda: factory(config, case.signature), spec.name)  # noqa: B023
                with memory_errors("choose smaller sizes"):
                    factory(config, case.signature)
            except ZooError:
                continue


@pytest.mark.parametrize("spec", parts(DatasetSpec), ids=named)
def test_no_number_of_a_dataset_ends_in_a_raw_error(spec: DatasetSpec, text_file: Path) -> None:
    cls, factory = resolve(spec.config), resolve(spec.factory)
    needed = dataset_values(spec) | ({"path": text_file} if spec.name == "text" else {})
    for setting in settings(spec.config):
        for value in ABSURD[setting.type]:
            try:
                with memory_errors("choose smaller sizes"):
                    config = build_config(cls, "dataset", {**needed, setting.key: value})
                    dataset = factory(config, None)
                    dataset.batch_count("train", 4, 0, 1)
                    next(dataset.batches("train", 4, 0, 1))
            except ZooError:
                continue


@pytest.mark.parametrize("spec", parts(TrainerSpec), ids=named)
def test_no_number_of_a_trainer_ends_in_a_raw_error(
    catalog: Catalog, spec: TrainerSpec, text_file: Path, tmp_path: Path
) -> None:
    resolved = resolve_run(catalog, "gru-embed", dataset="text", trainer=spec.name)
    for setting in settings(spec.config):
        for value in ABSURD[setting.type]:
            data = {"path": text_file, "steps": 16}
            try:
                run_config = resolved.run_config(
                    {
                        "dataset": data,
                        "model": {"hidden_size": 4},
                        "trainer": {"batch_size": 4, setting.key: value},
                    },
                    threads=1,
                )
                run = Run(catalog, run_config, tmp_path / "run")
                next(run.loop.events())
            except ZooError:
                continue


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["train", "cnn1d", "--model.channels", 10**12], 6),
        (["train", "cnn1d", "--model.kernel-size", 10**12], 6),
        (["train", "lstm-embed", "--model.hidden-size", 10**9], 6),
        (["train", "cnn3d", "--dataset.canvas", 10**6], 6),
        (["train", "lstm-embed", "--budget", "9" * 400], 2),
        (["generate", "lstm-embed.python-docs", "--json", "--length", 10**9], 2),
    ],
)
def test_an_absurd_size_is_one_line(zoo: Zoo, arguments: list[object], code: int) -> None:
    result = zoo(*arguments)
    assert (result.code, result.stdout) == (code, "")
    assert result.stderr.count("Error: ") == 1
    assert "Traceback" not in result.stderr
