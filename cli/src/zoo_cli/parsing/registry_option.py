"""Which registry a command reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

REGISTRY = "ZOO_REGISTRY"


def _choose(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    ctx.with_resource(reading(path))


@contextmanager
def reading(path: str | None) -> Iterator[None]:
    """As if ``ZOO_REGISTRY`` named the file, meanwhile; without one nothing changes."""
    if not path:
        yield
        return
    before = os.environ.get(REGISTRY)
    os.environ[REGISTRY] = path
    try:
        yield
    finally:
        if before is None:
            del os.environ[REGISTRY]
        else:
            os.environ[REGISTRY] = before


registry_option = click.option(
    "--registry",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    expose_value=False,
    is_eager=True,
    callback=_choose,
    help="The registry to read, in the place of the zoo's own.",
)
