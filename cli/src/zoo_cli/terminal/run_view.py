"""Running a training for ``zoo train``, ``zoo resume`` and ``zoo reproduce``."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from zoo_cli.terminal.output import MAX_CELLS, cell_width, echo, print_json, shorten
from zoo_cli.terminal.progress import Progress, print_summary
from zoo_cli.terminal.signals import GracefulInterrupt
from zoo_core.errors import DivergedError, Interrupted, TargetError, ZooError
from zoo_core.escaping import quoted, shell_word
from zoo_core.plugins.catalog import Catalog
from zoo_core.references import shown
from zoo_core.run_folder.local_runs import shown_run
from zoo_core.runtime.api import generate, predict
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, read_checkpoint
from zoo_core.runtime.checkpoints.resume_states import has_state
from zoo_core.runtime.datasets.dataset import answers_in_steps
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Evaluated, Finished, Started, Stepped

SAMPLE_LENGTH = 100
"""Symbols of generated text to show at the end."""
MAX_EXAMPLE = 38
"""Columns of an example and of its answer, which share a line."""


def train_and_report(
    run: Run, catalog: Catalog, *, interrupt: GracefulInterrupt, as_json: bool
) -> None:
    """Trains to the end and prints the result.

    Raises:
        Interrupted: A signal came; the run has been saved.
        DivergedError: The loss is not finite.
    """
    finished = train_with_progress(run, interrupt)
    if not run.processes.is_first:
        return
    if as_json:
        print_json(_result(finished, run))
        return
    checkpoint = read_checkpoint(catalog, run.folder)
    try:
        sample, hint = _try_model(checkpoint, run.dataset.example)
    except (ZooError, RuntimeError, MemoryError):  # the run has ended well all the same
        sample, hint = "", f"next: zoo evaluate {shown_run(run.folder)}"
    print_summary(finished, sample, hint)


def train_with_progress(
    run: Run, interrupt: GracefulInterrupt, *, keeps_folder: bool = True
) -> Finished:
    """Trains to the end and shows the progress.

    Args:
        run: The run to carry out.
        interrupt: Records a signal, after which the run is saved and left.
        keeps_folder: Whether the folder outlives the command, so that messages may name it.

    Raises:
        Interrupted: A signal came; the run has been saved.
        DivergedError: The loss is not finite.
    """
    keep_freed_memory()
    progress, finished = Progress(), None
    run.wants_stop = _stop_request(interrupt)
    events = run.events()
    try:
        for event in events:
            progress.show(event)
            if isinstance(event, Started):
                interrupt.enable()
            if isinstance(event, Finished):
                finished = event
            if isinstance(event, (Stepped, Evaluated)):
                # several processes stop after the same step, whichever of them got the signal
                number = run.stop if run.processes.size > 1 else interrupt.signal
                if number:
                    interrupt.signal = number
                    # thrown into the generator between two batches, so that it saves a whole step
                    events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        if interrupt.signal is None:
            raise
        progress.close()
        if keeps_folder:
            with contextlib.suppress(OSError):
                echo(f"saved; to continue: zoo resume {shown_run(run.folder)}", err=True)
        raise Interrupted(interrupt.signal) from None
    except DivergedError as error:
        remedy = f"; the last good state is in {shown(run.folder)}" if keeps_folder else ""
        raise DivergedError(f"{error}{remedy}") from None
    except TargetError as error:
        remedy = "; nothing of the run was saved" if keeps_folder else ""
        if keeps_folder and has_state(run.folder):
            remedy = f"; the last saved state is intact: zoo resume {shown_run(run.folder)}"
        raise TargetError(f"{error}{remedy}") from None
    finally:
        progress.close()
    assert finished is not None, "a run that is not interrupted ends with Finished"
    return finished


def _stop_request(interrupt: GracefulInterrupt) -> Callable[[], int]:
    """Returns what tells the signal that came, or SIGTERM if the parent process has ended."""
    parent = os.getppid()

    def number() -> int:
        return interrupt.signal or (signal.SIGTERM if os.getppid() != parent else 0)

    return number


def _result(event: Finished, run: Run) -> dict[str, object]:
    run_config, manifest = run.run_config, event.manifest
    return {
        "checkpoint": str(event.folder.absolute()),
        "model": run_config.model,
        "recipe": run_config.recipe,
        "dataset": run_config.dataset,
        "trainer": run_config.trainer,
        "metrics": manifest.metrics,
        "epochs": _whole(event.epochs),
        "tokens": manifest.tokens,
        "tokens_per_second": event.tokens_per_second,
        "seconds": event.seconds,
        "backend": run_config.backend,
        "seed": run_config.seed,
    }


def _whole(epochs: float) -> float:
    """Returns a whole number as an integer."""
    return int(epochs) if epochs == int(epochs) else round(epochs, 4)


def _try_model(checkpoint: Checkpoint, example: str) -> tuple[str, str]:
    """Returns the model's answer to an example, and a command that shows more."""
    generates = checkpoint.signature.predicts_next_symbol and checkpoint.model.causal
    if generates and not answers_in_steps(checkpoint.dataset):
        text = generate(checkpoint, example, length=SAMPLE_LENGTH, temperature=0.7)
        answer = f"sample: {shorten(quoted(example + text), MAX_CELLS - len('sample: '))}"
        arguments = f"--prompt {shell_word(example)}"
        command = "generate"
    else:
        prediction = predict(checkpoint, example)
        answer = f"{shorten(example, MAX_EXAMPLE)} → {shorten(prediction, MAX_EXAMPLE)}"
        # what starts with a hyphen would be an option
        arguments = f"-- {shell_word(example)}" if example.startswith("-") else shell_word(example)
        command = "predict"
    if cell_width(arguments) > MAX_CELLS or arguments == "-- -":  # - alone stands for stdin
        command, arguments = "evaluate", ""
    return answer, f"next: zoo {command} {shown_run(checkpoint.folder)} {arguments}".rstrip()
