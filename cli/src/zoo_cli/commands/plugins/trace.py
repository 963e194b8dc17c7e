"""``zoo plugins trace``."""

from __future__ import annotations

import contextlib
import sys

import click

from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.trace import HookCall, recording


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", metavar="[COMMAND ...]", nargs=-1, type=click.UNPROCESSED)
@json_option
@click.pass_context
def trace(ctx: click.Context, command: tuple[str, ...], as_json: bool) -> None:
    """Time every hook call and show how long each plugin takes to load.

    COMMAND is a zoo command such as list models. It runs as usual, but prints on stderr, and its
    exit code is kept. Without COMMAND, all plugins are loaded once.
    """
    code = 0
    with recording() as calls:
        if command:
            from zoo_cli.main import run

            with contextlib.redirect_stdout(sys.stderr):
                code = run(list(command))
        else:
            load_catalog()
    costs = _costs(calls)
    if as_json:
        plugins = [{"plugin": name, "seconds": cost} for name, cost in costs.items()]
        print_json({"calls": [call._asdict() for call in calls], "plugins": plugins, "exit": code})
    else:
        _print(calls, costs)
    ctx.exit(code)


def _costs(calls: list[HookCall]) -> dict[str, float]:
    """Returns the seconds of each plugin, the slowest first."""
    costs: dict[str, float] = {}
    for call in calls:
        costs[call.plugin] = costs.get(call.plugin, 0.0) + call.seconds
    return dict(sorted(costs.items(), key=lambda item: -item[1]))


def _print(calls: list[HookCall], costs: dict[str, float]) -> None:
    if calls:
        rows = [(call.plugin, call.hook, _ms(call.seconds), call.error) for call in calls]
        print_table([("plugin", "call", "ms", ""), *rows])
    echo()
    totals = [(name, _ms(cost)) for name, cost in costs.items()]
    print_table([("plugin", "total ms"), *totals, ("every plugin", _ms(sum(costs.values())))])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"
