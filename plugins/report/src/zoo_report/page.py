"""A page: one HTML file that holds all it needs and asks no network.

Everything from outside is escaped, twice over: the templates escape what they print, and the page
has a policy by which a browser runs the page's own scripts alone, known by their hashes, and loads
nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zoo_core.escaping import printable

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; script-src"
)
"""The content security policy of a page, but for the hashes of its scripts."""


def render(template: str, *, scripts: Sequence[str], data: object, **values: object) -> str:
    """Returns a page.

    Args:
        template: The name of the template.
        scripts: The scripts that the page runs, in this order.
        data: What the scripts read, as the JSON of the element ``data``.
        values: What the template prints. Texts are escaped.
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    page = _environment().get_template(template)
    return page.render(
        policy=f"{POLICY} {hashes}",
        style=Markup(asset("page.css")),
        scripts=[Markup(script) for script in scripts],
        data=_json(data),
        **values,
    )


def asset(name: str) -> str:
    """Returns the text of a file of this package that pages hold."""
    return (files("zoo_report") / "assets" / name).read_text("utf-8")


@functools.cache
def chart_library() -> str:
    """Returns the script of Vega, Vega-Lite and Vega-Embed, which takes seconds to put together."""
    import vl_convert

    library = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # An element of a page ends at the first "</script", wherever it stands.
    return f"(() => {{{library}}})();".replace("</script", r"<\/script")


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("zoo_report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: Any) -> Any:
    """Escapes characters that would steer the reader's eye or a terminal, such as U+202E."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(value: object) -> Markup:
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", r"\u003c"))
