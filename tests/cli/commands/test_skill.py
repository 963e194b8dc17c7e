"""``zoo skill``: it holds every command, and says of JSON and exit codes what is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.command import InstallPlugin, Zoo
from tests.cli.parsing.test_bounds import commands
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.commands.skill import ANSWERS, GENERATOR
from zoo_cli.main import COMMANDS
from zoo_cli.main import zoo as zoo_group
from zoo_core.runtime.sweeps import sweep as sweeps

CALLS: dict[str, list[object]] = {
    "list models": ["list", "models"],
    "list recipes": ["list", "recipes", "lstm-embed.hello"],
    "list checkpoints": ["list", "checkpoints", "lstm-embed.hello"],
    "show MODEL": ["show", "lstm-embed"],
    "show RUN": ["show", "RUN"],
    "train MODEL": ["train", "lstm-embed.hello", "--trainer.epochs", 1, "--out", "NEW"],
    "evaluate RUN": ["evaluate", "RUN"],
    "predict RUN INPUT": ["predict", "RUN", "hello"],
    "generate RUN": ["generate", "lstm-embed.python-docs", "--length", 3],
    "runs": ["runs"],
    "compare RUN RUN": ["compare", "RUN"],
    "verify RUN": ["verify", "RUN"],
    "show MODEL --shapes": ["show", "lstm-embed", "--shapes"],
    "sweep RECIPE": ["sweep", "lstm-embed.hello", "--trainer.epochs", 1, "--out", "NEW"],
    "inspect RUN": ["inspect", "lstm-embed.python-docs", "--text", "The"],
    "diff RUN RUN": ["diff", "RUN", "lstm-embed.hello"],
    "export RUN": ["export", "RUN", "--format", "torch", "--to", "NEW"],
    "pull CHECKPOINT": ["pull", "lstm-embed.hello"],
    "push RUN OWNER/REPO --to DIR": ["push", "RUN", "owner/hello", "--to", "NEW"],
    "data check": ["data", "check", "--dataset", "hello"],
    "data": ["data"],
    "data remove": ["data", "remove", "--yes"],
    "plugins": ["plugins"],
    "plugins check NAME": ["plugins", "check", "zoo-train"],
    "plugins search": ["plugins", "search"],
    "plugins trace": ["plugins", "trace"],
    "registry verify": ["registry", "verify"],
}
"""A call for each answer that the skill describes and that neither network nor minutes are for."""
UNCALLED = {
    "resume RUN": "as train",
    "runs --sweep DIR": "a part of what sweep prints",
    "reproduce RECIPE": "tests/cli/commands/test_reproduce.py",
    "push RUN OWNER/REPO": "tests/hub/test_push.py",
    "plugins new NAME": "writes into the current folder: tests/installs/test_installed.py",
    "plugins install DIST": "tests/installs/test_installing.py",
    "plugins uninstall NAME": "tests/installs/test_installing.py",
    "registry publish": "tests/hub/test_publish.py",
    "doctor": "tests/cli/commands/test_doctor.py",
}
"""The other answers, each with the test or the reason that stands for a call."""


def keys_of(answer: str) -> list[str]:
    """Returns the keys of an answer at the top, as the skill writes them."""
    inner = answer.removeprefix("[").removesuffix("]").removeprefix("{").removesuffix("}")
    while (flat := re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", "", inner)) != inner:
        inner = flat
    return [part.partition(":")[0].strip() for part in inner.split(",")]


def test_every_command_has_a_line_and_every_option_is_named(zoo: Zoo) -> None:
    text = zoo("skill").stdout
    assert [name for name in COMMANDS if not re.search(rf"^- `zoo {name}\b", text, re.M)] == []
    assert re.search(r"^- `zoo train MODEL.*--device.*--out", text, re.M)
    assert re.search(r"^- `zoo plugins install DIST", text, re.M)


def test_every_command_with_json_has_its_answer() -> None:
    described = {" ".join(word for word in call.split() if word.islower()) for call in ANSWERS}
    described = {call.partition(" --")[0] for call in described}
    for name in COMMANDS:
        top = zoo_group.get_command(click.Context(zoo_group), name)
        assert top is not None
        for words, command in commands(top, (name,)):
            prints_json = any("--json" in param.opts for param in command.params)
            if prints_json:
                assert {words, f"{words} models"} & described, f"what does zoo {words} print?"


def test_every_answer_is_called_or_stands_elsewhere() -> None:
    assert set(CALLS) | set(UNCALLED) == set(ANSWERS)
    assert not set(CALLS) & set(UNCALLED)


@pytest.mark.parametrize(
    "call",
    [
        # the others of the group have imported the compiler, which takes three seconds
        pytest.param(
            call, marks=pytest.mark.xdist_group("compiler") if call == "export RUN" else []
        )
        for call in CALLS
    ],
)
def test_an_answer_has_the_keys_that_the_skill_states(
    zoo: Zoo, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(sweeps, "LocalEngine", InProcessEngine)
    paths = {"RUN": hello, "NEW": tmp_path / "new"}
    result = zoo(*[paths.get(str(part), part) for part in CALLS[call]], "--json")
    assert result.code == 0, result.stderr
    answer: Any = result.json
    assert isinstance(answer, list) == ANSWERS[call].startswith("[")
    if call == "evaluate RUN":
        assert list(answer) == ["train"]
        assert {"loss", "accuracy"} <= answer["train"].keys()
        return
    value = answer[0] if isinstance(answer, list) and answer else answer
    stated = keys_of(ANSWERS[call])
    if "..." in stated:
        assert set(stated) - {"..."} <= value.keys()
    elif value:
        assert set(stated) == set(value)


def test_the_exit_codes_are_those_that_commands_end_with(zoo: Zoo) -> None:
    text = zoo("skill").stdout
    codes = re.findall(r"^- (\d+): \S", text.partition("## Exit codes")[2], re.M)
    assert codes == [*"0123456789", "129", "130", "143"]
    assert zoo("show", "lstm-embdd").code == 3
    assert re.search(r"^- 3: No model", text, re.M)


def test_an_installed_skill_is_written_again_and_no_other_file_is(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for arguments, folder in ([], ".agents/skills"), ([tmp_path / "mine"], "mine"):
        path = tmp_path / folder / "zoo" / "SKILL.md"
        for _ in range(2):
            result = zoo("skill", "--install", *arguments)
            assert (result.code, result.stdout) == (0, "")
            assert result.stderr == f"wrote {path}\n"
        assert path.read_text() == zoo("skill").stdout
    path.write_text("# my own notes\n")
    result = zoo("skill", "--install", tmp_path / "mine")
    assert result.code == 6
    assert f"{path} is not of zoo skill; move it away" in result.stderr
    assert path.read_text() == "# my own notes\n"


def test_the_front_matter_is_yaml_with_a_name_and_a_short_description(zoo: Zoo) -> None:
    yaml = pytest.importorskip("yaml")
    text = zoo("skill").stdout
    values = yaml.safe_load(text.split("---\n")[1])
    assert values["name"] == "zoo"
    assert 100 < len(values["description"]) <= 1024, "what the format allows"
    assert f"generator: {values['metadata']['generator']}" == GENERATOR


def test_the_commands_of_plugins_have_a_line_and_a_broken_one_has_none(
    zoo: Zoo, install_plugin: InstallPlugin
) -> None:
    assert re.search(r"^- `zoo forecast CHECKPOINT`: ", zoo("skill").stdout, re.M)
    source = """from zoo_core import CommandSpec, hookimpl
@hookimpl
def zoo_commands():
    return [CommandSpec(name="hoot", summary="Hoot.", target="zoo_owl:gone")]
"""
    install_plugin("zoo-owl", "zoo_owl", {"zoo_owl.py": source})
    result = zoo("skill")
    assert result.code == 0, result.stderr
    assert "zoo hoot" not in result.stdout


OWN_DATA = {
    "text": "the quick brown fox jumps over the lazy dog\n" * 60,
    "labelled": "text,label\n"
    + "".join(f"a good day {row},pos\na bad day {row},neg\n" for row in range(60)),
    "series": "t,x\n" + "".join(f"{step},{step % 7}\n" for step in range(120)),
    "translation-pairs": "".join(f"a a {row}\tb {row}\n" for row in range(60)),
}
"""A small file for each dataset of the section on own data."""


@pytest.mark.parametrize("dataset", OWN_DATA)
def test_what_the_skill_says_of_own_data_works_as_it_stands(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = " ".join(zoo("skill").stdout.split())
    found = re.search(rf"`(zoo train \S+ --dataset {dataset} [^`]*)`, then `([^`]*)`", text)
    assert found, f"the skill does not say how to train on {dataset}"
    (tmp_path / "data.csv").write_text(OWN_DATA[dataset], "utf-8")
    check = ("data", "check", "--dataset", dataset, "--dataset.path", "data.csv", "--json")
    assert zoo(*check).code == 0
    for command, more in (found[1], ("--trainer.epochs", "1")), (found[2], ()):
        words = command.replace("FILE", "data.csv").replace("TEXT", "a").split()[1:]
        result = zoo(*words, *more)
        assert result.code == 0, result.stderr
        assert result.stdout


@pytest.mark.parametrize(
    ("folder", "code", "message"),
    [
        ("", 2, "an empty path; write . for the current folder"),
        ("notes.txt", 6, "notes.txt is not a folder; choose another with --install"),
    ],
)
def test_a_skill_is_not_written_into_what_is_no_folder(
    zoo: Zoo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").touch()
    result = zoo("skill", "--install", folder)
    assert (result.code, message in result.stderr) == (code, True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
