"""``zoo reproduce``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import InstallPlugin, Zoo
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.recipes.reproduction import compare
from zoo_core.runtime.sweeps import sweep as sweeps

PLUGIN = """
from zoo_core import CommandSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_commands():
    return [CommandSpec(name="dream", summary="Dreams.", target="zoo_dreams.command:dream")]
"""
RECIPE = """
summary = "Too good to be true."
note = "Nobody reaches this."
seconds = 1

[model]
hidden_size = 2

[dataset]
name = "hello"

[trainer]
name = "supervised"
epochs = 2
"""
IMPOSSIBLE = """
[published]
metric = "loss"
split = "train"
low = 0.001
high = 0.002
source = "a dream"
"""


@pytest.fixture
def recipes(install_plugin: InstallPlugin) -> Path:
    """The recipe folder of an installed plugin."""
    files = {"zoo_dreams/__init__.py": "", "zoo_dreams/plugin.py": PLUGIN}
    folder = install_plugin("zoo-dreams", "zoo_dreams.plugin", files) / "zoo_dreams" / "recipes"
    folder.mkdir()
    return folder


def test_a_recipe_is_trained_and_compared(zoo: Zoo) -> None:
    result = zoo("reproduce", "lstm-embed.hello", "--threads", 1, "--json")
    (row,) = result.json
    assert result.code == 0
    assert {key: row[key] for key in ("recipe", "metric", "split", "ours", "verdict")} == {
        "recipe": "lstm-embed.hello",
        "metric": "accuracy",
        "split": "train",
        "ours": 1.0,
        "verdict": "reproduced",
    }
    assert (row["published"]["low"], row["published"]["high"]) == (1.0, 1.0)
    assert 0 <= row["seconds"] < 60


def test_a_pattern_names_several(zoo: Zoo) -> None:
    rows = zoo("reproduce", "gru-*.hello", "--json").json
    names = ["gru-embed.hello", "gru-manual.hello", "gru-stacked.hello"]
    assert [row["recipe"] for row in rows] == names


def test_a_figure_out_of_range_is_exit_1(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text(RECIPE + IMPOSSIBLE)
    result = zoo("reproduce", "rnn-cell.dream")
    assert result.code == 1
    assert result.stdout.splitlines()[1].split()[-2] == "missed"


def test_a_recipe_without_a_figure_is_unpublished_and_no_failure(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text(RECIPE)
    result = zoo("reproduce", "rnn-cell.dream", "--json")
    assert result.code == 0
    assert (result.json[0]["verdict"], result.json[0]["published"]) == ("unpublished", None)


def test_a_malformed_recipe_does_not_affect_others(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text("seed = ")
    warning = "recipe zoo-dreams:rnn-cell.dream: not valid TOML: "
    assert zoo("reproduce", "gru-manual.hello", "--quick").code == 0
    assert "rnn-cell.dream" in zoo("show", "rnn-cell", "--json").json["recipes"]
    listed = zoo("list", "recipes", "rnn-cell.*", "--json")
    assert (listed.code, warning in listed.stderr) == (0, True)
    assert "rnn-cell.hello" in [row["name"] for row in listed.json]
    asked = zoo("reproduce", "rnn-cell.dream")
    assert (asked.code, warning.removeprefix("recipe ") in asked.stderr) == (6, True)


def test_a_failed_recipe_does_not_stop_the_others(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text(RECIPE)
    (recipes / "rnn-cell.gone.toml").write_text(
        RECIPE.replace('"hello"', '"text"\npath = "/nowhere/text"')
    )
    result = zoo("reproduce", "rnn-cell.dream", "rnn-cell.gone", "--json")
    assert result.code == 1
    assert [row["verdict"] for row in result.json] == ["unpublished", "failed"]
    assert "/nowhere/text" in result.json[1]["reason"]
    first, second = result.json
    assert f"unpublished in {_words(first['seconds'])} s\n" in result.stderr
    assert f"failed in {_words(second['seconds'])} s: {second['reason']}\n" in result.stderr


def _words(seconds: float) -> str:
    """Returns seconds as a table shows them: those below one with digits."""
    return f"{seconds:.0f}" if seconds >= 1 else f"{seconds:g}"


def test_the_table_shows_seconds_below_one(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "zoo_cli.commands.reproduce.compare",
        lambda *results, **others: compare(*results, **(others | {"seconds": 0.25})),
    )
    row = zoo("reproduce", "rnn-cell.hello", "--threads", 1).stdout.splitlines()[1]
    assert row.split()[-1] == "0.25"


def test_a_lone_failure_has_its_own_exit_code(zoo: Zoo) -> None:
    result = zoo("reproduce", "rnn-stacked.time-machine")
    assert result.code == 5
    assert "cannot download timemachine.txt" in result.stderr
    assert "8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516" in result.stderr


def test_quick_skips_long_recipes(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text(RECIPE)
    (recipes / "rnn-cell.long.toml").write_text(RECIPE.replace("seconds = 1", "seconds = 60"))
    result = zoo("reproduce", "rnn-cell.dream", "rnn-cell.long", "--quick", "--json")
    assert [row["recipe"] for row in result.json] == ["rnn-cell.dream"]
    assert result.stderr.startswith("--quick leaves out 1 recipe; see: zoo reproduce --help\n")


def test_several_recipes_say_first_how_long_all_of_them_take(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text(RECIPE)
    for seconds, words in [(59, "60 s"), (299, "5 minutes"), (3 * 3600, "3 hours")]:
        text = RECIPE.replace("seconds = 1", f"seconds = {seconds}")
        (recipes / "rnn-cell.long.toml").write_text(text)
        lines = zoo("reproduce", "rnn-cell.dream", "rnn-cell.long").stderr.splitlines()
        assert lines[0] == f"2 recipes, about {words} on two cores"


def test_quick_without_any_quick_recipe_is_refused(zoo: Zoo, recipes: Path) -> None:
    (recipes / "rnn-cell.long.toml").write_text(RECIPE.replace("seconds = 1", "seconds = 60"))
    result = zoo("reproduce", "rnn-cell.long", "--quick")
    assert (result.code, result.stdout) == (6, "")
    assert "--quick leaves no recipe: rnn-cell.long may take 60 s" in result.stderr


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no such folder here")
def test_a_folder_that_cannot_be_written_is_refused_before_training(zoo: Zoo) -> None:
    result = zoo("reproduce", "gru-embed.hello", "--out", "/proc/self")
    assert (result.code, "1/1" in result.stderr) == (6, False)
    assert "cannot write /proc/self" in result.stderr


def test_files_keep_the_rows_of_other_recipes(zoo: Zoo, tmp_path: Path, recipes: Path) -> None:
    (recipes / "rnn-cell.dream.toml").write_text(RECIPE + IMPOSSIBLE)
    assert zoo("reproduce", "gru-embed.hello", "--out", tmp_path / "out").code == 0
    assert zoo("reproduce", "rnn-cell.dream", "--out", tmp_path / "out").code == 1
    written = json.loads((tmp_path / "out" / "reproduction.json").read_text())
    assert [row["recipe"] for row in written["rows"]] == ["gru-embed.hello", "rnn-cell.dream"]
    table = (tmp_path / "out" / "reproduction.md").read_text()
    assert "| `gru-embed.hello` | accuracy (train) | 1.0 | 1.0 | reproduced |" in table
    assert "`rnn-cell.dream` missed: Nobody reaches this." in table
    assert (tmp_path / "out" / "reproduction.png").read_bytes().startswith(b"\x89PNG")


def test_checkpoints_are_kept_on_request_and_never_overwritten(zoo: Zoo, tmp_path: Path) -> None:
    arguments = ["reproduce", "gru-embed.hello", "--checkpoints", tmp_path]
    assert zoo(*arguments).code == 0
    assert (tmp_path / "gru-embed.hello" / "config.json").exists()
    again = zoo(*arguments)
    assert (again.code, "; choose another, or remove it\n" in again.stderr) == (6, True)


def test_several_seeds_are_a_sweep_and_the_verdict_is_about_their_mean(
    zoo: Zoo, recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = InProcessEngine()
    monkeypatch.setattr(sweeps, "LocalEngine", lambda processes: engine)
    for name in ("one", "two"):
        (recipes / f"rnn-cell.{name}.toml").write_text(RECIPE + IMPOSSIBLE)
    folder, files = tmp_path / "kept", tmp_path / "files"
    args = ("rnn-cell.one", "rnn-cell.two", "--threads", 1, "--checkpoints", folder)
    result = zoo("reproduce", *args, "--seeds", "0-1", "--out", files, "--json")
    assert result.code == 1
    losses = [
        json.loads((folder / f"seed={seed},recipe=rnn-cell.one" / "config.json").read_text())
        for seed in (0, 1)
    ]
    values = [manifest["metrics"]["train"]["loss"] for manifest in losses]
    first, second = result.json
    assert (first["recipe"], first["verdict"], first["seeds"]) == ("rnn-cell.one", "missed", [0, 1])
    assert first["measured"] == pytest.approx(sum(values) / 2, rel=1e-12)
    assert first["spread"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5, rel=1e-9)
    assert second["recipe"] == "rnn-cell.two"
    assert "over the seeds 0, 1; the verdict is about" in (files / "reproduction.md").read_text()
    assert len(engine.started) == 4
    more = zoo("reproduce", *args, "--seeds", "0-2", "--jobs", 2)
    assert more.code == 1
    assert engine.started[4:] == ["seed=2,recipe=rnn-cell.one", "seed=2,recipe=rnn-cell.two"]
    assert " ± " in more.stdout.splitlines()[1]


def test_seed_and_seeds_exclude_each_other(zoo: Zoo) -> None:
    result = zoo("reproduce", "rnn-cell.hello", "--seed", 1, "--seeds", "0-1")
    assert (result.code, "--seed and --seeds exclude each other" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("gru-embed.helo", "did you mean gru-embed.hello"), ("*.nothing", "try: zoo list recipes")],
)
def test_an_unknown_recipe_is_exit_3(zoo: Zoo, name: str, hint: str) -> None:
    result = zoo("reproduce", name)
    assert result.code == 3
    assert hint in result.stderr


def test_a_reproduction_json_of_another_kind_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "reproduction.json").write_text("[]")
    result = zoo("reproduce", "gru-embed.hello", "--out", tmp_path)
    assert result.code == 6
    assert "expected a table" in result.stderr


def test_foreign_files_are_not_overwritten(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "reproduction.md").write_text("mine")
    result = zoo("reproduce", "gru-embed.hello", "--out", tmp_path)
    assert (result.code, "files that the zoo did not make" in result.stderr) == (6, True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_link_is_not_followed(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "reproduction.png").symlink_to(tmp_path / "mine")
    result = zoo("reproduce", "gru-embed.hello", "--out", tmp_path / "out")
    assert (result.code, "reproduction.png is a link" in result.stderr) == (6, True)
    assert (tmp_path / "mine").read_text() == "mine"
