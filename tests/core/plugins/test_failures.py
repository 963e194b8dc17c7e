"""What the code of a plugin raises: the line of the plugin is named, whatever library raised it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zoo_core.plugins import failures
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.failures import describe_failure

SOURCE = "import json\n\ndef read(text):\n    return json.loads(text)\n"


@pytest.fixture
def owl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module of an installed plugin ``zoo_owl_failures``."""
    path = tmp_path / "zoo_owl_failures.py"
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    plugins = [Plugin("zoo-owl", path.stem, "zoo-owl", "1.0")]
    monkeypatch.setattr(failures, "every_plugin", lambda: plugins)
    return path


def test_the_innermost_line_of_a_plugin_is_named(owl: Path) -> None:
    import zoo_owl_failures  # type: ignore[import-not-found]

    with pytest.raises(ValueError, match="Expecting value") as caught:
        zoo_owl_failures.read("x\n")
    assert describe_failure(caught.value).startswith(f"{owl}, line 4: JSONDecodeError: Expecting")


def test_an_exception_that_passed_no_plugin_has_no_place(owl: Path) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its text is what follows
        raise ValueError("two\nlines")
    assert describe_failure(caught.value) == "ValueError: two lines"
    with pytest.raises(RuntimeError) as empty:
        raise RuntimeError
    assert describe_failure(empty.value) == "RuntimeError"


def test_the_line_is_that_of_the_plugin_and_not_of_a_command_that_called_it(
    owl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoo_cli.py").write_text("def call(read):\n    read('x')\n")
    plugins = [
        Plugin("zoo-owl", owl.stem, "zoo-owl", "1.0"),
        Plugin("zoo-cli", "zoo_cli.plugin", "zoo-cli", "1.0"),
    ]
    monkeypatch.setattr(failures, "every_plugin", lambda: plugins)
    names = {"__name__": "zoo_cli.commands"}
    exec(compile((tmp_path / "zoo_cli.py").read_text(), "zoo_cli.py", "exec"), names)
    call: Any = names["call"]
    with pytest.raises(ZeroDivisionError) as caught:
        call(lambda text: 1 / 0)
    assert describe_failure(caught.value) == "ZeroDivisionError: division by zero"


def test_a_long_message_is_cut() -> None:
    assert describe_failure(ValueError("x" * 1000)) == f"ValueError: {'x' * 300}"
