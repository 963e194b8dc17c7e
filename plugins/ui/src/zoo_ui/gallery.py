"""The tab with all models, datasets, trainers, recipes, checkpoints and runs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo_cli.commands.list import KINDS, SPECS, matching_rows
from zoo_cli.terminal.checkpoint_table import COLUMNS, checkpoint_cells
from zoo_cli.terminal.output import format_metrics
from zoo_core.configs.settings import as_typed, with_unit
from zoo_core.data.splits import main_split
from zoo_core.errors import ZooError
from zoo_core.escaping import one_line, shell_command
from zoo_core.run_folder.local_runs import list_runs
from zoo_ui.components import shown_command
from zoo_ui.markup import facts, problem, status, table
from zoo_ui.page_context import PageContext

RUNS = "runs"
WILDCARDS = "*?["


def gallery_tab(context: PageContext) -> None:
    """Builds the tab."""
    kind = gr.Radio([*KINDS, RUNS], value=KINDS[0], label="Kind")
    with gr.Row():
        search = gr.Textbox(label="Search", info="A part of a name; * stands for any letters.")
        tag = gr.Dropdown(
            _tags(context), value="", label="Tag", info="Of models, datasets and trainers."
        )
    found = gr.HTML(_shown_rows(context, KINDS[0], "", ""))
    name = gr.Dropdown(
        _names(context, KINDS[0], "", ""),
        value=None,
        label="Show",
        info="Everything about one of them.",
    )
    failure = gr.HTML()
    details = gr.HTML()
    command = gr.HTML(shown_command(_list_command(KINDS[0], "", "")))

    def look_up(kind: str, search: str, tag: str | None) -> tuple[Any, ...]:
        names = _names(context, kind, search, tag or "")
        listed = shown_command(_list_command(kind, search, tag or ""))
        # without a value, as another name may be chosen meanwhile
        return _shown_rows(context, kind, search, tag or ""), gr.update(choices=names), listed

    def show(name: str | None, kind: str, search: str, tag: str | None) -> tuple[str, str, str]:
        from zoo_core.runtime.describe import describe

        if not name:
            return "", "", shown_command(_list_command(kind, search, tag or ""))
        command = shown_command(shell_command("zoo", "show", name))
        try:
            return "", shown_facts(describe(context.catalog, name)), command
        except ZooError as error:
            return problem(str(error)), "", command

    gr.on(
        [kind.change, search.change, tag.change],
        look_up,
        [kind, search, tag],
        [found, name, command],
        show_progress="hidden",
        trigger_mode="always_last",
    )
    kind.change(lambda: (None, "", ""), None, [name, failure, details], show_progress="hidden")
    name.input(show, [name, kind, search, tag], [failure, details, command])


def _tags(context: PageContext) -> list[tuple[str, str]]:
    tags = {
        tag for spec in SPECS.values() for entry in context.catalog.of(spec) for tag in _of(entry)
    }
    return [("any", ""), *((tag, tag) for tag in sorted(tags))]


def _of(entry: Any) -> tuple[str, ...]:
    tags: tuple[str, ...] = getattr(entry.spec, "tags", ())
    return tags


def _pattern(search: str) -> str:
    search = search.strip()
    if not search or any(wildcard in search for wildcard in WILDCARDS):
        return search
    return f"*{search}*"


def _list_command(kind: str, search: str, tag: str) -> str:
    if kind == RUNS:
        return shell_command("zoo", "runs")
    pattern = [_pattern(search)] if search.strip() else []
    return shell_command("zoo", "list", kind, *pattern, *(["--tag", tag] if tag else []))


def _rows(context: PageContext, kind: str, search: str, tag: str) -> list[tuple[str, str, str]]:
    """Returns name, summary and what else is known of each entry."""
    if kind == RUNS:
        runs = [run for run in list_runs() if search.strip() in run.name]
        return [(run.name, f"{run.model}, {run.state}", _metrics(run.metrics)) for run in runs]
    rows = matching_rows(context.catalog, kind, _pattern(search), tag)
    return [(row["name"], row["summary"], _notes(row)) for row in rows]


def _notes(row: dict[str, Any]) -> str:
    if metrics := row.get("metrics"):
        return format_metrics(metrics)
    if seconds := row.get("seconds"):
        return f"trains in about {seconds} seconds"
    return ", ".join(row["tags"]) or str(row["plugin"])


def _metrics(metrics: dict[str, dict[str, float]]) -> str:
    split = main_split(metrics)
    return f"{split} {format_metrics(metrics[split])}" if split else ""


def _names(context: PageContext, kind: str, search: str, tag: str) -> list[str]:
    return [name for name, _, _ in _rows(context, kind, search, tag)]


def _shown_rows(context: PageContext, kind: str, search: str, tag: str) -> str:
    rows = _rows(context, kind, search, tag)
    count = f"{len(rows)} {kind if len(rows) != 1 else kind.removesuffix('s')}"
    shown = table(("name", "summary", "notes"), rows, caption=f"The {kind}") if rows else ""
    return status(count) + shown


def shown_facts(description: dict[str, Any]) -> str:
    """Returns a description of ``zoo show`` as lists and tables.

    Args:
        description: As ``zoo show --json`` prints it.
    """
    simple: dict[str, str] = {}
    tables = []
    for name, value in description.items():
        if name == "settings":
            tables.append(_settings(value))
        elif name == "configs":
            tables.append(_configs(value))
        elif name == "checkpoints":
            tables.append(_checkpoints(value))
        elif name == "metrics":
            simple |= {split: format_metrics(values) for split, values in value.items()}
        elif value not in ("", None, [], {}):
            simple[name] = _words(value)
    return facts(simple) + "".join(tables)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if type(value) is int else one_line(str(value))


def _settings(settings: list[dict[str, Any]]) -> str:
    rows = [
        (
            setting["key"],
            with_unit(as_typed(setting["default"]), setting["unit"]),
            setting["meaning"],
            setting["wanted"],
        )
        for setting in settings
    ]
    return table(("setting", "default", "meaning", "expected"), rows, caption="Settings")


def _checkpoints(checkpoints: list[dict[str, Any]]) -> str:
    if not checkpoints:
        return ""
    rows = [list(checkpoint_cells(checkpoint).values()) for checkpoint in checkpoints]
    return table(COLUMNS, rows, caption="Pretrained checkpoints")


def _configs(configs: dict[str, dict[str, Any]]) -> str:
    rows = [
        (f"{section}.{name}", as_typed(value))
        for section, values in configs.items()
        for name, value in values.items()
    ]
    return table(("setting", "value"), rows, caption="Settings")
