"""Options made from configs: which exist depends on the names on the same line.

The line is parsed twice: first for the names alone, then with the options these names bring. So
every dotted option takes exactly one value, a boolean's too: else the first parse could not tell
a value from a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any, TypeAlias, final

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from zoo_cli.parsing.registry_option import reading
from zoo_core.configs.settings import Setting, as_typed
from zoo_core.errors import ZooError

GENERATED = "zoo_cli.generated"
Sections: TypeAlias = Mapping[str, list[Setting]]
Prepare: TypeAlias = Callable[[click.Context, Mapping[str, str]], Sections]


@final
class SettingType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on only
    """Text to a setting's value, by the config's own rule, so that flags and files err alike."""

    def __init__(self, setting: Setting) -> None:
        self.setting, self.name = setting, setting.expected()

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """The setting's value; a ConfigError, not click's own error, if the text is none."""
        return self.setting.parse(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Its choices, or files."""
        if self.setting.type is Path:
            return [CompletionItem(incomplete, type="file")]
        choices = self.setting.choices or (("true", "false") if self.setting.type is bool else ())
        return [CompletionItem(each) for each in choices if each.startswith(incomplete)]


@final
class SettingOption(click.Option):
    """``--section.key VALUE``."""

    def __init__(self, section: str, setting: Setting) -> None:
        flag = f"--{section}.{setting.key.replace('_', '-')}"
        kind = SettingType(setting._replace(label=flag))
        super().__init__([f"{section}__{setting.key}", flag], type=kind, help=setting.info.help)
        self.section, self.setting = section, setting

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """The option with what it wants; its sentence with default and unit."""
        setting = self.setting
        default = as_typed(setting.default)
        known = "must be given" if setting.default is MISSING else f"default {default}"
        unit = f" {setting.info.unit}" if setting.info.unit and default != "none" else ""
        return f"{self.opts[0]} VALUE", f"{setting.info.help} [{setting.expected()}; {known}{unit}]"


@final
class SettingsCommand(click.Command):
    """A command with generated options.

    Args:
        prepare: From the context and the plain values of the line to the settings by section.
        about: What to name before ``--help`` to see them.
    """

    def __init__(self, *args: Any, prepare: Prepare, about: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepare, self.about = prepare, about

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses twice; dotted values end up in ``settings``, by section and key."""
        plain, _, _ = super().make_parser(ctx).parse_args(undotted(args))
        given = {name: value for name, value in plain.items() if isinstance(value, str)}
        try:
            with reading(given.get("registry")):  # whose own turn comes with the second parse
                sections = self.prepare(ctx, given)
        except ZooError:
            if not ctx.resilient_parsing:
                raise
            sections = {}
        ctx.meta[GENERATED] = [SettingOption(s, each) for s in sections for each in sections[s]]
        rest = super().parse_args(ctx, args if sections else undotted(args))
        settings: dict[str, dict[str, object]] = {section: {} for section in sections}
        for option in self._generated(ctx):
            assert option.name is not None
            value = ctx.params.pop(option.name, None)
            if ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
                settings[option.section][option.setting.key] = value
        ctx.params["settings"] = settings
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own and the generated ones."""
        return [*super().get_params(ctx), *self._generated(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its own options, then the settings by section."""
        generated = self._generated(ctx)
        every = self.get_params(ctx)
        own = [each for each in every if isinstance(each, click.Option) and each not in generated]
        _write(formatter, "Options", ctx, own)
        for section in dict.fromkeys(option.section for option in generated):
            chosen = [option for option in generated if option.section == section]
            _write(formatter, f"{section.capitalize()} settings", ctx, chosen)
        if not generated:
            formatter.write_paragraph()
            formatter.write_text(f"Name {self.about} before --help to see its settings.")

    def _generated(self, ctx: click.Context) -> list[SettingOption]:
        options: list[SettingOption] = ctx.meta.get(GENERATED, [])
        return options


def undotted(args: list[str]) -> list[str]:
    """The arguments without ``--section.key VALUE``, each of which takes one value."""
    return list(_undotted(iter(args)))


def _undotted(args: Iterator[str]) -> Iterator[str]:
    for arg in args:
        if arg == "--":
            yield arg
            yield from args
        flag, equals, _ = arg.partition("=")
        if not (flag.startswith("--") and "." in flag):
            yield arg
        elif not equals:
            next(args, None)


def _write(formatter: click.HelpFormatter, title: str, ctx: click.Context, params: Any) -> None:
    records = [record for param in params if (record := param.get_help_record(ctx))]
    if records:
        with formatter.section(title):
            formatter.write_dl(records)
