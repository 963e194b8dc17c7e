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
from zoo_ui.components import MIN_WIDTH, reference_box, shown_command
from zoo_ui.markup import problem
from zoo_ui.page_context import PageContext
from zoo_ui.runs_tab import run_choices
from zoo_ui.train_command import (
    Choice,
    Field,
    check_words,
    fields_of,
    recipe_of,
    train_words,
)
from zoo_ui.training_form import field_markup, field_values, training_form

NAME = "--name"
FIRST_MODEL = "lstm-embed"
NO_MODEL = "choose a model"


def train_tab(context: PageContext, tab: gr.Tab, tabs: gr.Tabs, run: gr.Dropdown) -> None:
    """Builds the tab.

    Args:
        context: What the tabs share.
        tab: The tab.
        tabs: The tabs, of which a started training opens ``runs``.
        run: The run that is shown there.
    """
    models = [entry.spec.name for entry in context.catalog.of(ModelSpec)]
    recipes = [recipe.name for recipe in list_recipes(context.catalog, skip_broken=True)]
    first = Choice(FIRST_MODEL if FIRST_MODEL in models else "")
    with gr.Row():
        model = gr.Dropdown(
            sorted([*models, *recipes]),
            value=first.model or None,
            label="Model or recipe",
            info="A model alone means its default recipe.",
            min_width=MIN_WIDTH,
        )
        dataset = _part_box(context, DatasetSpec, "Dataset", "Of the training data.")
        trainer = _part_box(context, TrainerSpec, "Trainer", "The objective.")
    with gr.Row():
        source = reference_box(context, tab, "Start from", info="A checkpoint, or empty.")
        file = gr.Textbox(
            label="File with settings", info="FILE.toml, or empty.", min_width=MIN_WIDTH
        )
    choices = [model, dataset, trainer, source, file]
    fields = _fields(first)
    shown = gr.State(first)
    form = training_form(fields)
    text, message = _check(first, fields, {})
    command, failure = gr.HTML(text), gr.HTML(message)
    start = gr.Button("Start training", variant="primary")

    def look(shown: Choice, changed: dict[str, str] | None, *names: str | None) -> tuple[Any, ...]:
        choice = _choice(*names)
        fields = _fields(choice)
        checked = _check(choice, fields, changed)
        if choice == shown or not fields:  # an incomplete name leaves the fields that were shown
            return shown, gr.skip(), *checked
        return choice, gr.update(fields=field_markup(fields)), *checked

    def begin(changed: dict[str, str] | None, *names: str | None) -> tuple[Any, ...]:
        choice = _choice(*names)
        words = train_words(choice, field_values(_fields(choice), changed))
        message = check_words(words) if choice.model else NO_MODEL
        if message:
            return gr.skip(), problem(message), gr.skip(), gr.skip()
        try:
            name, words = _named(words)
            context.processes.start(runs_folder() / name, words)
        except (ZooError, OSError) as error:
            return gr.skip(), problem(str(error)), gr.skip(), gr.skip()
        # with the run that was shown: its tab may just be asking for it
        opened = gr.update(choices=[*run_choices(context), name], value=name)
        return shown_command(shell_command("zoo", *words)), "", opened, gr.update(selected="runs")

    gr.on(
        [form.change, *(box.change for box in choices)],
        look,
        [shown, form, *choices],
        [shown, form, command, failure],
        show_progress="hidden",
        trigger_mode="always_last",
        queue=False,
    )
    start.click(begin, [form, *choices], [command, failure, run, tabs])


def _choice(*names: str | None) -> Choice:
    return Choice(*(name or "" for name in names))


def _fields(choice: Choice) -> list[Field]:
    return fields_of(choice) if choice.model else []


def _check(choice: Choice, fields: list[Field], changed: dict[str, str] | None) -> tuple[str, str]:
    """Returns the command of a training, and what is wrong with it, as HTML."""
    if not choice.model:
        return "", problem(NO_MODEL)
    words = train_words(choice, field_values(fields, changed))
    return shown_command(shell_command("zoo", *words)), problem(check_words(words))


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


def _part_box(context: PageContext, kind: Any, label: str, info: str) -> gr.Dropdown:
    """Builds the choice of a dataset or trainer other than the recipe's."""
    names = [entry.spec.name for entry in context.catalog.of(kind)]
    choices = [("the recipe's", ""), *((name, name) for name in names)]
    return gr.Dropdown(choices, value="", label=label, info=info, min_width=MIN_WIDTH)
