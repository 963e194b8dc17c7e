"""The commands of a report, which repeat its runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.runtime.comparisons.contest import Budget, Contest

pytestmark = pytest.mark.full


def test_options_that_no_recipe_holds_are_repeated(catalog: Catalog, hello: Path) -> None:
    from zoo_report.repeat import train_command

    run_config = read_manifest(hello).run_config
    command = train_command(catalog, run_config)
    assert command.startswith("zoo train lstm-embed.hello --")
    assert "--nproc" not in command
    changed = replace(run_config, processes=2, compile=True, budget=1234567.5)
    assert train_command(catalog, changed) == f"{command} --budget 1234567.5s --nproc 2 --compile"


def test_a_setting_with_several_values_has_a_flag_for_each(catalog: Catalog) -> None:
    from zoo_report.repeat import train_command

    resolved = resolve_run(catalog, "lstm-embed", dataset="text")
    run_config = resolved.run_config({"dataset": {"path": ["a.txt", "b c.txt"]}})
    command = train_command(catalog, run_config)
    assert "--dataset.path a.txt --dataset.path 'b c.txt' --seed 0" in command


@pytest.mark.parametrize(
    ("reference", "dataset", "expected"),
    [
        ("lstm-embed.hello", "", "zoo compare lstm-embed.hello --trainer.epochs 1000000"),
        (
            "lstm-embed",
            "python-docs",
            "zoo compare lstm-embed --dataset python-docs --model.hidden-size 5 --trainer.epochs "
            "1000000",
        ),
    ],
)
def test_a_run_with_a_budget_of_tokens_is_repeated_by_a_comparison(
    catalog: Catalog, reference: str, dataset: str, expected: str
) -> None:
    """No option of ``zoo train`` ends a run after a number of tokens."""
    from zoo_report.repeat import train_command

    settings = {"model": {"hidden_size": 5}} if dataset else {}
    contest = Contest(
        dataset=dataset, seeds=(3,), budget=Budget(tokens=5000), settings=settings, threads=1
    )
    (question,) = contest.questions(catalog, [reference])
    (run,) = question.runs(1)
    command = train_command(catalog, run.run_config)
    assert command == f"{expected} --seeds 3 --tokens 5000 --threads 1"
