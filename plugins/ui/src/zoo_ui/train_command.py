"""The command of a training, from the values of a form.

The form has a field for each option of ``zoo train``: those that the command declares, and those
that it generates from the settings of the model, dataset and trainer. Its values are checked by the
parser of the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from typing import NamedTuple, final

import click

from zoo_cli.commands.train import train
from zoo_cli.parsing.chosen_run import RESOLVED_RUN
from zoo_cli.parsing.setting_options import SettingOption
from zoo_core.configs.settings import NONE, as_typed, with_unit
from zoo_core.errors import ZooError
from zoo_core.run_folder.run_config import SECTIONS

ELSEWHERE = frozenset(("as_json", "print_config", "out", "overwrite", "dataset", "trainer"))
"""Options that the page chooses itself, or that have a field of their own."""
COMMAND = "zoo train"
PLAIN = "run"
"""The section of the options that the command declares."""


@final
class Field(NamedTuple):
    """An option of ``zoo train`` as a field of the form.

    Args:
        flag: The option.
        section: ``model``, ``dataset``, ``trainer``, or ``run`` for any other.
        help: What it is, and what may be entered.
        default: The text at first, which leaves the option out; one value per line if ``many``.
        choices: The values to choose from; empty if any text may be entered.
        kind: ``switch`` (the values are ``true`` and ``false``), ``choice`` or ``text``.
        is_flag: Whether the option takes no value.
        many: Whether each line is a value.
        may_be_empty: Whether an empty text is a value.
    """

    flag: str
    section: str
    help: str
    default: str
    choices: tuple[str, ...] = ()
    kind: str = "text"
    is_flag: bool = False
    many: bool = False
    may_be_empty: bool = False

    @property
    def label(self) -> str:
        """The name of the field."""
        return self.flag.removeprefix("--")

    def words(self, value: str) -> list[str]:
        """Returns the option with a value; nothing where it is left out."""
        if value == self.default:
            return []
        if self.is_flag:
            return [self.flag]
        if self.many:
            return [word for line in value.splitlines() for word in (self.flag, line)]
        return [self.flag, value] if value or self.may_be_empty else []


@final
class Choice(NamedTuple):
    """What the fields of a form depend on.

    Args:
        model: ``model`` or ``model.recipe``.
        dataset: The dataset; empty for the recipe's.
        trainer: The trainer; empty for the recipe's or the dataset's.
        source: The checkpoint to start from; empty for none.
        file: A file with settings; empty for none.
    """

    model: str
    dataset: str = ""
    trainer: str = ""
    source: str = ""
    file: str = ""

    @property
    def words(self) -> list[str]:
        """The arguments of ``zoo train``."""
        options = {
            "--from": self.source,
            "--dataset": self.dataset,
            "--trainer": self.trainer,
            "--config": self.file,
        }
        typed = [word for flag, value in options.items() if value for word in (flag, value)]
        return [self.model, *typed]


def fields_of(choice: Choice) -> list[Field]:
    """Returns the fields of a form, the settings first; none where a name is unknown."""
    with _context(choice.words, resilient=True) as ctx:
        options = [
            option
            for option in ctx.command.get_params(ctx)
            if isinstance(option, click.Option)
            and option.expose_value  # unlike --help
            and option.name not in ELSEWHERE
        ]
    settings = [_setting_field(option) for option in options if isinstance(option, SettingOption)]
    chosen = {"source", "config"}  # fields of their own, because others depend on them
    plain = [
        _plain_field(option)
        for option in options
        if not isinstance(option, SettingOption) and option.name not in chosen
    ]
    return settings + plain if settings else []


def train_words(choice: Choice, values: Mapping[Field, str]) -> list[str]:
    """Returns the command of a training, without ``zoo``, with what differs from the defaults."""
    options = [word for field, value in values.items() for word in field.words(value)]
    return ["train", *choice.words, *options]


def check_words(words: Sequence[str]) -> str:
    """Returns what is wrong with a command of ``train_words``, in one line; empty if nothing is."""
    try:
        with _context(words[1:], resilient=False) as ctx:
            ctx.meta[RESOLVED_RUN].run_config(ctx.params["settings"])
    except click.ClickException as error:
        return " ".join(error.format_message().split())
    except ZooError as error:
        return str(error)
    return ""


def recipe_of(words: Sequence[str]) -> str:
    """Returns the recipe of a command that ``check_words`` finds nothing wrong with.

    Where none applies it is model and dataset, as the default name of a run has them.
    """
    with _context(words[1:], resilient=False) as ctx:
        run_config = ctx.meta[RESOLVED_RUN].run_config(ctx.params["settings"])
    return run_config.recipe or f"{run_config.model}.{run_config.dataset}"


def _context(words: Sequence[str], *, resilient: bool) -> click.Context:
    return train.make_context(COMMAND, list(words), resilient_parsing=resilient)


def _setting_field(option: SettingOption) -> Field:
    setting, flag = option.setting, option.opts[0]
    needs_value = setting.default is MISSING
    default = "" if needs_value else as_typed(setting.default)
    shown = "must be given" if needs_value else f"default {with_unit(default, setting.info.unit)}"
    if setting.many and isinstance(setting.default, list | tuple):
        default = "\n".join(map(as_typed, setting.default))
    expected = setting.expected() + (", one a line" if setting.many else "")
    choices = setting.choices + ((NONE,) if setting.optional and setting.choices else ())
    kind = "choice" if choices else "text"
    if setting.type is bool:
        kind, choices = ("choice", ("true", "false", NONE)) if setting.optional else ("switch", ())
    return Field(
        flag=flag,
        section=option.section,
        help=f"{setting.info.help} [{expected}; {shown}]",
        default=default,
        choices=choices,
        kind=kind,
        many=setting.many,
        may_be_empty=setting.type is str and not needs_value,
    )


def _plain_field(option: click.Option) -> Field:
    choices = tuple(option.type.choices) if isinstance(option.type, click.Choice) else ()
    kind = "choice" if choices else "text"
    default = option.default if isinstance(option.default, str) else ""
    return Field(
        flag=option.opts[0],
        section=PLAIN,
        help=option.help or "",
        default="false" if option.is_flag else default,
        choices=tuple(map(str, choices)),
        kind="switch" if option.is_flag else kind,
        is_flag=option.is_flag,
        many=option.multiple,
    )


assert PLAIN not in SECTIONS
