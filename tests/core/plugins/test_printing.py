"""Stdout and stderr while a plugin is loaded, whatever the program has in their place."""

from __future__ import annotations

import io
import sys

import pytest

from zoo_core.errors import PluginError
from zoo_core.plugins.printing import printing_to_stderr


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_that_the_program_has_closed_is_not_laid_at_a_plugin(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, name, closed)
    with printing_to_stderr():
        pass
    assert getattr(sys, name) is closed


class Writer:
    """What a program may put in the place of stdout; it has no encoding."""

    closed = False

    def write(self, text: str) -> None: ...


def test_an_object_in_the_place_of_stdout_may_be_closed_by_a_plugin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writer = Writer()
    monkeypatch.setattr(sys, "stdout", writer)
    with pytest.raises(PluginError, match="it closes stdout or stderr"), printing_to_stderr():
        writer.closed = True
    sys.stdout.close()  # the stream that is open again
