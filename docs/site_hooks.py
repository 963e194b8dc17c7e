"""What the site adds to mkdocs: pages of linked files outside ``docs/``, and equations as MathML.

It also gives every page a description, which search engines show, and says which pages are Chinese.

The pages are written for GitHub and the site alike. A link to a file outside ``docs/``, such as
``../plugins/gates/README.md``, leads on the site to a page of that file below ``source/``: Markdown
is rendered, anything else is shown as code. The README is the site's first page.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

ROOT = Path(__file__).parents[1]
FIRST = "README.md"
"""The file of the repository that is the first page of the site."""
LANGUAGES = {".py": "python", ".toml": "toml", ".sh": "bash", ".h": "cpp", ".cpp": "cpp"}
LINK = re.compile(r"(?<=\]\()(?!\w+:)([^)#\s]+)")
PAGE_NAME = re.compile(r"`(docs/[\w/-]+\.md)`")
FENCE = re.compile(r"^(?:```|~~~)")
FILE_BLOCK = re.compile(r"^(```\w+) (\S*[./]\S*)$", re.M)
"""The first line of a block of code that names its file, which only the site shows."""
PRIME = "&#x02032;"
COMMENT = re.compile(r"^<!--.*?-->\n", re.M | re.S)
PARAGRAPH = re.compile(r"^# .*\n+((?!```)(?:[^\W_]|[`*\[])[^$\n]*(?:\n[^$\n]+)*)$", re.M)
"""The first paragraph below a title, if nothing else stands before it and it has no equation."""
SESSION = re.compile(r'(<pre><span></span><code)>(<span class="gp">\$.*?)(?=</code></pre>)', re.S)
TAG = re.compile(r"<[^>]*>")
PLOT_LINES = frozenset("│└")
"""What the rows of a plot have, which are as wide as its axis."""
CELL = re.compile(r"<t[dh][ >].*?</t[dh]>", re.S)
LONG_CODE = re.compile(r"(?<=<code>)[^<]{40,}")
EQUATION = re.compile(r'<(span|div) class="arithmatex">\\([(\[])\s*(.*?)\s*\\[)\]]</\1>', re.S)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Gives headings the anchors that GitHub gives them, and converts blocks of ``math``."""
    extensions = config.mdx_configs
    extensions.setdefault("toc", {})["slugify"] = slugify(case="lower")
    fences = extensions.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "math", "class": "equation", "format": _fence})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page for every file outside ``docs/`` that a page links to, directly or not."""
    pages = [file for file in files if file.is_documentation_page()]
    waiting = [FIRST, *(_repository_path(file.src_uri) for file in pages)]
    known: set[str] = set(waiting)
    while waiting:
        path = waiting.pop()
        text = (ROOT / path).read_text("utf-8")
        is_markdown = path.endswith(".md")
        if _is_outside(path):
            content = text if is_markdown else _code_page(path, text)
            files.append(File.generated(config, _site_path(path), content=content))
        for target in _targets(text, path) if is_markdown else ():
            if _is_outside(target) and target not in known and (ROOT / target).is_file():
                known.add(target)
                waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Page, **arguments: Any) -> str:
    """Leads links to files outside ``docs/`` to their pages, and shows the names of files.

    The README of a package names pages by their path, because a package index shows it too; here
    the name becomes a link. Comments, which have the code that generates parts of a page, are left
    out. The first paragraph describes the page.
    """
    path = _repository_path(page.file.src_uri)
    folder = posixpath.dirname(page.file.src_uri)

    def lead(match: re.Match[str]) -> str:
        target = _resolve(match[1], path)
        if not (_is_outside(target) or _is_outside(path)) or not (ROOT / target).is_file():
            return match[1]
        return posixpath.relpath(_site_path(target), folder or ".")

    def link_page(match: re.Match[str]) -> str:
        if not _is_outside(path) or not (ROOT / match[1]).is_file():
            return match[0]
        return f"[{match[0]}]({posixpath.relpath(_site_path(match[1]), folder or '.')})"

    text = COMMENT.sub("", markdown)
    if paragraph := PARAGRAPH.search(text):
        page.meta.setdefault("description", _plain(paragraph[1]))
    rows = [
        PAGE_NAME.sub(link_page, LINK.sub(lead, row)) if is_text else row
        for row, is_text in _rows(text)
    ]
    return FILE_BLOCK.sub(r'\1 title="\2"', "\n".join(rows))


def on_page_content(content: str, **arguments: Any) -> str:
    """Converts equations to MathML, which a browser draws without a library.

    In a cell of a table, Markdown escapes a bar in code too, and Python-Markdown would show that;
    and long code may be broken there. A long line of a session is wrapped, unless it is part of a
    table or a plot.
    """
    content = SESSION.sub(_session, content)
    content = CELL.sub(lambda match: _cell(match[0]), content)
    return EQUATION.sub(_to_mathml, content)


def _cell(cell: str) -> str:
    """Returns a cell whose code has its bars, and places to break it where it is long.

    A figure stays on one line with its deviation.
    """
    cell = cell.replace(r"\|", "|").replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
    return LONG_CODE.sub(lambda match: re.sub("(::|[/_])", r"\1<wbr>", match[0]), cell)


def _session(match: re.Match[str]) -> str:
    """Returns a session whose long lines are wrapped and whose commands alone are copied."""
    rows = html.unescape(TAG.sub("", match[2])).split("\n")
    commands = "\n".join(row.removeprefix("$ ") for row in rows if row.startswith("$ "))
    return f'{match[1]} data-copy="{html.escape(commands)}">{_wrapped(match[2])}'


def _wrapped(session: str) -> str:
    """Returns a session of commands whose lines may be wrapped where no columns are aligned."""
    rows = session.split("\n")
    for number, row in enumerate(rows):
        text = html.unescape(TAG.sub("", row)).strip()
        is_whole = row.count("<span") == row.count("</span")
        is_aligned = "  " in text or not PLOT_LINES.isdisjoint(text)
        if text and is_whole and (text.startswith(("$ ", "epoch ")) or not is_aligned):
            rows[number] = f'<span class="wraps">{row}</span>'
    return "\n".join(rows)


def on_post_page(output: str, page: Page, **arguments: Any) -> str:
    """Names the language of a Chinese page, by which a browser chooses glyphs and voices."""
    is_chinese = page.file.src_uri.startswith("zh/")
    return output.replace('<html lang="en"', '<html lang="zh-Hans"', 1) if is_chinese else output


def _plain(paragraph: str) -> str:
    """Returns the words of a paragraph in Markdown."""
    words = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", paragraph)
    return html.escape(" ".join(words.replace("`", "").replace("*", "").split()))


def _to_mathml(match: re.Match[str]) -> str:
    latex = html.unescape(match[3])
    return _mathml(latex, "inline") if match[2] == "(" else _fence(latex)


def _fence(source: str, *arguments: Any, **options: Any) -> str:
    """Returns the lines of a block of equations as MathML."""
    return f'<div class="equation">{_mathml(source, "block")}</div>'


def _mathml(latex: str, display: str) -> str:
    known = latex.replace("{aligned}", "{align*}")  # the one of both that the converter knows
    return convert(known, display=display).replace(
        f"<mi>{PRIME}</mi>", f'<mo class="prime">{PRIME}</mo>'
    )


def _code_page(path: str, text: str) -> str:
    language = LANGUAGES.get(Path(path).suffix, "text")
    return f"---\nsearch: {{exclude: true}}\n---\n# {path}\n\n````{language}\n{text}\n````\n"


def _is_outside(path: str) -> bool:
    """Whether a file of the repository is outside ``docs/``."""
    return not path.startswith("docs/")


def _site_path(path: str) -> str:
    """Returns where the page of a file of the repository is on the site, before it is rendered."""
    if path == FIRST:
        return "index.md"
    if not _is_outside(path):
        return path.removeprefix("docs/")
    path = path.removeprefix(".")  # mkdocs leaves out what begins with a dot
    return f"source/{path}" if path.endswith(".md") else f"source/{path}.md"


def _repository_path(source: str) -> str:
    """Returns the file of the repository that a page shows."""
    if source == "index.md":
        return FIRST
    if not source.startswith("source/"):
        return f"docs/{source}"
    path = source.removeprefix("source/")
    forms = (path, path.removesuffix(".md"), f".{path}", f".{path.removesuffix('.md')}")
    return next(form for form in forms if (ROOT / form).is_file())


def _resolve(link: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def _targets(text: str, path: str) -> Iterator[str]:
    for row, is_text in _rows(text):
        if is_text:
            yield from (_resolve(link, path) for link in LINK.findall(row))


def _rows(text: str) -> Iterator[tuple[str, bool]]:
    """Yields the lines of a page, and whether each is text and not part of a block of code."""
    is_text = True
    for row in text.split("\n"):
        if FENCE.match(row):
            is_text = not is_text
            yield row, False
        else:
            yield row, is_text
