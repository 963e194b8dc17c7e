"""Options generated from the configs of the model, dataset and trainer on the command line.

Which options exist depends on the names that the command line holds, so it is parsed twice: first
for the names alone, then with the options of the named parts. Every dotted option takes exactly
one value, booleans included; otherwise the first pass could not tell a value from a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any, TypeAlias, final

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from zoo_cli.parsing.registry_option import use_registry
from zoo_cli.parsing.typed_words import remember_words
from zoo_core.configs.settings import Setting, as_typed, with_unit
from zoo_core.errors import ConfigError, ZooError
from zoo_core.escaping import shell_command

GENERATED = "zoo_cli.generated"
FIRST_PASS = "zoo_cli.first_pass"
"""The values of the plain options and arguments, as the first pass finds them."""
Sections: TypeAlias = Mapping[str, list[Setting]]
FindSettings: TypeAlias = Callable[[click.Context, Mapping[str, str]], Sections]


@final
class SettingType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on only
    """Parses the value of a setting by the config's own rules.

    A flag is therefore checked, and rejected, exactly as a value in a file is.

    Args:
        setting: The setting.
        as_text: Whether the text stays as it is, for a command that parses it itself.
    """

    def __init__(self, setting: Setting, *, as_text: bool = False) -> None:
        self.setting, self.name = setting, setting.expected()
        self.as_text = as_text

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Returns the value; raises a ConfigError, not click's own error, if it is invalid."""
        return str(value) if self.as_text else self.setting.parse(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Completes the choices of the setting, or files if it is a path."""
        if self.setting.type is Path:
            return [CompletionItem(incomplete, type="file")]
        choices = ("true", "false") if self.setting.type is bool else self.setting.choices
        return [CompletionItem(choice) for choice in choices if choice.startswith(incomplete)]


@final
class SettingOption(click.Option):
    """The option ``--section.key VALUE`` of a setting.

    Args:
        section: The section.
        setting: The setting.
        takes_texts: Whether it may be typed several times, and gives its texts as they are.
    """

    def __init__(self, section: str, setting: Setting, *, takes_texts: bool = False) -> None:
        flag = f"--{section}.{setting.key.replace('_', '-')}"
        value_type = SettingType(setting._replace(label=flag, many=False), as_text=takes_texts)
        super().__init__(
            [f"{section}__{setting.key}", flag],
            type=value_type,
            help=setting.info.help,
            multiple=takes_texts or setting.many,
        )
        self.section, self.setting = section, setting

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Returns the flag, and its help text with expected values, default and unit."""
        info, default = self.setting.info, as_typed(self.setting.default)
        default_text = "must be given"
        if self.setting.default is not MISSING:
            default_text = f"default {with_unit(default, info.unit)}"
        expected = self.setting.expected()
        return f"{self.opts[0]} VALUE", f"{info.help} [{expected}; {default_text}]"


@final
class SettingsCommand(click.Command):
    """A command with generated options.

    The callback gets their values as ``settings``, a dict by section and key of the options that
    were typed.

    Args:
        find_settings: Returns the settings of each section, given the context and the values of
            the plain options and arguments.
        named: What to name before ``--help`` to see the settings, such as "a model".
        takes_texts: Whether a setting may be typed several times, and ``settings`` holds a tuple of
            its texts as they were typed.
    """

    def __init__(
        self,
        *args: Any,
        find_settings: FindSettings,
        named: str,
        takes_texts: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.find_settings, self.named, self.takes_texts = find_settings, named, takes_texts

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the command line twice.

        Raises:
            ConfigError: A setting must be given and is not.
        """
        remember_words(ctx, args)
        plain_args = without_setting_options(args)
        parser = super().make_parser(ctx)
        # A mistyped option is an error of the second pass, which knows all options to suggest.
        parser.ignore_unknown_options = True
        values, _, _ = parser.parse_args(list(plain_args))  # which empties the list
        names = {name: value for name, value in values.items() if isinstance(value, str)}
        ctx.meta[FIRST_PASS] = {
            name: value for name, value in values.items() if isinstance(value, str | tuple)
        }
        try:
            # the option's own callback runs only in the second pass
            with use_registry(names.get("registry")):
                sections = self.find_settings(ctx, names)
        except ZooError:
            if not ctx.resilient_parsing:
                super().parse_args(ctx, plain_args)  # an error of the command line comes first
                raise
            sections = {}
        ctx.meta[GENERATED] = [
            SettingOption(section, setting, takes_texts=self.takes_texts)
            for section, settings in sections.items()
            for setting in settings
        ]
        rest = super().parse_args(ctx, list(args) if sections else plain_args)
        values_by_section: dict[str, dict[str, object]] = {section: {} for section in sections}
        for option in self._generated(ctx):
            assert option.name is not None
            value = ctx.params.pop(option.name, None)
            if ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
                values_by_section[option.section][option.setting.key] = value
            elif option.setting.default is MISSING and not ctx.resilient_parsing:
                raise _missing(ctx, args, option)
        ctx.params["settings"] = values_by_section
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Returns the declared parameters and the generated ones."""
        return [*super().get_params(ctx), *self._generated(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the declared options, then the settings by section."""
        generated = self._generated(ctx)
        declared = [
            param
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and param not in generated
        ]
        _write_section(formatter, "Options", ctx, declared)
        for section in dict.fromkeys(option.section for option in generated):
            options = [option for option in generated if option.section == section]
            _write_section(formatter, f"{section.capitalize()} settings", ctx, options)
        if not generated:
            formatter.write_paragraph()
            formatter.write_text(f"Name {self.named} before --help to see its settings.")

    def _generated(self, ctx: click.Context) -> list[SettingOption]:
        options: list[SettingOption] = ctx.meta.get(GENERATED, [])
        return options


def _missing(ctx: click.Context, args: list[str], option: SettingOption) -> ConfigError:
    """Returns an error that names a required option, with the command that has it."""
    flag, meaning = option.opts[0], option.setting.info.help.rstrip(".")
    if meaning[1:2].islower():
        meaning = meaning[0].lower() + meaning[1:]
    value = "PATH" if option.setting.type is Path else "VALUE"
    end = args.index("--") if "--" in args else len(args)
    words = [*args[:end], flag, value, *args[end:]]
    command = shell_command(*ctx.command_path.split(), *words)
    return ConfigError(f"{flag} is missing ({meaning}): {command}")


def without_setting_options(args: list[str]) -> list[str]:
    """Returns the arguments without ``--section.key VALUE`` pairs."""
    return list(_drop_setting_options(iter(args)))


def _drop_setting_options(args: Iterator[str]) -> Iterator[str]:
    for arg in args:
        if arg == "--":
            yield arg
            yield from args
        flag, equals, _ = arg.partition("=")
        if not (flag.startswith("--") and "." in flag):
            yield arg
        elif not equals:
            next(args, None)  # the option's value


def _write_section(
    formatter: click.HelpFormatter, title: str, ctx: click.Context, params: Any
) -> None:
    records = [record for param in params if (record := param.get_help_record(ctx))]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)
