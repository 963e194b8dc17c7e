"""Import strings: the object that they name, or an error that names the plugin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.errors import Interrupted, PluginError
from zoo_core.plugins.import_strings import make, resolve


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """``module(source)``: the name of a module that has that source."""

    def write(source: str) -> str:
        name = f"{tmp_path.name}_module"
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        return name

    return write


def test_an_import_string_names_an_object(module: Callable[[str], str]) -> None:
    assert resolve(f"{module('answer = 42')}:answer") == 42


@pytest.mark.parametrize(
    "text", ["", "json", "json:", ":dumps", "json:dunps", "no_such_m:x", ".:x"]
)
def test_an_import_string_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(PluginError, match=r"^cannot import "):
        resolve(text)


@pytest.mark.parametrize(
    "source", ["raise RuntimeError('x')", "def", "import no_such_m", "raise SystemExit", "1 / 0"]
)
def test_a_module_that_cannot_be_imported_is_refused(
    module: Callable[[str], str], source: str
) -> None:
    with pytest.raises(PluginError, match=r"^cannot import "):
        resolve(f"{module(source)}:answer")


def test_a_real_interrupt_passes_through(module: Callable[[str], str]) -> None:
    source = "from zoo_core.errors import Interrupted\nraise Interrupted(2)"
    with pytest.raises(Interrupted):
        resolve(f"{module(source)}:answer")


def test_a_module_that_prints_leaves_stdout_clean(
    module: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    source = "print('loud')\nanswer = 42"
    assert resolve(f"{module(source)}:answer") == 42
    assert capsys.readouterr() == ("", "loud\n")


def test_the_plugin_that_brings_the_package_is_named() -> None:
    with pytest.raises(PluginError, match=r"no attribute 'Gone'; repair or reinstall zoo-lstm$"):
        resolve("zoo_lstm.configs:Gone")
    with pytest.raises(PluginError, match=r"reinstall the plugin that declares it$"):
        resolve("json:dunps")


def test_a_factory_that_returns_another_thing_is_named_with_its_plugin(
    module: Callable[[str], str],
) -> None:
    name = module("def double(number): return 2 * number")
    assert make(f"{name}:double", int, 4) == 8
    with pytest.raises(PluginError, match=r"double' returns a str, expected an int; repair or re"):
        make(f"{name}:double", int, "4")
    with pytest.raises(PluginError, match=r"__name__' is a str, expected an int; repair or re"):
        make(f"{name}:__name__", int)
