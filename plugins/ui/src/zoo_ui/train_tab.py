"""The tab with the form that builds and starts a training."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo_core.errors import ZooError
from zoo_core.escaping import shell_command
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.recipes.recipe import list_recipes
from zoo_core.run_folder.local_runs import check_name_is_free, default_name
from zoo_core.storage.locations import runs_folder
from zoo_ui.components import reference_box, shown_command
from zoo_ui.markup import problem
from zoo_ui.page_context import PageContext
from zoo_ui.runs_tab import run_choices
from zoo_ui.train_command import (
    PLAIN,
    Choice,
    Field,
    check_words,
    fields_of,
    recipe_of,
    train_words,
)

NAME = "--name"
TITLES = {
    "model": "Settings of the model",
    "dataset": "Settings of the dataset",
    "trainer": "Settings of the trainer",
    PLAIN: "Seed, threads and other options of the run",
}
FIRST_MODEL = "lstm-embed"
MIN_WIDTH = 240
"""Pixels of a field."""


def train_tab(context: PageContext, tabs: gr.Tabs, run: gr.Dropdown) -> None:
    """Builds the tab.

    Args:
        context: What the tabs share.
        tabs: The tabs, of which a started training opens ``runs``.
        run: The run that is shown there.
    """
    models = [entry.spec.name for entry in context.catalog.of(ModelSpec)]
    recipes = [recipe.name for recipe in list_recipes(context.catalog, skip_broken=True)]
    with gr.Row():
        model = gr.Dropdown(
            sorted([*models, *recipes]),
            value=FIRST_MODEL if FIRST_MODEL in models else None,
            label="Model or recipe",
            info="A model alone means its default recipe.",
        )
        dataset = gr.Dropdown(
            _names(context, DatasetSpec), value="", label="Dataset", info="Of the training data."
        )
        trainer = gr.Dropdown(
            _names(context, TrainerSpec), value="", label="Trainer", info="The objective."
        )
    with gr.Row():
        source = reference_box(context, "Start from", info="A checkpoint, or empty.")
        file = gr.Textbox(label="File with settings", info="FILE.toml, or empty.")

    def form(*names: str | None) -> None:
        choice = Choice(*(name or "" for name in names))
        fields = fields_of(choice) if choice.model else []
        boxes = _boxes(fields)
        failure = gr.HTML()
        command = gr.HTML()
        start = gr.Button("Start training", variant="primary")

        def words(*values: Any) -> list[str]:
            typed = {field: _typed(value) for field, value in zip(fields, values, strict=True)}
            return train_words(choice, typed)

        def check(*values: Any) -> tuple[str, str]:
            if not choice.model:
                return "", problem("choose a model")
            typed = words(*values)
            return shown_command(shell_command("zoo", *typed)), problem(check_words(typed))

        def begin(*values: Any) -> tuple[Any, ...]:
            typed = words(*values) if choice.model else []
            message = check_words(typed) if typed else "choose a model"
            if message:
                return gr.skip(), problem(message), gr.skip(), gr.skip()
            try:
                name, typed = _named(typed)
                context.processes.start(runs_folder() / name, typed)
            except (ZooError, OSError) as error:
                return gr.skip(), problem(str(error)), gr.skip(), gr.skip()
            # with the run that was shown: its tab may just be asking for it
            opened = gr.update(choices=[*run_choices(context), name], value=name)
            shown = shown_command(shell_command("zoo", *typed))
            return shown, "", opened, gr.update(selected="runs")

        gr.on(
            [box.change for box in boxes],
            check,
            boxes,
            [command, failure],
            show_progress="hidden",
            trigger_mode="always_last",
        )
        start.click(begin, boxes, [command, failure, run, tabs])
        command.value, failure.value = check(*(box.value for box in boxes))

    gr.render(inputs=[model, dataset, trainer, source, file])(form)


def _boxes(fields: list[Field]) -> list[Any]:
    """Builds the fields, a section after the other; returns them in the order of ``fields``."""
    boxes: dict[Field, Any] = {}
    for section, title in TITLES.items():
        members = [field for field in fields if field.section == section]
        if not members:
            continue
        with gr.Accordion(title, open=False), gr.Row(elem_classes="zoo-fields"):
            boxes |= {field: _box(field) for field in members}
    return [boxes[field] for field in fields]


def _box(field: Field) -> Any:
    if field.kind == "switch":
        return gr.Checkbox(
            field.default == "true",
            label=field.label,
            info=field.help,
            interactive=True,
            min_width=MIN_WIDTH,
        )
    if field.kind == "choice":
        return gr.Dropdown(
            list(field.choices),
            value=field.default or None,
            label=field.label,
            info=field.help,
            interactive=True,
            min_width=MIN_WIDTH,
        )
    lines = 2 if field.many or "\n" in field.default else 1
    return gr.Textbox(
        field.default,
        label=field.label,
        info=field.help,
        lines=lines,
        interactive=True,
        min_width=MIN_WIDTH,
    )


def _typed(value: Any) -> str:
    """Returns the value of a box as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _named(words: list[str]) -> tuple[str, list[str]]:
    """Returns the name of a new run and its command, in which the name stands.

    Raises:
        TargetError: Another run has the name.
    """
    if NAME in words:
        name = words[words.index(NAME) + 1]
    else:
        name = default_name(recipe_of(words))
        words = [*words, NAME, name]
    check_name_is_free(name, runs_folder() / name)
    return name, words


def _names(context: PageContext, kind: Any) -> list[tuple[str, str]]:
    names = [entry.spec.name for entry in context.catalog.of(kind)]
    return [("the recipe's", ""), *((name, name) for name in names)]
