"""The tab that follows a run: curves and samples while it trains, stopping and resuming it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from zoo_cli.terminal.output import format_metrics
from zoo_core.data.splits import main_split
from zoo_core.errors import NotFoundError, ZooError
from zoo_core.escaping import shell_command
from zoo_core.run_folder.local_runs import find_run, run_names
from zoo_core.run_folder.run_log import StepReader, read_epochs
from zoo_core.storage.capacity import format_bytes
from zoo_core.storage.locations import runs_folder
from zoo_ui.components import shown_command
from zoo_ui.live import Curve, epoch_curve, metric_names, samples_text, stamp, step_curve
from zoo_ui.markup import facts, problem, status, text_block
from zoo_ui.page_context import PageContext

INTERVAL = 1.0
"""Seconds between two looks at the folder of the run."""
KEPT_LOGS = 8
"""Runs, the last looked at, whose steps stay in memory: a look parses only the new ones."""
CHART_HEIGHT = 260
"""Pixels."""
LOSS = "loss"
UNENDED = ("interrupted", "unfinished")
"""States of a run that resume."""


def run_box() -> gr.Dropdown:
    """The choice of the run, to be rendered in the tab."""
    return gr.Dropdown(
        run_names(),
        value=None,
        label="Run",
        info="The runs that zoo runs lists.",
        render=False,
    )


def run_choices(context: PageContext) -> list[str]:
    """Returns the names of the runs, and of those started here that failed without a folder."""
    names = run_names()
    failed = [folder.name for folder in context.processes.failed()]
    return [*names, *(name for name in failed if name not in names)]


def runs_tab(context: PageContext, run: gr.Dropdown) -> None:
    """Builds the tab.

    Args:
        context: What the tabs share.
        run: The choice of the run.
    """
    run.render()
    state = gr.HTML(status("choose a run"))
    with gr.Row():
        stop = gr.Button("Stop", interactive=False)
        resume = gr.Button("Resume", interactive=False)
    failure = gr.HTML()
    figures = gr.HTML()
    with gr.Row():
        with gr.Column():
            steps = _chart(None, x="step", y=LOSS, title="Training loss (nats)")
        with gr.Column():
            epochs = _chart(None, x="epoch", y=LOSS, color="split", title=LOSS)
    metric = gr.Dropdown([LOSS], value=LOSS, label="Metric over the epochs")
    samples, messages = gr.HTML(), gr.HTML()
    command = gr.HTML(shown_command("zoo runs"))
    seen = gr.State(None)
    step_reader = lru_cache(maxsize=KEPT_LOGS)(StepReader)
    charts = [steps, epochs, metric]
    texts = [samples, messages, command]
    shown = [state, stop, resume, figures, *charts, *texts, run, seen]

    def look(name: str | None, metric: str, seen: object) -> tuple[Any, ...]:
        names = run_choices(context)
        folder = runs_folder() / (name or "")
        is_running = bool(name) and context.processes.is_running(folder)
        printed = context.processes.messages(folder)
        now = (name, metric, is_running, stamp(folder), printed, names)
        if now == seen:
            return (gr.skip(),) * len(shown)
        if not name:
            return (*[gr.skip()] * (len(shown) - 2), gr.update(choices=names), now)
        rows = read_epochs(folder)
        known = metric_names(rows) or [LOSS]
        metric = metric if metric in known else known[0]
        of_steps, of_epochs = step_curve(step_reader(folder).read()), epoch_curve(rows, metric)
        state_of_run = _state(context, name, is_running)
        title = metric.replace("_", " ")
        return (
            status(_describe(context, folder, state_of_run)),
            gr.update(interactive=is_running),
            gr.update(interactive=state_of_run in UNENDED),
            facts(_figures(name, of_steps, of_epochs)),
            _chart(of_steps, x="step", y=LOSS, title="Training loss (nats)"),
            _chart(of_epochs, x="epoch", y=metric, color="split", title=title),
            gr.update(choices=known, value=metric),
            text_block("Generated after the epochs, the last first", samples_text(folder)),
            text_block("What the command printed", printed),
            shown_command(_command(context, folder, state_of_run)),
            gr.update(choices=names if name in names else [name, *names]),
            now,
        )

    def act(action: Callable[[Path], object]) -> Callable[[str | None], str]:
        def handle(name: str | None) -> str:
            if not name:
                return problem("choose a run")
            try:
                action(runs_folder() / name)
            except (ZooError, OSError) as error:
                return problem(str(error))
            return ""

        return handle

    def resume_run(folder: Path) -> None:
        context.processes.start(folder, ["resume", folder.name])

    inputs = [run, metric, seen]
    gr.Timer(INTERVAL).tick(look, inputs, shown, show_progress="hidden")
    gr.on([run.change, metric.input], look, inputs, shown, show_progress="hidden")
    stop.click(act(context.processes.stop), run, failure)
    resume.click(act(resume_run), run, failure)


def _chart(curve: Curve | None, *, x: str, y: str, title: str, color: str | None = None) -> Any:
    """Returns a chart; without a frame of values where there are none, which it cannot draw."""
    has_points = curve is not None and bool(curve.last)
    return gr.LinePlot(
        pd.DataFrame(curve.columns) if curve and has_points else None,
        x=x,
        y=y,
        color=color,
        title=title,
        height=CHART_HEIGHT,
        show_label=False,
    )


def _command(context: PageContext, folder: Path, state: str) -> str:
    """Returns the command that does what one of the buttons does, or shows the run or all runs."""
    if state == "running":
        with contextlib.suppress(ZooError):
            return shell_command("kill", "-INT", str(context.processes.holder(folder)))
    if not folder.exists():  # it failed early, or was removed
        return shell_command("zoo", "runs")
    return shell_command("zoo", "resume" if state in UNENDED else "show", folder.name)


def _state(context: PageContext, name: str, is_running: bool) -> str:
    if is_running:
        return "running"
    if context.processes.failure(runs_folder() / name):
        return "failed"
    try:
        return find_run(name).state
    except NotFoundError:
        return "missing"


def _describe(context: PageContext, folder: Path, state: str) -> str:
    name = folder.name
    if state == "failed":
        return f"{name} failed: {context.processes.failure(folder)}"
    remedy = ": Resume continues it" if state in UNENDED else ""
    return f"{name} is {state}{remedy}"


def _figures(name: str, of_steps: Curve, of_epochs: Curve) -> dict[str, str]:
    """Returns how far a run is, and what it is if its folder can be read."""
    figures = {"last step": of_steps.last, "last epoch": of_epochs.last}
    try:
        run = find_run(name)
    except NotFoundError:
        run = None
    if run is not None and run.run_config:
        config = run.run_config
        figures |= {
            "model": config.recipe or config.model,
            "dataset": config.dataset,
            "trainer": config.trainer,
            "seed": str(config.seed),
            "epochs": str(config.configs["trainer"].get("epochs", "")),
            "on disk": format_bytes(run.size),
            "folder": str(run.path),
        }
        if split := main_split(run.metrics):
            figures[f"best, {split}"] = format_metrics(run.metrics[split])
    return {key: value for key, value in figures.items() if value}
