"""The option ``--registry``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

import click

from zoo_cli.parsing.given_text import EMPTY
from zoo_core.errors import ConfigError

REGISTRY = "ZOO_REGISTRY"


@contextmanager
def use_registry(path: str | None) -> Iterator[None]:
    """Sets ``ZOO_REGISTRY`` inside the context; without a path, nothing changes."""
    if not path:
        yield
        return
    previous = os.environ.get(REGISTRY)
    os.environ[REGISTRY] = path
    try:
        yield
    finally:
        if previous is None:
            del os.environ[REGISTRY]
        else:
            os.environ[REGISTRY] = previous


@final
class _RegistryOption(click.Option):
    """Sets the registry for a command, and checks it: many commands never look into it.

    Of the file that ``ZOO_REGISTRY`` names, only its existence is checked: the variable outlives
    the command, and a mistake in the file is no reason to refuse what does not need it.
    """

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Sets the registry until the context ends.

        Help and version are shown whatever the registry is.

        Raises:
            ConfigError: The file cannot be read or is not well-formed; or it is not given, and
                ``ZOO_REGISTRY`` names none that exists.
        """
        value, args = super().handle_parse_result(ctx, opts, args)
        path = value if isinstance(value, str) else None  # where the option is not given
        ctx.with_resource(use_registry(path))
        if ctx.resilient_parsing or _asks_for_a_text(ctx, opts):
            return value, args
        if path:
            from zoo_core.registry.file import read_registry
            from zoo_core.registry.sources import registry_path

            read_registry(registry_path())
        elif ctx.parent and os.environ.get(REGISTRY):  # the command itself may name another one
            _check_variable()
        return value, args


def _check_variable() -> None:
    """Raises ConfigError if ``ZOO_REGISTRY`` names no file."""
    from zoo_core.registry.file import read_registry
    from zoo_core.registry.sources import registry_path

    path = registry_path()
    if path.exists() and not path.is_dir():
        return
    try:
        read_registry(path)
    except ConfigError as error:
        raise ConfigError(f"{REGISTRY}: {error}") from None


@final
class _RegistryPath(click.Path):
    """The path of a registry, which is not empty: an unset variable is not the default one."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path; raises click's usage error if it is empty."""
        if not value:
            self.fail(EMPTY, param, ctx)
        return super().convert(value, param, ctx)


def _asks_for_a_text(ctx: click.Context, opts: Mapping[str, Any]) -> bool:
    """Whether ``--help`` or ``--version`` is given, which print a text and end the command."""
    flags = (
        param.name
        for param in ctx.command.get_params(ctx)
        if isinstance(param, click.Option) and param.is_eager and param.is_flag
    )
    return any(opts.get(name) is True for name in flags if name)


registry_option = click.option(
    "--registry",
    cls=_RegistryOption,
    metavar="FILE",
    type=_RegistryPath(),
    expose_value=False,
    is_eager=True,
    help="Registry file to read instead of the default one.",
)
