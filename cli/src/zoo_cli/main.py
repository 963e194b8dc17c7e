"""The command ``zoo``: a table of commands, each imported only when it runs."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO, final

import click

from zoo_cli.openmp import set_thread_waits
from zoo_cli.parsing.lazy_group import AbstractLazyGroup, CommandTable, LazyCommand
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, is_closed_pipe, prepare_stream, print_error
from zoo_cli.terminal.signals import StopOnSignals
from zoo_core.errors import Interrupted, RefusedError, TargetError, ZooError
from zoo_core.escaping import one_line
from zoo_core.storage.capacity import memory_errors

if TYPE_CHECKING:
    from zoo_core.plugins.catalog import CatalogEntry
    from zoo_core.plugins.specs import CommandSpec

COMPLETION = "_ZOO_COMPLETE"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a disk or stream that takes no more bytes."""
COMMANDS = {
    "list": LazyCommand(
        "List models, datasets, trainers, recipes and checkpoints.",
        "zoo_cli.commands.list:list_command",
    ),
    "show": LazyCommand(
        "Show a model, recipe, dataset, trainer or checkpoint.",
        "zoo_cli.commands.show:show",
    ),
    "train": LazyCommand("Train a model.", "zoo_cli.commands.train:train"),
    "sweep": LazyCommand(
        "Train many runs: combinations of settings and seeds.", "zoo_cli.commands.sweep:sweep"
    ),
    "resume": LazyCommand("Resume an interrupted run.", "zoo_cli.commands.resume:resume"),
    "runs": LazyCommand("List and remove local runs.", "zoo_cli.commands.runs:runs"),
    "evaluate": LazyCommand(
        "Measure the metrics of a checkpoint.", "zoo_cli.commands.evaluate:evaluate"
    ),
    "predict": LazyCommand("Predict the answer to each input.", "zoo_cli.commands.predict:predict"),
    "generate": LazyCommand("Generate text.", "zoo_cli.commands.generate:generate"),
    "compare": LazyCommand("Compare runs over their seeds.", "zoo_cli.commands.compare:compare"),
    "inspect": LazyCommand(
        "Show activations and guesses, symbol by symbol.", "zoo_cli.commands.inspect:inspect"
    ),
    "reproduce": LazyCommand(
        "Train recipes and compare the results with published ones.",
        "zoo_cli.commands.reproduce:reproduce",
    ),
    "export": LazyCommand(
        "Export a checkpoint to run outside the zoo.", "zoo_cli.commands.export:export"
    ),
    "pull": LazyCommand("Download a pretrained checkpoint.", "zoo_cli.commands.pull:pull"),
    "push": LazyCommand("Publish a checkpoint on the Hub.", "zoo_cli.commands.push:push"),
    "diff": LazyCommand("Compare two checkpoints.", "zoo_cli.commands.diff:diff"),
    "verify": LazyCommand(
        "Check the files, weights and metrics of a checkpoint.", "zoo_cli.commands.verify:verify"
    ),
    "registry": LazyCommand(
        "Manage the registry of pretrained checkpoints.", "zoo_cli.commands.registry:registry"
    ),
    "plugins": LazyCommand(
        "List, write, check and install plugins.", "zoo_cli.commands.plugins.group:plugins"
    ),
    "data": LazyCommand(
        "Check datasets, list and remove encoded texts.", "zoo_cli.commands.data.group:data"
    ),
    "doctor": LazyCommand(
        "Check the installation and suggest fixes.", "zoo_cli.commands.doctor:doctor"
    ),
    "completion": LazyCommand(
        "Print the completion script of a shell.", "zoo_cli.commands.completion:completion"
    ),
    "skill": LazyCommand(
        "Print what a coding assistant needs to use the zoo.", "zoo_cli.commands.skill:skill"
    ),
}


@final
class ZooGroup(AbstractLazyGroup):
    """The built-in commands and those of plugins."""

    def sections(self) -> Iterator[tuple[str, CommandTable]]:
        """Yields the built-in commands first, so that they run without loading any plugin."""
        yield "Commands", COMMANDS
        yield "Commands of plugins", _plugin_commands()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolves a command.

        Raises:
            PluginError: It belongs to a known plugin that is not installed.
        """
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            from zoo_core.plugins.catalog import load_catalog
            from zoo_core.plugins.commands import check_not_missing

            check_not_missing(load_catalog(), args[0])
        return super().resolve_command(ctx, args)


@click.group(cls=ZooGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zoo-cli", prog_name="zoo")
@registry_option
@click.pass_context
def zoo(ctx: click.Context) -> None:
    """Train, evaluate, reproduce and share recurrent sequence models."""
    if ctx.invoked_subcommand != "list":  # which logs and downloads nothing, and starts faster
        from zoo_cli.terminal.download_bar import show_download
        from zoo_cli.terminal.messages import show_messages
        from zoo_core.downloads.progress import report_progress

        ctx.with_resource(show_messages())
        ctx.with_resource(report_progress(show_download))


def main() -> None:
    """Runs the command line and exits with its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the calling process
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123  # until the exit
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            prepare_stream(stream)
    set_thread_waits()
    if "TORCHELASTIC_RUN_ID" in os.environ:  # a run on several processes
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # before torch is imported
    code = run(sys.argv[1:])
    if "ZOO_OUTCOMES" in os.environ:  # zoo train --nproc has started this process
        from zoo_core.runtime.distributed.launch import report_outcome

        code = report_outcome(code)
    other_threads = [t for t in threading.enumerate() if t is not threading.main_thread()]
    for stream in (sys.stdout, sys.stderr):
        if not _can_flush(stream):
            _discard(stream)  # Python would complain when it flushes the stream at its exit
    if any(not thread.daemon for thread in other_threads):
        os._exit(code)  # sys.exit would wait for a plugin's thread, which may never end
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Runs one command.

    Returns:
        The exit code: 0 on success or if the reader closed stdout, 2 for wrong usage, 128 + n
        for signal n, otherwise the error's own.
    """
    signals = StopOnSignals()
    try:
        with signals, memory_errors("choose smaller sizes"):
            code = _invoke(arguments)
            sys.stdout.flush()
    except click.ClickException as error:
        from zoo_cli.parsing.usage_errors import explain_usage

        _print_usage_error(explain_usage(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        return 128 + error.signal if isinstance(error, Interrupted) else 130
    except Exception as error:
        if is_closed_pipe(error):
            _discard(sys.stdout)
            return 0
        if signals.signal is not None:  # what it interrupted has raised an error of its own
            return 128 + signals.signal
        return _report(error)
    return code


def _report(error: Exception) -> int:
    """Prints an error in one line; returns the exit code."""
    if isinstance(error, ZooError):
        _print_error(error, str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno in FULL:
        target = error.filename or "the output"  # of click's help, for example
        _print_error(error, f"cannot write {target}: {error.strerror}")
        return TargetError.exit_code
    # a bug of our own or of a plugin; still one line
    from zoo_core.plugins.failures import describe_failure

    _print_error(error, f"{describe_failure(error)} (ZOO_DEBUG=1 shows the traceback)")
    return 1


def _invoke(arguments: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION):
        from click.shell_completion import shell_complete

        return shell_complete(zoo, {}, "zoo", COMPLETION, instruction)
    try:
        with zoo.make_context("zoo", arguments) as context:
            zoo.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except PermissionError as error:  # even exists() raises for a path inside a closed folder
        message = f"{error.filename or error}: permission denied; choose another folder"
        raise RefusedError(f"{message}, or change its permissions") from error
    return 0


def _print_error(error: BaseException, message: str) -> None:
    if os.environ.get("ZOO_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    lines = [line.strip() for line in message.split("\n")]  # blanks inside a name stay
    print_error(one_line(" ".join(filter(None, lines))))


def _print_usage_error(error: click.ClickException) -> None:
    """Prints how the command is used, and what is wrong."""
    shown = io.StringIO()
    error.show(shown)
    message = error.format_message()
    echo(shown.getvalue().removesuffix(f"Error: {message}\n"), nl=False, err=True)
    print_error(message)


def _can_flush(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _discard(stream: TextIO) -> None:
    """Lets the rest of a stream's output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _plugin_commands() -> dict[str, LazyCommand]:
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.plugins.specs import CommandSpec

    catalog = load_catalog()
    names = {entry.spec.name for entry in catalog.of(CommandSpec)} - COMMANDS.keys()
    return {name: _lazy_command(catalog.named(CommandSpec, name)) for name in sorted(names)}


def _lazy_command(entries: list[CatalogEntry[CommandSpec]]) -> LazyCommand:
    """Returns a plugin's command; it is refused when it runs if two plugins claim its name."""
    spec = entries[0].spec
    if len(entries) == 1:
        return LazyCommand(spec.summary, spec.target)
    owners = " and ".join(entry.plugin.name for entry in entries)
    return LazyCommand(f"Offered twice, by {owners}.", spec.target, owners)
