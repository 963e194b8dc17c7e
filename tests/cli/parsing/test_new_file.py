"""Files that a command writes, in the format of their suffix."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from zoo_cli.parsing.new_file import NewFile


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("page.txt", "page.txt: name a FILE.html"),
        ("page", "page: name a FILE.html"),
        ("", "an empty path; name a FILE.html"),
        (".", ". is a folder; name a FILE.html in it"),
    ],
)
def test_a_file_is_written_only_under_the_suffix_of_its_format(text: str, message: str) -> None:
    with pytest.raises(click.BadParameter) as error:
        NewFile(".html", synonyms=(".htm",)).convert(text, None, None)
    assert error.value.message == message


@pytest.mark.parametrize("text", ["page.html", "PAGE.HTML", "page.htm"])
def test_the_case_and_the_synonyms_of_a_suffix_do_not_matter(text: str) -> None:
    assert NewFile(".html", synonyms=(".htm",)).convert(text, None, None) == Path(text)


def test_the_home_folder_of_a_new_file_is_expanded() -> None:
    assert NewFile(".csv").convert("~/a.csv", None, None) == Path.home() / "a.csv"
