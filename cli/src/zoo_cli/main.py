"""The command ``zoo``: a table of commands, each imported when it is used."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import click

from zoo_cli.parsing.lazy_group import AbstractLazyGroup, Row, Table
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.download_bar import show_download
from zoo_cli.terminal.output import printable
from zoo_cli.terminal.signals import stop_on_signals
from zoo_core.downloads.progress import witnessed
from zoo_core.errors import Interrupted, RefusedError, ZooError
from zoo_core.storage.capacity import memory_errors

if TYPE_CHECKING:
    from zoo_core.plugins.catalog import CatalogEntry
    from zoo_core.plugins.specs import CommandSpec

COMPLETION = "_ZOO_COMPLETE"


COMMANDS = {
    "list": Row("What the zoo holds.", "zoo_cli.commands.list:list_command"),
    "show": Row("What a model, recipe, dataset or checkpoint is.", "zoo_cli.commands.show:show"),
    "train": Row("Train a model.", "zoo_cli.commands.train:train"),
    "resume": Row("Go on with an interrupted run.", "zoo_cli.commands.resume:resume"),
    "runs": Row("Local runs: state, metrics, size.", "zoo_cli.commands.runs:runs"),
    "evaluate": Row("Metrics of a checkpoint on a split.", "zoo_cli.commands.evaluate:evaluate"),
    "predict": Row("What a model says of each input.", "zoo_cli.commands.predict:predict"),
    "generate": Row("Text, symbol by symbol.", "zoo_cli.commands.generate:generate"),
    "reproduce": Row(
        "Train recipes and compare with what was published.", "zoo_cli.commands.reproduce:reproduce"
    ),
    "pull": Row("Get a pretrained checkpoint.", "zoo_cli.commands.pull:pull"),
    "push": Row("Publish a checkpoint on the Hub.", "zoo_cli.commands.push:push"),
    "diff": Row("What differs between two checkpoints.", "zoo_cli.commands.diff:diff"),
    "verify": Row("Whether a checkpoint is what it says it is.", "zoo_cli.commands.verify:verify"),
    "registry": Row(
        "Look after the registry of checkpoints.", "zoo_cli.commands.registry:registry"
    ),
    "plugins": Row(
        "Which plugins are installed, and which are broken.",
        "zoo_cli.commands.plugins.group:plugins",
    ),
    "doctor": Row("Whether all is well here, and what mends it.", "zoo_cli.commands.doctor:doctor"),
    "completion": Row(
        "The lines that make a shell complete.", "zoo_cli.commands.completion:completion"
    ),
}


@final
class ZooGroup(AbstractLazyGroup):
    """The zoo's own commands and those that plugins bring."""

    def sections(self) -> Iterator[tuple[str, Table]]:
        """The zoo's own first, for which no plugin is loaded."""
        yield "Commands", COMMANDS
        yield "Commands of plugins", _from_plugins()


@click.group(cls=ZooGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zoo-cli", prog_name="zoo")
@registry_option
def zoo() -> None:
    """A zoo of recurrent sequence models: list, train, judge, repeat, share and extend them."""


def main() -> None:
    """Runs the command line and exits with the code that design and README list."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever called
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123  # to the very end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # of what the terminal cannot show
    code = run(sys.argv[1:])
    threads = threading.enumerate()
    if any(not each.daemon for each in threads if each is not threading.main_thread()):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)  # a plugin's thread, which may never end
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Runs one command.

    Returns:
        The exit code: 0 if all went well or whoever read stdout had enough, 2 for wrong usage,
        128 + n for signal n, else the error's own.
    """
    try:
        with stop_on_signals(), memory_errors("choose smaller sizes"):
            code = _invoke(arguments)
            sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort) as error:
        return 128 + error.signal if isinstance(error, Interrupted) else 130
    except ZooError as error:
        _say(error, str(error))
        return error.exit_code
    except Exception as error:  # an error of the zoo itself, which shall still be one line
        _say(error, f"{type(error).__name__}: {error} (ZOO_DEBUG=1 shows where)")
        return 1
    return code


def _invoke(arguments: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION):
        from click.shell_completion import shell_complete

        return shell_complete(zoo, {}, "zoo", COMPLETION, instruction)
    try:
        with witnessed(show_download), zoo.make_context("zoo", arguments) as context:
            zoo.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except PermissionError as error:  # what is in a folder that is shut cannot even be asked
        said = "permission denied; choose another place, or have it opened to you"
        raise RefusedError(f"{error.filename or error}: {said}") from error
    return 0


def _say(error: BaseException, message: str) -> None:
    if os.environ.get("ZOO_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    click.echo(f"Error: {printable(' '.join(message.split()))}", err=True)


def _from_plugins() -> dict[str, Row]:
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.plugins.specs import CommandSpec

    catalog = load_catalog()
    names = {entry.spec.name for entry in catalog.of(CommandSpec)} - COMMANDS.keys()
    return {name: _row(catalog.named(CommandSpec, name)) for name in sorted(names)}


def _row(entries: list[CatalogEntry[CommandSpec]]) -> Row:
    """A plugin's command; one that two plugins claim is refused when it is used."""
    spec = entries[0].spec
    if len(entries) == 1:
        return Row(spec.summary, spec.target)
    owners = " and ".join(entry.plugin.name for entry in entries)
    return Row(f"Offered twice, by {owners}.", spec.target, owners)
