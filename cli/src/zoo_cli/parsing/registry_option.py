"""The option ``--registry``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

import click

REGISTRY = "ZOO_REGISTRY"


@contextmanager
def use_registry(path: str | None) -> Iterator[None]:
    """Sets ``ZOO_REGISTRY`` inside the context; an empty path changes nothing."""
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
    """Sets the registry for a command, and checks it: many commands never look into it."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Sets the registry until the context ends.

        Help and version are shown whatever the registry is.

        Raises:
            ConfigError: The file cannot be read or is not well-formed.
        """
        value, args = super().handle_parse_result(ctx, opts, args)
        path = value if isinstance(value, str) else None  # where the option is not given
        ctx.with_resource(use_registry(path))
        if path and not ctx.resilient_parsing and not _asks_for_a_text(ctx, opts):
            from zoo_core.registry.file import read_registry
            from zoo_core.registry.sources import registry_path

            read_registry(registry_path())
        return value, args


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
    type=click.Path(dir_okay=False),
    expose_value=False,
    is_eager=True,
    help="Registry file to read instead of the default one.",
)
