"""The form of a training: its fields are the options of ``zoo train``."""

from __future__ import annotations

import shlex

import pytest

from zoo_cli.commands.train import train
from zoo_core.escaping import shell_command

pytestmark = pytest.mark.full
HELLO = ("lstm-embed.hello", "", "", "", "")


def _form(*names: str) -> dict[str, object]:
    from zoo_ui.train_command import Choice, fields_of

    return {field.flag: field for field in fields_of(Choice(*names))}


def _words(*names: str, **typed: str) -> list[str]:
    """Returns the command with values by flag, such as ``trainer_epochs``."""
    from zoo_ui.train_command import Choice, fields_of, train_words

    choice = Choice(*names)
    fields = fields_of(choice)
    values = {field: field.default for field in fields}
    for field in fields:
        name = field.label.replace(".", "_").replace("-", "_")
        values[field] = typed.pop(name, field.default)
    assert not typed
    return train_words(choice, values)


def test_a_form_has_every_setting_and_option_of_the_command() -> None:
    form = _form(*HELLO)
    with train.make_context("zoo train", ["lstm-embed.hello"], resilient_parsing=True) as ctx:
        flags = {param.opts[0] for param in train.get_params(ctx) if param.opts[0][:2] == "--"}
    chosen_elsewhere = {"--from", "--dataset", "--trainer", "--config"}
    left_out = {"--help", "--json", "--print-config", "--registry", "--out", "--overwrite"}
    assert form.keys() == flags - chosen_elsewhere - left_out
    assert {"--model.hidden-size", "--trainer.epochs", "--seed", "--budget"} <= form.keys()


def test_a_form_that_nobody_changed_is_the_shortest_command() -> None:
    assert _words(*HELLO) == ["train", "lstm-embed.hello"]


def test_changed_fields_are_the_options_of_the_command() -> None:
    words = _words(
        *HELLO, trainer_epochs="3", seed="7", model_hidden_size="16", extend_vocabulary="false"
    )
    options = ["--model.hidden-size", "16", "--trainer.epochs", "3", "--seed", "7"]
    assert words == ["train", "lstm-embed.hello", *options]


def test_a_field_starts_with_the_value_of_the_recipe() -> None:
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.recipes.resolve import resolve_run

    form = _form(*HELLO)
    settings = resolve_run(load_catalog(), "lstm-embed.hello").settings("trainer")
    (epochs,) = [setting.default for setting in settings if setting.key == "epochs"]
    assert form["--trainer.epochs"].default == str(epochs)  # type: ignore[attr-defined]


def test_another_dataset_brings_its_own_fields() -> None:
    form = _form("lstm-embed", "text", "", "", "")
    assert "--dataset.path" in form
    assert "--dataset.path" not in _form(*HELLO)


def test_each_line_of_a_list_is_an_option() -> None:
    words = _words("lstm-embed", "text", "", "", "", dataset_path="a b.txt\nc.txt")
    assert words[4:] == ["--dataset.path", "a b.txt", "--dataset.path", "c.txt"]
    assert shlex.split(shell_command(*words)) == words


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"trainer_epochs": "many"}, "--trainer.epochs = 'many': expected an integer >= 1"),
        ({"model_hidden_size": "0"}, "--model.hidden-size = '0': expected an integer >= 1"),
        ({"seed": "-1"}, "Invalid value for '--seed': -1 is not in the range"),
    ],
)
def test_a_wrong_value_is_named_as_the_command_names_it(
    typed: dict[str, str], message: str
) -> None:
    from zoo_ui.train_command import check_words

    assert message in check_words(_words(*HELLO, **typed))
    assert check_words(_words(*HELLO)) == ""


def test_what_must_be_given_is_named() -> None:
    from zoo_ui.train_command import check_words

    assert "--dataset.path is missing" in check_words(_words("lstm-embed", "text", "", "", ""))


def test_an_unknown_model_has_no_form_and_is_named() -> None:
    from zoo_ui.train_command import check_words

    assert _form("lstm-embd", "", "", "", "") == {}
    assert "lstm-embed" in check_words(["train", "lstm-embd"])
