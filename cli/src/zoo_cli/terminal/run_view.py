"""Carrying out a run for ``zoo train`` and ``zoo resume``: progress, signals, summary."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path

import click

from zoo_cli.terminal.output import print_json
from zoo_cli.terminal.progress import Progress, print_summary
from zoo_cli.terminal.signals import Patience
from zoo_core.errors import DivergedError, Interrupted, TargetError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.references import shown
from zoo_core.runtime.api import generate, predict
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, read_checkpoint
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Finished, Started, Stepped

SAMPLE = 100
"""Symbols of generated text to show at the end."""


def carry_out(run: Run, catalog: Catalog, *, patience: Patience, as_json: bool) -> None:
    """Trains to the end, shows it, and says what to do next.

    Raises:
        Interrupted: A signal came; the run has been saved.
        DivergedError: The loss is no longer a number.
    """
    finished = follow(run, patience)
    if as_json:
        print_json(_summary(finished, run))
        return
    checkpoint = read_checkpoint(catalog, run.folder)
    try:
        sample, hint = _try(checkpoint, run.dataset.example)
    except ZooError:  # some models want a longer input; the run has ended well all the same
        sample, hint = "", f"next: zoo evaluate {shown(run.folder)}"
    print_summary(finished, sample, hint)


def follow(run: Run, patience: Patience, *, kept: bool = True) -> Finished:
    """Trains to the end and shows the progress.

    Args:
        run: What to carry out.
        patience: Notes signals.
        kept: Whether the folder outlives the command.

    Raises:
        Interrupted: A signal came; the run has been saved.
        DivergedError: The loss is no longer a number.
    """
    keep_freed_memory()
    progress, finished = Progress(), None
    folder = shown(run.folder)
    events = run.events()
    try:
        for event in events:
            progress.show(event)
            if isinstance(event, Started):
                patience.begin()
            if isinstance(event, Finished):
                finished = event
            if patience.signal is not None and isinstance(event, Stepped):
                events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        if patience.signal is None:
            raise
        progress.close()
        if kept:
            with contextlib.suppress(OSError):
                click.echo(f"saved; to go on: zoo resume {folder}", err=True)
        raise Interrupted(patience.signal) from None
    except DivergedError as error:
        place = f"; the last good state is in {folder}" if kept else ""
        raise DivergedError(f"{error}{place}") from None
    except TargetError as error:
        place = f"; what was saved before stands: zoo resume {folder}" if kept else ""
        raise TargetError(f"{error}{place}") from None
    finally:
        progress.close()
    assert finished is not None, "a run that is not interrupted ends with Finished"
    return finished


def _summary(event: Finished, run: Run) -> dict[str, object]:
    run_config, manifest = run.run_config, event.manifest
    return {
        "checkpoint": str(event.folder.absolute()),
        "model": run_config.model,
        "recipe": run_config.recipe,
        "dataset": run_config.dataset,
        "trainer": run_config.trainer,
        "metrics": manifest.metrics,
        "epochs": manifest.epochs,
        "tokens": manifest.tokens,
        "tokens_per_second": event.tokens_per_second,
        "seconds": event.seconds,
        "backend": run_config.backend,
        "seed": run_config.seed,
    }


def _try(checkpoint: Checkpoint, example: str) -> tuple[str, str]:
    """What the model makes of an example, and the command that shows more."""
    folder, quoted = shown(checkpoint.folder), shlex.quote(example)
    if checkpoint.signature.next_symbol and checkpoint.model.causal:
        text = generate(checkpoint, example, length=SAMPLE, temperature=0.7)
        return f"sample: {(example + text)!r}", f"next: zoo generate {folder} --prompt {quoted}"
    answer = predict(checkpoint, example)
    return f"{example} → {answer}", f"next: zoo predict {folder} {quoted}"


def default_folder(name: str) -> Path:
    """A folder of its own for a run, by name, UTC time and four hex digits."""
    import secrets
    from datetime import UTC, datetime

    from zoo_core.storage.locations import runs_folder

    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return runs_folder() / f"{name}-{now}-{secrets.token_hex(2)}"
