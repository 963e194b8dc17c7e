"""Questions: their runs, and what a later question adds to a sweep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.sweeps.conftest import Ask
from zoo_core.errors import ConfigError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.ranges import fraction, parse_range
from zoo_core.sweeps.sweep import Sweep


def _names(*questions: Question) -> list[str]:
    sweep = Sweep(threads=1, questions=questions[:1])
    for question in questions[1:]:
        sweep = sweep.merged(Sweep(threads=1, questions=(question,)), "DIR")
    return [run.name for run in sweep.runs()]


def test_seeds_are_outermost(ask: Ask) -> None:
    question = ask({"model.hidden_size": [3, 4]}, seeds=(1, 0))
    assert _names(question) == [
        "seed=0,hidden-size=3",
        "seed=0,hidden-size=4",
        "seed=1,hidden-size=3",
        "seed=1,hidden-size=4",
    ]
    run = Sweep(threads=2, questions=(question,)).runs()[3]
    assert run.run_config.configs["model"]["hidden_size"] == 4
    assert (run.run_config.seed, run.run_config.threads) == (1, 2)


def test_questions_come_by_turns(ask: Ask) -> None:
    rnn = replace(ask(seeds=(0, 1)), label="model=rnn-cell")
    gru = replace(ask(seeds=(0, 1), reference="gru-embed.hello"), label="model=gru-embed")
    assert _names(rnn, gru) == [
        "seed=0,model=rnn-cell",
        "seed=0,model=gru-embed",
        "seed=1,model=rnn-cell",
        "seed=1,model=gru-embed",
    ]


def test_a_setting_with_one_value_is_in_no_name(ask: Ask) -> None:
    assert _names(ask({"model.hidden_size": [3], "trainer.epochs": [2]})) == ["seed=0"]


def test_names_do_not_depend_on_the_order_of_the_flags(ask: Ask) -> None:
    values: dict[str, list[object]] = {"trainer.epochs": [1, 2], "model.hidden_size": [3, 4]}
    assert _names(ask(values))[0] == "seed=0,hidden-size=3,epochs=1"


def test_a_later_question_adds_seeds_and_values(ask: Ask) -> None:
    first = ask({"model.hidden_size": [3, 4]})
    more = ask({"model.hidden_size": [4, 5]}, seeds=(0, 1))
    assert _names(first, more) == [
        "seed=0,hidden-size=3",
        "seed=0,hidden-size=4",
        "seed=0,hidden-size=5",
        "seed=1,hidden-size=4",
        "seed=1,hidden-size=5",
    ]


def test_one_value_of_a_setting_that_varies_keeps_its_name(ask: Ask) -> None:
    first, one = ask({"model.hidden_size": [3, 4]}), ask({"model.hidden_size": [4]}, seeds=(7,))
    assert _names(first, one)[-1] == "seed=7,hidden-size=4"


def test_a_setting_that_did_not_vary_becomes_one_that_does(ask: Ask) -> None:
    first = ask({"model.hidden_size": [3, 4], "trainer.epochs": [2]})
    longer = ask({"model.hidden_size": [3, 4], "trainer.epochs": [2, 9]})
    assert _names(first, longer) == [
        "seed=0,hidden-size=3",
        "seed=0,hidden-size=4",
        "seed=0,hidden-size=3,epochs=9",
        "seed=0,hidden-size=4,epochs=9",
    ]


def test_the_same_question_again_changes_nothing(ask: Ask) -> None:
    question = ask({"model.hidden_size": [3, 4]}, seeds=(0, 1))
    assert question.merged(question, "DIR") == question
    assert question.merged(ask({"model.hidden_size": [4, 3]}), "DIR") == question


def test_another_model_or_budget_is_refused(ask: Ask) -> None:
    with pytest.raises(TargetError, match=r"^DIR holds a sweep with model rnn-cell, not model gru"):
        ask().merged(ask(reference="gru-embed.hello"), "DIR")
    with pytest.raises(TargetError, match="with no budget, not a budget of 9 s; choose another"):
        ask().merged(ask(budget=9.0), "DIR")
    base = ask().base
    for changed, message in (
        (replace(base, token_budget=5000), "no budget of tokens, not a budget of 5,000 tokens"),
        (replace(base, source="dir:a"), "no source, not source dir:a"),
        (replace(base, precision="bf16"), "precision fp32, not precision bf16"),
    ):
        with pytest.raises(TargetError, match=f"with {message}; choose another"):
            ask().merged(replace(ask(), base=changed), "DIR")


def test_a_drawn_number_is_rounded_where_the_setting_is_an_integer(ask: Ask) -> None:
    question = ask(ranges={"model.hidden_size": "log:2..64"}, random=20)
    sizes = [run.settings["model.hidden_size"] for run in question.runs(1)]
    assert all(type(size) is int and 2 <= size <= 64 for size in sizes)
    bounds = parse_range("log:2..64")
    drawn = [bounds.value(fraction("model.hidden_size", index)) for index in range(20)]
    assert sizes == [round(size) for size in drawn]
    assert any(round(size) > size for size in drawn)


def test_a_seed_or_a_value_that_comes_twice_counts_once(ask: Ask) -> None:
    question = ask({"model.hidden_size": [3, 4, 3]}, seeds=(1, 0, 1))
    assert question.grids[0].seeds == (1, 0)
    assert question.grids[0].values == {"model.hidden_size": (3, 4)}


def test_a_question_of_too_many_runs_is_refused(ask: Ask) -> None:
    with pytest.raises(ConfigError, match="10,001 runs: at most 10,000 are possible"):
        ask(seeds=tuple(range(10_001)))


@pytest.mark.parametrize(
    ("values", "ranges", "message"),
    [
        ({"model.hidden_size": [3, 0]}, {}, "model.hidden_size = '0': expected an integer >= 1"),
        ({}, {"model.hidden_size": "int:0..4"}, "model.hidden_size = '0': expected an integer"),
        ({}, {"trainer.optimizer": "int:0..4"}, "only numbers have ranges"),
        ({}, {"model.hiden_size": "int:1..4"}, "model.hiden_size: no such setting; did you mean"),
    ],
)
def test_every_value_is_checked_before_anything_is_trained(
    ask: Ask,
    catalog: Catalog,
    values: dict[str, list[object]],
    ranges: dict[str, str],
    message: str,
) -> None:
    question = ask()
    grid = replace(
        question.grids[0],
        values={key: tuple(entries) for key, entries in values.items()},
        ranges=ranges,
        random=2 if ranges else 0,
    )
    with pytest.raises(ConfigError, match=message):
        check_question(catalog, replace(question, grids=(grid,)))
