"""``zoo serve``."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.output import echo, json_option, print_json

TOKEN = "ZOO_SERVE_TOKEN"


@click.command()
@click.argument(
    "references",
    metavar="CHECKPOINT ...",
    nargs=-1,
    required=True,
    shell_complete=complete_reference,
)
@click.option(
    "--host",
    metavar="HOST",
    type=GivenText(),
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. One that other machines can reach needs a token.",
)
@click.option(
    "--port",
    metavar="N",
    type=IntegerRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--token",
    metavar="TOKEN",
    type=GivenText(),
    envvar=TOKEN,
    help="Token that every request must have: Authorization: Bearer TOKEN. ZOO_SERVE_TOKEN sets "
    "it too, where other users of the machine cannot read it.",
)
@click.option(
    "--allow-host",
    "names",
    metavar="NAME",
    type=GivenText(),
    multiple=True,
    help="Further name of this server in the header Host, for a proxy in front of it; repeatable.",
)
@unknown_option
@click.option(
    "--max-tokens",
    metavar="N",
    type=IntegerRange(1, 10**9),
    default=4096,
    show_default=True,
    help="Most symbols of a text, and most rows of a forecast.",
)
@click.option(
    "--max-prompt",
    metavar="N",
    type=IntegerRange(1, 10**9),
    default=16384,
    show_default=True,
    help="Most symbols of a prompt, and of an input of /predict.",
)
@click.option(
    "--max-body",
    metavar="BYTES",
    type=IntegerRange(1, 2**31),
    default=2**20,
    show_default=True,
    help="Most bytes of the body of a request.",
)
@click.option(
    "--max-requests",
    metavar="N",
    type=IntegerRange(1, 10**6),
    default=64,
    show_default=True,
    help="Most requests at the same time; further ones are told to ask again later.",
)
@click.option(
    "--threads",
    metavar="N",
    type=IntegerRange(1, 1024),
    default=1,
    show_default=True,
    help="Threads of torch. The last bits of a result depend on their number.",
)
@registry_option
@json_option
def serve(
    references: tuple[str, ...],
    host: str,
    port: int,
    token: str | None,
    names: tuple[str, ...],
    unknown: str,
    max_tokens: int,
    max_prompt: int,
    max_body: int,
    max_requests: int,
    threads: int,
    as_json: bool,
) -> None:
    """Serve checkpoints over HTTP until Ctrl+C or SIGTERM.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints; as
    it is typed, it is the id of the model. POST /v1/completions generates text in the form of
    OpenAI, so that its clients work with the URL of this server and /v1. POST /predict answers with
    labels, values or keys, and POST /forecast continues series. The URL is printed when requests
    are accepted. After a signal, requests that were accepted are finished.
    """
    import asyncio
    import os

    from zoo_core.data.vocabulary import Unknown
    from zoo_core.errors import RefusedError
    from zoo_core.plugins.catalog import load_catalog
    from zoo_serve.guard import access_rules
    from zoo_serve.limits import Limits
    from zoo_serve.server import find_address, listen, make_server, url_of

    _check_token(token)
    if repeated := [name for name in references if references.count(name) > 1]:
        raise click.UsageError(f"{repeated[0]} is named twice")
    policy = Unknown.parse(unknown)
    family, address, is_local = find_address(host, port)
    if not is_local and not token:
        raise RefusedError(
            f"--host {host} is an address that other machines can reach: it needs a token; set "
            f"{TOKEN}, or --token"
        )
    listener = listen(family, address)
    url = url_of(host, listener)

    from zoo_core.runtime.hardware.threads import check_threads
    from zoo_core.runtime.locate import load_checkpoint
    from zoo_serve.app import Service
    from zoo_serve.computing import ComputingThread
    from zoo_serve.served_model import ServedModel

    check_threads(threads)
    limits = Limits(max_prompt, max_tokens, max_body, max_requests)
    catalog = load_catalog()
    models = {
        name: ServedModel(load_checkpoint(catalog, name), limits, policy) for name in references
    }
    computing = ComputingThread(models, threads)
    computing.start()
    service = Service(models, computing, limits, policy)

    def announce() -> None:
        computing.report_to(asyncio.get_running_loop())
        if as_json:
            print_json({"url": url, "models": list(models), "pid": os.getpid()})
        else:
            echo(url)
            echo(f"serving {', '.join(models)}; Ctrl+C stops", err=True)

    def say_stopping(in_flight: int) -> None:
        work = f"finishing {in_flight} request{'' if in_flight == 1 else 's'}"
        echo(f"{work if in_flight else 'stopping'}; repeat the signal to stop at once", err=True)

    rules = access_rules(token or "", is_local, host, names)
    server = make_server(service, rules, announce, say_stopping)
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        listener.close()
        computing.stop()


def _check_token(token: str | None) -> None:
    """Raises UsageError for a token that no header can hold."""
    if token is not None and (not token.isascii() or not token.isprintable() or " " in token):
        raise click.UsageError("the token has characters other than letters, digits and signs")
