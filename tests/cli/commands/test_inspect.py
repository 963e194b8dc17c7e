"""``zoo inspect``."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

import zoo_core
from tests.cli.command import InstallPlugin, Zoo

PROSE, HELLO = "gru-embed.python-docs", "lstm-embed.hello"
"""Checkpoints that ship with the plugins: a language model, and a model of labels."""
COLORS = re.compile(r"\x1b\[(?:38;5;\d+;48;5;\d+|0)m")


def test_every_symbol_has_a_line_with_value_surprise_and_guesses(zoo: Zoo) -> None:
    result = zoo("inspect", PROSE, "--text", "the é", "--unit", 3)
    lines = result.stdout.splitlines()
    assert (result.code, result.stderr) == (0, "")
    assert re.split("  +", lines[0]) == ["symbol", "hidden 3", "surprise", "next symbol"]
    assert [line[0] for line in lines[1:]] == ["t", "h", "e", "␣", "é"]
    assert re.fullmatch(r"h +[+-]\d\.\d\d +\d\.\d\d +(\S+ 1?\.\d\d *){5}", lines[2])
    assert lines[-1].split() == ["é", "unknown"]


def test_json_has_the_values_that_the_lines_round(zoo: Zoo) -> None:
    values = zoo("inspect", PROSE, "--text", "foxé", "--unit", 3, "--json").json
    assert (values["model"], values["layer"], values["gate"]) == ("gru-embed", 0, "hidden")
    assert (values["unit"], values["predicts"]) == (3, "next symbol")
    first, *_, last = values["symbols"]
    assert first["surprise"] is None
    assert len(first["guesses"]) == 5
    assert last == {"text": "é", "known": False, "value": None, "surprise": None, "guesses": []}


def test_a_gate_without_a_unit_is_the_mean_of_its_units(zoo: Zoo) -> None:
    arguments = ["inspect", PROSE, "--text", "fox", "--gate", "update", "--json"]
    mean, one = zoo(*arguments).json, zoo(*arguments, "--unit", 0).json
    assert (mean["unit"], one["unit"]) == (None, 0)
    update = zoo_core.states(zoo_core.load(PROSE), "fox", gate="update")
    for index in range(3):
        assert mean["symbols"][index]["value"] == pytest.approx(update[index].mean(), abs=1e-6)
        assert one["symbols"][index]["value"] == pytest.approx(update[index, 0], abs=1e-6)


def test_without_unit_and_gate_the_unit_that_varies_most_is_shown(zoo: Zoo) -> None:
    result = zoo("inspect", PROSE, "--text", "the fox")
    (unit,) = re.findall(r"unit (\d+) varies most; --unit N shows another", result.stderr)
    assert f"hidden {unit}" in result.stdout


def test_top_lists_units_for_each_probe(zoo: Zoo) -> None:
    result = zoo("inspect", PROSE, "--text", "the fox jumps\nthe dog", "--top", 2)
    rows = [re.split("  +", line) for line in result.stdout.splitlines()]
    assert rows[0] == ["probe", "layer", "gate", "unit", "correlation"]
    assert sum(row[0] == "position in line" for row in rows) == 1
    best, second = (abs(float(row[-1])) for row in rows[3:5])
    assert best >= second
    values = zoo("inspect", PROSE, "--text", "the fox jumps\nthe dog", "--top", 2, "--json").json
    assert len(values["correlations"]) == len(rows) - 1
    assert {row["name"] for row in values["correlations"]} == {"hidden"}


def test_the_unit_that_follows_quotes_in_a_shipped_model_is_found(zoo: Zoo) -> None:
    text = 'The "quotes" are closed. A "word" in it, and "two of" them. Then none (but "these").'
    rows = zoo("inspect", "lstm-embed.python-docs", "--text", text, "--top", 1, "--json").json
    (best,) = [row for row in rows["correlations"] if row["probe"] == "inside quotes"]
    assert best["unit"] == 11
    assert abs(best["correlation"]) > 0.8


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets stdout be a terminal of 50 columns."""
    monkeypatch.setattr("zoo_cli.terminal.output.is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "50")


@pytest.mark.usefixtures("on_terminal")
def test_a_terminal_shows_colours_in_aligned_blocks(zoo: Zoo) -> None:
    result = zoo("inspect", PROSE, "--text", "the fox\n汉 jumps", "--unit", 3)
    lines = COLORS.sub("", result.stdout).splitlines()
    first = lines.index("")
    assert lines[0].split() == ["t", "h", "e", "␣", "f"]
    assert len(lines[:first]) == 8
    assert max(map(len, lines)) <= 50
    assert lines[-5:-3] == ["the fox↵", "汉 jumps"]
    assert lines[-1].strip() == "unknown to the model, skipped"
    (unknown,) = re.findall(r"\x1b\[38;5;231;48;5;240m汉( *)\x1b\[0m", result.stdout)[:1]
    (known,) = re.findall(r"\x1b\[38;5;16;48;5;\d+mf( *)\x1b\[0m", result.stdout)[:1]
    assert len(known) == len(unknown) + 1  # a Han character takes two columns


@pytest.mark.usefixtures("on_terminal")
@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_switched_off(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert "\x1b" not in zoo("inspect", PROSE, "--text", "fox").stdout


def test_the_guesses_of_a_model_of_labels_are_labels(zoo: Zoo) -> None:
    values = zoo("inspect", HELLO, "--text", "hello", "--json").json
    assert values["predicts"] == "label"
    assert "".join(symbol["guesses"][0]["text"] for symbol in values["symbols"]) == "ohlol"
    assert all(symbol["surprise"] is None for symbol in values["symbols"])


def test_the_text_may_be_a_file_or_stdin(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello.txt").write_text("hello\n")
    expected = zoo("inspect", HELLO, "--text", "hello").stdout
    assert zoo("inspect", HELLO, "--file", tmp_path / "hello.txt").stdout == expected
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n"))
    assert zoo("inspect", HELLO, "--file", "-").stdout == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no text"),
        (["--text", "hello", "--file", "-"], "exclude each other"),
        (["--text", "hello", "--unit", "-1"], ">= 0"),
        (["--text", "hello", "--top", "0"], ">= 1"),
        (["--text", "hello", "--top", "1", "--unit", "2"], "leave out --unit"),
    ],
)
def test_wrong_usage_is_refused(zoo: Zoo, arguments: list[str], message: str) -> None:
    result = zoo("inspect", HELLO, *arguments)
    assert (result.code, result.stdout) == (2, "")
    assert message in result.stderr


PAGES = """
from zoo_core import CommandSpec, hookimpl

ZOO_API = 3

@hookimpl
def zoo_commands():
    functions = ("zoo_pages:inspect_page",)
    return [CommandSpec(name="report", summary="Pages.", target="", functions=functions)]

def inspect_page(inspection, *, signal, unit):
    chosen = inspection.signals[signal]
    return f"{len(inspection.symbols)} {chosen.layer} {chosen.name} {unit}"
"""


def test_a_page_is_made_by_the_plugin_that_reports(
    zoo: Zoo, install_plugin: InstallPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm,zoo-text,zoo-train,zoo-pages")
    arguments = ["inspect", HELLO, "--text", "hello", "--html", tmp_path / "page.html"]
    missing = zoo(*arguments)
    assert missing.code == 7
    install_plugin("zoo-pages", "zoo_pages", {"zoo_pages.py": PAGES})
    result = zoo(*arguments, "--gate", "cell", "--unit", 2)
    assert (result.code, result.stdout) == (0, f"{tmp_path / 'page.html'}\n")
    assert (tmp_path / "page.html").read_text() == "5 0 cell 2"
    assert zoo(*arguments, "--overwrite", "--json").json["symbols"]
