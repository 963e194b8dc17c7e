"""Generated text reaches stdout whole and in order, without a write for every symbol."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from zoo_cli.terminal import stream_text as streaming
from zoo_cli.terminal.stream_text import stream


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every write."""
    writes: list[str] = []

    def echo(text: str, nl: bool = True, color: bool | None = None) -> None:
        writes.append(text + "\n" * nl)

    monkeypatch.setattr(click, "echo", echo)
    return writes


def test_symbols_within_an_interval_are_written_together(
    written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "INTERVAL", 60.0)
    stream("abcdefgh")
    assert "".join(written) == "abcdefgh\n"
    assert len(written) == 2


def test_a_slow_model_is_printed_symbol_by_symbol(
    written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "INTERVAL", 0.0)
    stream("abc")
    assert written == ["a", "b", "c", "\n"]


def test_symbols_before_a_failure_are_written(
    written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "INTERVAL", 60.0)

    def failing() -> Iterator[str]:
        yield from "abc"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(failing())
    assert "".join(written) == "abc\n"
