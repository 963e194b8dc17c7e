"""Exit codes, help pages and imports of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.cli.command import Zoo
from tests.faults.child import Child
from tests.unprivileged import obey_permissions
from zoo_cli.main import COMMANDS
from zoo_cli.main import zoo as zoo_command
from zoo_core.plugins.import_strings import resolve

HEAVY = ("torch", "numpy", "safetensors", "huggingface_hub", "matplotlib", "tqdm", "yaml")
LIGHT = [["list"], ["list", "--json"], ["--help"], ["plugins"], ["runs"], ["list", "recipes"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_opens(zoo: Zoo, command: str) -> None:
    result = zoo(command, "--help")
    assert result.code == 0
    assert result.stdout.startswith("Usage: zoo")


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["list", "--help"],
        ["train", "--help"],
        ["registry", "add", "--help"],
    ],
)
@pytest.mark.parametrize("content", [None, "models = 3"], ids=["missing", "malformed"])
def test_help_and_version_are_shown_whatever_the_registry_is(
    zoo: Zoo, tmp_path: Path, words: list[str], content: str | None
) -> None:
    path = tmp_path / "registry.toml"
    if content is not None:
        path.write_text(content)
    result = zoo(*words[:-1], "--registry", path, words[-1])
    assert result.code == 0, result
    assert result.stdout.startswith(("Usage: zoo", "zoo, version"))
    assert result.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_names_real_commands(command: str) -> None:
    assert isinstance(resolve(COMMANDS[command].target), click.Command)


def test_listing_and_help_import_nothing_heavy() -> None:
    program = (
        "import json, sys; from zoo_cli.main import run\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    code = run(arguments)\n"
        f"    heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "    if code or heavy: sys.exit(f'{arguments} ends with {code} and imports {heavy}')"
    )
    light = json.dumps([*LIGHT, *([command, "--help"] for command in COMMANDS)])
    done = subprocess.run(
        [sys.executable, "-c", program, light], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Usage: zoo") > len(COMMANDS)


def test_help_of_a_model_imports_no_torch() -> None:
    program = (
        "import sys; from zoo_cli.main import run; run(['train', 'lstm-embed', '--help']);"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "--model.hidden-size" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["lisst"], 2, "list"),
        (["list", "--nonsense"], 2, "nonsense"),
        (["list", "modles"], 2, "models"),
        (["train"], 2, "MODEL"),
        (["train", "lstm-embde"], 3, "lstm-embed"),
        (["train", "lstm-embed.helo"], 3, "lstm-embed.hello"),
        (["train", "lstm-embed", "--dataset", "helo"], 3, "hello"),
        (["train", "lstm-embed", "--trainer", "supervized"], 3, "supervised"),
        (["train", "lstm-embed", "--model.hidden-size", "abc"], 6, "integer >= 1"),
        (["train", "lstm-embed", "--model.hidden-size", "0"], 6, "integer >= 1"),
        (["train", "lstm-embed", "--model.hiden-size", "4"], 2, "hidden-size"),
        (["train", "lstm-embed", "--budget", "soon"], 2, "60s"),
        (["train", "lstm-embed", "--backend", "warp"], 3, "reference"),
        (["train", "lstm-embed", "--device", "abacus"], 6, "cpu"),
        (["train", "lstm-embed", "--trainer", "next-token"], 6, "supervised"),
        (["train", "lstm-embed", "--dataset", "text"], 6, "--dataset text --dataset.path PATH"),
        (["train", "lstm-embed.additio"], 3, "did you mean lstm-embed.addition?\n"),
        (["evaluate", "lstm-embed", "--split", "dev"], 3, "use --split train"),
        (["generate", "lstm-embed", "--top-k", "0"], 2, "'--top-k': 0 is not in the range >= 1"),
        (["generate", "lstm-embed", "--top-k", "abc"], 2, "'abc' is not an integer >= 1 and <="),
        (["generate", "lstm-embed", "--temperature", "hot"], 2, "'hot' is not a number >= 0 and"),
        (["generate", "lstm-embed", "--temperature", "-1"], 2, "'--temperature': -1.0 is not in"),
        (["train", "lstm-embed", "--out", __file__], 6, ".py is not a folder; choose another with"),
        (["reproduce", "rnn-cell.hello", "--out", __file__], 6, "choose another with --out"),
        (["pull", "lstm-embed", "--to", f"{__file__}/x"], 6, ".py is not a folder; choose another"),
        (["show", "nothing-like-it"], 3, "zoo list models"),
        (["predict", "./nowhere", "x"], 3, "nowhere"),
        (["predict", "rnn-scratch.time-machine", "x"], 3, "zoo train rnn-scratch.time-machine"),
        (["resume", "./nowhere"], 3, "nowhere"),
        (["generate", "hub:", "The", "cat"], 2, "arguments (The cat); did you mean --prompt 'The"),
        (["inspect", "hub:", "The"], 2, "unexpected extra argument (The); did you mean --text The"),
        (["forecast", "hub:", "a.csv"], 2, "argument (a.csv); did you mean --file a.csv?"),
        (["show", "lstm-embed", "rnn-embed"], 2, "unexpected extra argument (rnn-embed)\n"),
        (["completion"], 2, "'SHELL'. Choose from: bash, zsh, fish, powershell\n"),
        (["version"], 2, "did you mean zoo --version?"),
        (["runs", "remov"], 2, "no command 'remov'; did you mean remove?"),
        (["registry", "nothing"], 2, "no command 'nothing'; try: zoo registry --help"),
        (["push", "./nowhere", "a/b"], 3, "no checkpoint in nowhere: there is no such folder"),
        (["push", "./nowhere", "a/b", "--dry-run"], 3, "no checkpoint in nowhere: there is no"),
        (["generate", "hub:nobody"], 3, "owner/repo"),
        (["runs", "remove", "nothing"], 3, "nothing"),
    ],
)
def test_an_error_is_one_line_with_the_remedy(
    zoo: Zoo, arguments: list[str], code: int, word: str
) -> None:
    result = zoo(*arguments)
    assert result.code == code, result
    assert result.stdout == ""
    last = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(last) == 1
    assert word in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["generate", "inspect", "predict", "forecast", "train"])
def test_overwrite_without_a_file_to_replace_is_refused(zoo: Zoo, command: str) -> None:
    given = {"inspect": ["--text", "he"], "predict": ["hello"]}.get(command, [])
    result = zoo(command, "lstm-embed", *given, "--overwrite")
    assert result.code == 2
    assert "Error: --overwrite needs --" in result.stderr


def test_every_option_to_overwrite_is_known_to_the_rule_above() -> None:
    asked = set()
    for name in zoo_command.list_commands(context := click.Context(zoo_command)):
        command = zoo_command.get_command(context, name)
        assert command is not None
        if "--overwrite" in {option for param in command.params for option in param.opts}:
            asked.add(name)
    assert asked - {"report"} == {"generate", "inspect", "predict", "forecast", "train"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "notes.csv", "x"], "no checkpoint in notes.csv: it is no folder"),
        (["show", "notes.csv"], "no checkpoint in notes.csv: it is no folder"),
        (["push", "notes.csv", "a/b"], "no checkpoint in notes.csv: it is no folder"),
        (["predict", "run/config.json", "x"], "it is a file of the checkpoint ./run;"),
        (["train", "run"], "'run' is a checkpoint; to start from it: zoo train MODEL --from ./run"),
        (["sweep", "run"], "'run' is a checkpoint; to start from it: zoo train MODEL --from ./run"),
        (["train", "notes"], "no model 'notes'; try: zoo list models"),
    ],
)
def test_a_file_or_a_checkpoint_in_the_place_of_another_thing_is_named(
    zoo: Zoo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.csv").write_text("a,b\n")
    for folder in ("run", "notes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    result = zoo(*arguments)
    assert (result.code, message in result.stderr) == (3, True), result


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
@pytest.mark.parametrize(
    "arguments",
    [
        ["runs"],
        ["runs", "remove", "any"],
        ["show", "rnn-scratch"],
        ["train", "rnn-scratch"],
        ["push", "shut/in/any", "owner/any", "--dry-run"],
        ["plugins", "install", "shut/in/any"],
    ],
)
def test_a_folder_that_may_not_be_entered_is_exit_6(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    shut = tmp_path / "shut"
    (shut / "in" / "runs").mkdir(parents=True)
    monkeypatch.setenv("ZOO_HOME", str(shut / "in"))
    monkeypatch.chdir(tmp_path)
    shut.chmod(0)
    line = refusal(shut, arguments)
    assert "shut/in" in line
    assert "ermission denied" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "lstm-embed", "--out", "shut/run"],
        ["sweep", "lstm-embed", "--seeds", "0-1", "--out", "shut/sweep"],
        ["compare", "lstm-embed", "--seeds", "0", "--epochs", "1", "--out", "shut/comparison"],
        ["reproduce", "lstm-embed.hello", "--out", "shut/report"],
        ["export", "lstm-embed", "--format", "torch", "--to", "shut/exported"],
        ["pull", "lstm-embed", "--to", "shut/copy"],
        ["predict", "lstm-embed", "hello", "--to", "shut/answers.csv"],
        ["skill", "--install", "shut/skills"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_folder_that_may_not_be_written_to_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    line = refusal(shut, arguments)
    assert line.startswith(f"Error: cannot write {arguments[-1]}: permission denied in shut")
    assert not list(shut.iterdir())


def refusal(shut: Path, arguments: list[str]) -> str:
    """The line of a command that may not use a folder, which is opened again after it."""
    try:
        result = Child(shut.with_name("child"), tuple(arguments), obey_permissions).wait()
    finally:
        shut.chmod(0o700)
    assert result.code == 6, result
    (line,) = result.stderr.splitlines()
    return line


def test_debug_shows_the_traceback(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_DEBUG", "1")
    result = zoo("show", "nothing")
    assert result.code == 3
    assert "Traceback" in result.stderr


def test_a_closed_stdout_is_no_error() -> None:
    program = "from zoo_cli.main import main; import sys; sys.argv[1:] = ['list', '--json']; main()"
    command = f'{sys.executable} -c "{program}"'
    script = f"set -o pipefail; {command} | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


def test_version_is_printed(zoo: Zoo) -> None:
    assert zoo("--version").stdout.startswith("zoo, version")


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zoo_cli", "lisst"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("Usage: zoo ")
