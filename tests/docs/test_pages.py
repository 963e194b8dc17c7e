"""Every page shows what its commands print: its blocks are run in order, as ``pages.py`` says."""

from __future__ import annotations

import ast
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import (
    DOCS,
    ROOT,
    PageBlock,
    follow,
    is_shown,
    page_files,
    read_document,
    read_mark,
    renewed,
    started,
)

WITHOUT_FULL = pytest.mark.skipif(find_spec("zoo_onnx") is None, reason="needs the group full")
MARKERS: dict[str, tuple[pytest.MarkDecorator, ...]] = {
    "": (),
    "gate": (pytest.mark.gate,),
    "slow": (pytest.mark.slow,),
    "full": (pytest.mark.full,),
    "slow full": (pytest.mark.slow, pytest.mark.full, WITHOUT_FULL),
    "browser": (pytest.mark.browser,),
}


def name_of(page: Path) -> str:
    """The path of a page in ``docs/``, or that of a plugin's README in the repository."""
    return str(page.relative_to(DOCS if DOCS in page.parents else ROOT))


DOCUMENTS = {page: read_document(page.read_text("utf-8")) for page in page_files()}
CASES = [
    pytest.param(page, level, marks=MARKERS[level], id=f"{name_of(page)}-{level}")
    for page, document in DOCUMENTS.items()
    for level in document.levels()
]


@pytest.mark.parametrize(("page", "level"), CASES)
def test_a_page_prints_what_it_shows(page: Path, level: str, tmp_path: Path) -> None:
    document = DOCUMENTS[page]
    wrong = []
    with started(tmp_path, is_isolated=document.is_isolated) as shell:
        for block, command, printed in follow(document.of_level(level), shell, page.name):
            if not (block.is_sample or is_shown(command, printed, shell)):
                shown = "\n".join(command.printed)
                wrong.append(
                    "\n".join([f"$ {command.line}", "shown:", shown, "printed:", *printed])
                )
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_every_block_of_code_is_one(page: Path) -> None:
    for block in DOCUMENTS[page].blocks:
        if block.language == "python" and ">>> " not in block.body:
            ast.parse(block.body)
        if block.language == "console" and block.body.strip():
            assert block.body.startswith("$ ")
        if block.never.startswith("in "):
            test = ROOT / block.never.removeprefix("in ")
            assert page.name in test.read_text("utf-8")


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.stem
)
def test_no_page_asks_for_what_a_command_prints(page: Path) -> None:
    assert "?" not in page.read_text("utf-8").splitlines(), "renew it: tests.docs.pages"


def _blocks(text: str) -> list[PageBlock]:
    return read_document(text).blocks


def test_a_mark_holds_for_the_block_behind_it() -> None:
    text = "# T\n\n<!-- test: gate, with --seed 1 -->\n\n```console\n$ zoo list\n```\n"
    first, second = _blocks(text + "\nText\n\n```python\nx = 1\n```\n")
    assert (first.level, first.options) == ("gate", ["--seed", "1"])
    assert (second.level, second.options) == ("", [])


def test_a_mark_before_the_title_holds_for_the_page() -> None:
    text = "<!-- test: slow -->\n# T\n\n```console\n$ zoo list\n```\n"
    marked = "<!-- test: network -->\n```console\n$ zoo pull X\n```\n"
    first, second = _blocks(text + marked)
    assert (first.level, first.never, second.never) == ("slow", "", "network")
    assert read_document(text).levels() == ["slow"]


def test_what_is_printed_may_be_a_sample() -> None:
    (block,) = _blocks("# T\n\n<!-- test: sample -->\n```console\n$ zoo generate X\nabc\n```\n")
    assert block.is_sample


def test_what_cog_generates_is_left_to_cog() -> None:
    assert not _blocks("<!-- [[[cog\ncog.out()\n]]] -->\n```python\nx\n```\n<!-- [[[end]]] -->\n")


def test_an_unknown_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="no mark of a block: 'gata'"):
        read_mark("gata")


def test_a_page_is_renewed_where_it_asks_and_where_words_differ(tmp_path: Path) -> None:
    text = (
        '# T\n\n<!-- test: python\nPath("a.txt").write_text("one")\n-->\n\n'
        "```console\n$ cat a.txt\n?\n$ echo 5 b\n4 b\n$ echo c\n$ echo d\nx\n```\n"
    )
    shown = "```console\n$ cat a.txt\none\n$ echo 5 b\n4 b\n$ echo c\n$ echo d\nd\n```\n"
    assert renewed(text, tmp_path, "T").endswith(shown)


def test_a_python_session_that_prints_something_else_fails(tmp_path: Path) -> None:
    blocks = _blocks("# T\n\n```python\n>>> 1 + 1\n3\n```\n")
    with started(tmp_path, is_isolated=False) as shell, pytest.raises(AssertionError, match="Got"):
        list(follow(blocks, shell, "T"))


def test_a_fault_of_the_zoo_is_no_output_of_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(words: list[str]) -> int:
        sys.stderr.write("Error: TypeError: x (ZOO_DEBUG=1 shows the traceback)\n")
        return 1

    monkeypatch.setattr(pages, "run", fail)
    blocks = _blocks("# T\n\n```console\n$ zoo list\n```\n")
    with (
        started(tmp_path, is_isolated=False) as shell,
        pytest.raises(AssertionError, match="TypeError"),
    ):
        list(follow(blocks, shell, "T"))


def test_an_error_that_a_page_does_not_show_fails(tmp_path: Path) -> None:
    silent = _blocks("# T\n\n<!-- test: sample -->\n```console\n$ zoo show nobody\n```\n")
    shown = _blocks("# T\n\n```console\n$ zoo show nobody\nError: no such\n```\n")
    with started(tmp_path, is_isolated=False) as shell:
        with pytest.raises(AssertionError, match="zoo show nobody"):
            list(follow(silent, shell, "T"))
        assert [command.line for _, command, _ in follow(shown, shell, "T")] == ["zoo show nobody"]


def test_options_that_shorten_a_training_are_given_to_commands_that_train() -> None:
    trains = ("zoo train X", "zoo reproduce X", "uv run zoo sweep X", "zoo compare X --seeds 0,1")
    assert all(pages.TRAINING.match(line) for line in trains)
    assert not any(pages.TRAINING.match(line) for line in ("zoo compare ./a", "zoo trained X"))
