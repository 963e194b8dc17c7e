"""``zoo ui``."""

from __future__ import annotations

import click

from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json

MAX_PORT = 65535


@click.command()
@click.option(
    "--port",
    metavar="N",
    type=IntegerRange(0, MAX_PORT),
    help="Port of the page; 0 for any that is free.  [default: 7860 if it is free]",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    type=GivenText(),
    hidden=True,
    help="Refused unless it is loopback.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@registry_option
@json_option
def ui(port: int | None, host: str | None, opens: bool, as_json: bool) -> None:
    """Open the zoo in the browser: train, generate, inspect and compare.

    The page is served on this machine alone until Ctrl+C, and asks no network. A training that is
    started there is a run like any other: zoo runs lists it, and it goes on when the page ends.
    """
    import os

    from zoo_core.plugins.catalog import load_catalog
    from zoo_ui.instance import only_instance, write_address
    from zoo_ui.server import check_host, keep_offline, listen, serve

    if host is not None:
        check_host(host, port)
    keep_offline()
    with only_instance() as address_file, listen(port) as listener:
        address = "http://{}:{}".format(*listener.getsockname())
        from zoo_ui.page_context import LoadedCheckpoints, PageContext

        catalog = load_catalog()
        context = PageContext(catalog, LoadedCheckpoints(catalog))
        try:
            with serve(context, listener) as wait:
                write_address(address_file, address)
                if as_json:
                    print_json({"address": address, "pid": os.getpid()})
                else:
                    echo(address)
                    echo("Ctrl+C ends the page", err=True)
                if opens:
                    click.launch(address)
                wait()
        finally:
            for folder, pid in context.processes.running().items():
                echo(f"{folder.name} goes on; to stop it: kill -INT {pid}", err=True)
