"""The option ``--registry``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

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


def _use_registry_until_exit(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Sets the registry for a command, and checks it: many commands never look into it.

    Raises:
        ConfigError: The file cannot be read or is not well-formed.
    """
    ctx.with_resource(use_registry(path))
    if path and not ctx.resilient_parsing:
        from zoo_core.registry.file import read_registry
        from zoo_core.registry.sources import registry_path

        read_registry(registry_path())


registry_option = click.option(
    "--registry",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    expose_value=False,
    is_eager=True,
    callback=_use_registry_until_exit,
    help="Registry file to read instead of the default one.",
)
