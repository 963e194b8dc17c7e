"""No command prints control characters of foreign text to a terminal."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import InstallPlugin, Result, Zoo
from zoo_cli.commands.plugins.group import COMMANDS as PLUGIN_COMMANDS
from zoo_cli.main import COMMANDS, run
from zoo_cli.terminal.output import RED, RESET
from zoo_core.escaping import printable

HOSTILE = "\x1b]0;owned\x07\x9b2J\u202e"
"""Sets the title of the window, clears the screen, and turns the text that follows around."""
PROMPT = f"{HOSTILE}fox"
COLORS = re.compile("\x1b\\[(38;5;[0-9]+;48;5;[0-9]+|0)m")
"""The control sequences that colour what ``zoo inspect`` prints."""
ROOT = Path(__file__).parents[3]

Answer = Callable[..., Result]


@pytest.fixture
def on_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Answer:
    """``on_terminal("list")``: a command whose stdout and stderr are a terminal."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        for stream in (sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True)
        code = run([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return Result(code, output.out, output.err)

    return call


@pytest.fixture(scope="session")
def hostile_trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model of a hostile text, in a folder of a hostile name, to be copied."""
    folder = tmp_path_factory.mktemp("hostile") / HOSTILE.replace("/", "")
    text = folder.parent / "text.txt"
    text.write_text(f"{PROMPT} jumps\n" * 60)
    data = ["--dataset", "text", "--dataset.path", str(text), "--dataset.steps", "16"]
    sizes = ["--model.hidden-size", "4", "--trainer.batch-size", "4", "--trainer.epochs", "1"]
    assert run(["train", "gru-embed", *data, *sizes, "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def hostile(hostile_trained_once: Path, tmp_path: Path, isolation: Path) -> Path:
    """A hostile checkpoint among the local runs."""
    return shutil.copytree(hostile_trained_once, isolation / "runs" / hostile_trained_once.name)


def assert_harmless(result: Result) -> None:
    """Asserts that an output has no control characters but those of a progress bar and colours."""
    stderr = result.stderr.replace(f"{RED}Error:{RESET}", "Error:")
    shown = COLORS.sub("", result.stdout) + re.sub(r"\r", "", stderr)
    assert printable(shown) == shown, result


WALK: dict[str, tuple[int, list[object]]] = {
    "list": (2, [HOSTILE]),
    "show": (0, ["{folder}"]),
    "train": (3, ["gru-embed", "--dataset", HOSTILE]),
    "resume": (6, ["{folder}"]),
    "runs": (0, []),
    "evaluate": (0, ["{folder}"]),
    "predict": (0, ["{folder}", PROMPT]),
    "generate": (0, ["{folder}", "--prompt", PROMPT, "--length", 60]),
    "inspect": (0, ["{folder}", "--text", PROMPT]),
    "sweep": (3, ["gru-embed", "--dataset", HOSTILE]),
    "compare": (0, ["{folder}"]),
    "data": (3, ["check", "--dataset", HOSTILE]),
    "export": (3, ["{folder}", "--format", HOSTILE, "--to", HOSTILE]),
    "reproduce": (3, [HOSTILE]),
    "pull": (3, [f"hub:{HOSTILE}"]),
    "push": (0, ["{folder}", "owner/repo", "--dry-run"]),
    "diff": (0, ["{folder}", "{hello}"]),
    "verify": (0, ["{folder}"]),
    "registry": (3, ["add", "{empty}", f"package:{HOSTILE}"]),
    "plugins": (0, []),
    "doctor": (0, []),
    "completion": (2, [HOSTILE]),
    "skill": (0, ["--install", "{empty}"]),
}


def test_the_hostile_plugin_reaches_every_command() -> None:
    assert WALK.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", WALK)
def test_a_command_shows_hostile_text_escaped(
    on_terminal: Answer, hostile: Path, hello: Path, tmp_path: Path, command: str
) -> None:
    empty = tmp_path / HOSTILE
    empty.mkdir()
    code, arguments = WALK[command]
    folders = {"{folder}": hostile, "{hello}": hello, "{empty}": empty}
    result = on_terminal(command, *(folders.get(str(word), word) for word in arguments))
    assert result.code == code, result
    assert_harmless(result)


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "{folder}", "extra"],
        ["predict", "{folder}", PROMPT, "--json"],
        ["generate", "{folder}", "--prompt", PROMPT, "--json"],
        ["show", "{folder}", "--json"],
        ["runs", "--json"],
        ["runs", "remove", HOSTILE],
        ["show", HOSTILE],
        ["pull", "{folder}", "--to", f"{{folder}}/{HOSTILE}"],
        ["nothing", HOSTILE],
        ["list", "models", "extra", HOSTILE],
        [HOSTILE],
        *([command, HOSTILE] for command in PLUGIN_COMMANDS if command not in ("install", "new")),
    ],
)
def test_errors_and_json_show_hostile_text_escaped(
    on_terminal: Answer, hostile: Path, arguments: list[str]
) -> None:
    words = ["plugins", *arguments] if arguments[0] in PLUGIN_COMMANDS else arguments
    assert_harmless(on_terminal(*(word.replace("{folder}", str(hostile)) for word in words)))


def test_a_training_shows_hostile_text_escaped_and_short(
    on_terminal: Answer, hostile: Path, tmp_path: Path
) -> None:
    text = tmp_path / f"{HOSTILE}.txt"
    text.write_text(f"{PROMPT}{'汉' * 200}" * 10)
    data = ["--dataset", "text", "--dataset.path", text, "--dataset.steps", 16]
    sizes = ["--model.hidden-size", 4, "--trainer.batch-size", 4, "--trainer.epochs", 1]
    prompt = ["--trainer.prompt", PROMPT, "--out", tmp_path / f"run{HOSTILE}"]
    result = on_terminal("train", "gru-embed", *data, *sizes, *prompt)
    assert result.code == 0, result
    assert_harmless(result)


def test_a_plugin_of_a_hostile_name_is_shown_escaped(
    on_terminal: Answer, install_plugin: InstallPlugin
) -> None:
    name = HOSTILE.replace("[", "").replace("]", "")
    source = f"raise ValueError({HOSTILE!r})\n"
    install_plugin(name, "zoo_hostile", {"zoo_hostile.py": source}, distribution="zoo-hostile")
    for command in (["plugins"], ["plugins", "-v"], ["list"], ["doctor"], ["plugins", "trace"]):
        assert_harmless(on_terminal(*command))


PLUGIN = f"""
from zoo_core import CommandSpec, DatasetSpec, ModelSpec, TrainerSpec, hookimpl

ZOO_API = 3
TEXT = {HOSTILE!r}
REST = {{"summary": TEXT, "config": "zoo_steering.configs:Steering", "factory": ""}}

@hookimpl
def zoo_models():
    return [ModelSpec(name="steering", source=TEXT, **REST)]

@hookimpl
def zoo_datasets():
    return [DatasetSpec(name="steering-data", default_trainer="steering-trainer", **REST)]

@hookimpl
def zoo_trainers():
    return [TrainerSpec(name="steering-trainer", **REST)]

@hookimpl
def zoo_commands():
    return [CommandSpec(name="steer", summary=TEXT, target="zoo_steering.command:steer")]
"""
PLUGIN_CONFIG = f"""
from zoo_core import config, setting

@config
class Steering:
    word: str = setting(default={HOSTILE!r}, help={HOSTILE!r}, unit={HOSTILE!r})
"""
PLUGIN_COMMAND = f"""
import click

@click.command(help={HOSTILE!r})
@click.option("--word", default={HOSTILE!r}, show_default=True, help={HOSTILE!r})
def steer(word):
    pass
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["steer", "--help"],
        ["list"],
        ["list", "datasets"],
        ["show", "steering"],
        ["show", "steering", "--json"],
        ["show", "steering-data"],
        ["train", "steering", "--dataset", "steering-data", "--help"],
        ["train", "steering", "--dataset", "steering-data", "--print-config"],
    ],
    ids=" ".join,
)
def test_summaries_and_helps_of_a_plugin_are_shown_escaped(
    on_terminal: Answer, install_plugin: InstallPlugin, arguments: list[str]
) -> None:
    files = {"plugin.py": PLUGIN, "configs.py": PLUGIN_CONFIG, "command.py": PLUGIN_COMMAND}
    package = {f"zoo_steering/{name}": source for name, source in files.items()}
    install_plugin(
        "zoo-steering", "zoo_steering.plugin", package | {"zoo_steering/__init__.py": ""}
    )
    result = on_terminal(*arguments)
    assert result.code == 0, result
    assert r"\x1b" in result.stdout or r"\u001b" in result.stdout
    assert_harmless(result)


@pytest.mark.parametrize("folder", sorted((ROOT / "cli" / "src").rglob("*.py")), ids=str)
def test_everything_is_printed_through_one_function(folder: Path) -> None:
    if folder.name != "output.py":
        assert "click.echo" not in folder.read_text("utf-8")
        assert not re.search(r"\bsys\.std(out|err)\.write\(f", folder.read_text("utf-8"))


def test_a_text_without_spaces_does_not_flood_the_output(zoo: Zoo, tmp_path: Path) -> None:
    for symbol in ("acgt", "汉字"):
        text = tmp_path / f"{symbol[0]}.txt"
        text.write_text(symbol * 400)
        data = ["--dataset", "text", "--dataset.path", text, "--dataset.steps", 16]
        sizes = ["--model.hidden-size", 4, "--trainer.batch-size", 4, "--trainer.epochs", 1]
        prompt = ["--trainer.prompt", symbol * 100, "--out", tmp_path / symbol]
        result = zoo("train", "gru-embed", *data, *sizes, *prompt)
        (sample,) = re.findall("^sample: .*$", result.stdout, re.MULTILINE)
        assert len(sample.encode("gb18030")) <= 81  # a Han character has two bytes there, … too
        assert len(re.search("--prompt (.*)", result.stderr)[1].encode("gb18030")) <= 80  # type: ignore[index]
        messages = result.stderr.replace(str(tmp_path), "")
        assert max(map(len, messages.split("\n"))) < 240  # the metrics of two splits
