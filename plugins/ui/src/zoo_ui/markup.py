"""Escaped HTML: tables and lists of what comes from plugins, runs and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from zoo_core.escaping import printable

COPY = (
    "navigator.clipboard.writeText(this.closest('.zoo-text').querySelector('pre').textContent);"
    "this.textContent = 'Copied'; setTimeout(() => { this.textContent = 'Copy' }, 2000)"
)
"""The script of a button that copies the text below it."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    """Returns a table, which scrolls sideways where it is wider than the window.

    Args:
        header: The titles of the columns.
        rows: The cells; the first cell of a row names it.
        caption: What the table shows, for screen readers.
    """
    head = _join('<th scope="col">{}</th>', header)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            printable(row[0]), _join("<td>{}</td>", row[1:])
        )
        for row in rows
    )
    return str(
        Markup(
            '<div class="zoo-table" tabindex="0" role="region" aria-label="{0}"><table>'
            '<caption class="zoo-hidden">{0}</caption><thead><tr>{1}</tr></thead>'
            "<tbody>{2}</tbody></table></div>"
        ).format(printable(caption), head, body)
    )


def facts(values: Mapping[str, str]) -> str:
    """Returns names and values as a list."""
    items = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(printable(name), printable(value))
        for name, value in values.items()
    )
    return str(Markup('<dl class="zoo-facts">{}</dl>').format(items))


def lines(texts: Iterable[str]) -> str:
    """Returns lines as a list."""
    return str(Markup('<ul class="zoo-lines">{}</ul>').format(_join("<li>{}</li>", texts)))


def problem(text: str) -> str:
    """Returns an error, which a screen reader reads at once; empty for an empty text."""
    if not text:
        return ""
    return str(Markup('<p class="zoo-problem" role="alert">{}</p>').format(printable(text)))


def status(text: str) -> str:
    """Returns a line about what happens, which a screen reader reads when it changes."""
    return str(Markup('<p class="zoo-status" role="status">{}</p>').format(printable(text)))


def text_block(label: str, text: str) -> str:
    """Returns a text that can be reached by keyboard and copied; empty for an empty text.

    Args:
        label: What it is.
        text: The text; line ends and blanks are kept.
    """
    if not text:
        return ""
    return str(
        Markup(
            '<div class="zoo-text"><div><span>{0}</span><button type="button" '
            'aria-label="Copy: {0}" onclick="{2}">Copy</button></div>'
            '<pre tabindex="0" role="region" aria-label="{0}">{1}</pre></div>'
        ).format(label, printable(text), COPY)
    )


def frame(address: str, title: str) -> str:
    """Returns another page of this server, inside this one, with a link to open it alone."""
    return str(
        Markup(
            '<p class="zoo-link"><a href="{0}" target="_blank" rel="noopener">'
            "Open “{1}” in a tab of its own</a></p>"
            '<iframe class="zoo-frame" src="{0}" title="{1}" sandbox="allow-scripts"></iframe>'
        ).format(address, printable(title))
    )


def _join(template: str, texts: Iterable[str]) -> Markup:
    return Markup("").join(Markup(template).format(printable(text)) for text in texts)
