"""Suggestions in messages, and errors that travel between processes."""

from __future__ import annotations

import pickle

import pytest

from zoo_core.errors import (
    MAX_SUGGESTIONS,
    ConfigError,
    IncompatibleError,
    Interrupted,
    ProcessError,
    suggest,
)

OPTIONS = ["--trainer.learning-rate", "--trainer.epochs", "--model.hidden-size", "--seed"]


@pytest.mark.parametrize(
    ("name", "known", "suggestion"),
    [
        ("lr", ["learning_rate", "epochs"], "learning_rate"),  # initials
        ("--lr", OPTIONS, "--trainer.learning-rate"),
        ("--trainer.lr", OPTIONS, "--trainer.learning-rate"),
        ("--model.lr", OPTIONS, ""),  # of another section
        ("lstm", ["rnn", "lstm-a", "lstm-b", "lsmt"], "lstm-a or lstm-b"),  # a part
        ("--hidden", OPTIONS, "--model.hidden-size"),
        ("--sede", OPTIONS, "--seed"),  # nearly the same spelling
        ("--model.hiden-size", [*OPTIONS, "--model.proj-size"], "--model.hidden-size"),
        ("foxen", ["foxes", "foxey", "ox"], "foxey or foxes"),  # equally near
        ("s", ["seed", "steps"], ""),  # too short for a part
        ("LSTM-Embed", ["lstm-embed", "rnn"], "lstm-embed"),  # capital letters
        ("adamw", ["Adam", "AdamW"], "AdamW"),
        ("LR", ["learning_rate"], "learning_rate"),
        ("epoch", [], ""),
    ],
)
def test_initials_come_before_parts_before_spelling(
    name: str, known: list[str], suggestion: str
) -> None:
    assert suggest(name, known) == (f"did you mean {suggestion}?" if suggestion else "")


def test_few_names_are_suggested() -> None:
    known = [f"lstm-{number}" for number in range(20)]
    assert suggest("lstm", known).count("lstm-") == MAX_SUGGESTIONS


@pytest.mark.parametrize(
    "error",
    [ConfigError("x"), IncompatibleError("x", "port it"), ProcessError("x", 6), Interrupted(2)],
    ids=repr,
)
def test_an_error_reaches_another_process_as_it_is(error: BaseException) -> None:
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is type(error)
    assert (str(copied), vars(copied)) == (str(error), vars(error))
