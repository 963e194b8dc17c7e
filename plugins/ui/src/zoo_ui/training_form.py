"""The fields of a training on the page: one component, whose value is what was changed in them.

The fields depend on the model, dataset and trainer that are chosen. They are not components of
Gradio, because Gradio loses a change of a component that it replaces meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import gradio as gr
from markupsafe import Markup

from zoo_ui.train_command import PLAIN, Field

TITLES = {
    "model": "Settings of the model",
    "dataset": "Settings of the dataset",
    "trainer": "Settings of the trainer",
    PLAIN: "Seed, threads and other options of the run",
}
"""The sections of the form."""


def training_form(fields: Sequence[Field]) -> gr.HTML:
    """Builds the form. Its value has the text of each changed field by its option.

    Args:
        fields: The fields to start with; ``gr.update(fields=field_markup(...))`` brings others.
    """
    sections = "".join(
        f'<details class="zoo-section" data-section="{section}">'
        f'<summary>{title}</summary><div class="zoo-fields"></div></details>'
        for section, title in TITLES.items()
    )
    return gr.HTML(
        {},
        html_template=sections,
        js_on_load=(files("zoo_ui") / "training_form.js").read_text("utf-8"),
        apply_default_css=False,
        elem_classes="zoo-form",
        fields=field_markup(fields),
    )


def field_markup(fields: Sequence[Field]) -> dict[str, list[str]]:
    """Returns the HTML of fields by section."""
    return {
        section: [_markup(field) for field in fields if field.section == section]
        for section in TITLES
    }


def field_values(fields: Iterable[Field], changed: Mapping[str, Any] | None) -> dict[Field, str]:
    """Returns the text of every field.

    Args:
        fields: The fields.
        changed: The value of the form.
    """
    changed = changed or {}
    return {field: str(changed.get(field.flag, field.default)) for field in fields}


def _markup(field: Field) -> str:
    """Returns a field: its name, what it is, and what to enter it in."""
    name = f"zoo-field-{field.label}"
    label = Markup('<label for="{}">{}</label>').format(name, field.label)
    meaning = Markup('<p id="{}-help">{}</p>').format(name, field.help)
    if field.kind == "switch":
        return f'<div class="zoo-field"><div>{_box(field, name)}{label}</div>{meaning}</div>'
    return f'<div class="zoo-field">{label}{meaning}{_box(field, name)}</div>'


def _box(field: Field, name: str) -> Markup:
    common = Markup(
        'id="{0}" name="{1}" data-default="{2}" aria-describedby="{0}-help" autocomplete="off" '
        'spellcheck="false"'
    ).format(name, field.flag, field.default)
    if field.kind == "switch":
        checked = Markup(" checked") if field.default == "true" else ""
        return Markup('<input type="checkbox" {}{}>').format(common, checked)
    if field.kind == "choice":
        choices = field.choices if field.default in field.choices else ("", *field.choices)
        options = Markup("").join(_option(choice, field.default) for choice in choices)
        return Markup("<select {}>{}</select>").format(common, options)
    if field.many or "\n" in field.default:
        # a parser of HTML drops one line end at the beginning
        return Markup('<textarea rows="2" {}>\n{}</textarea>').format(common, field.default)
    return Markup('<input type="text" {} value="{}">').format(common, field.default)


def _option(choice: str, default: str) -> Markup:
    selected = Markup(" selected") if choice == default else ""
    return Markup('<option value="{0}"{1}>{0}</option>').format(choice, selected)
