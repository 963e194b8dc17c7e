"""Components that several tabs have: the command that does the same, the choice of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from zoo_ui.markup import text_block
from zoo_ui.page_context import PageContext

COMMAND = "The same on the command line"


def shown_command(*commands: str) -> str:
    """Returns commands as HTML, one a line."""
    return text_block(COMMAND, "\n".join(commands))


def command_box(inputs: Sequence[Any], make_commands: Callable[..., list[str]]) -> None:
    """Builds the box with the commands that do what a tab does, and keeps it up to date.

    Args:
        inputs: The components that the commands are made of.
        make_commands: Returns the commands, given the values of the components.
    """
    box = gr.HTML(shown_command(*make_commands(*(component.value for component in inputs))))
    gr.on(
        [component.change for component in inputs],
        lambda *values: shown_command(*make_commands(*values)),
        list(inputs),
        box,
        show_progress="hidden",
        trigger_mode="always_last",
        queue=False,
    )


def reference_box(context: PageContext, label: str, *, info: str = "") -> gr.Dropdown:
    """The choice of a checkpoint; a folder or a repo of the Hub may be typed."""
    box = gr.Dropdown(
        choices=context.references(),
        value=None,
        label=label,
        info=info or "A run, a pretrained checkpoint, ./FOLDER or hub:OWNER/REPO.",
        allow_custom_value=True,
    )
    # runs that were trained since the page was loaded
    box.focus(lambda: gr.update(choices=context.references()), None, box, show_progress="hidden")
    return box
