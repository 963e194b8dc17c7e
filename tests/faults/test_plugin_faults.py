"""Plugins: a broken plugin is a row with the reason, and the others work."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import InstallPlugin, Result, Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault
from zoo_core.plugins import watchdog

PREAMBLE = """
from zoo_core import ModelSpec, hookimpl

ZOO_API = 3


def model(name="owl"):
    return ModelSpec(name=name, summary="A model.", config="", factory="")

"""
GOOD = "@hookimpl\ndef zoo_models():\n    return [model()]\n"
SAYS = "plugin zoo-owl is broken: {}; see: zoo plugins"
LEFT = "everything as it was; the other plugins work"
CLOSES = "it closes stdout or stderr"
Install = Callable[..., None]


@pytest.fixture
def install(install_plugin: InstallPlugin) -> Install:
    """``install(source)``: an installed plugin ``zoo-owl`` whose module has that source."""

    def write(source: str, name: str = "zoo-owl") -> None:
        module = name.replace("-", "_") + "_plugin"
        install_plugin(name, module, {f"{module}.py": source} if source else {})

    return write


def broken(number: int, what: str, says: str) -> tuple[int, str, str, int, str]:
    """Returns the row of the table for a broken plugin."""
    return number, what, SAYS.format(says), 0, LEFT


@pytest.mark.parametrize(
    "source",
    [
        case(broken(29, "raises at import", "ValueError: no luck"), "raise ValueError('no luck')"),
        case(broken(29, "SystemExit at import", "SystemExit: 3"), "import sys; sys.exit(3)"),
        case(broken(29, "KeyboardInterrupt", "KeyboardInterrupt"), "raise KeyboardInterrupt"),
        case(broken(29, "a syntax error", "SyntaxError: …"), "def ("),
        case(
            broken(29, "SystemExit in a hook", "SystemExit: 3"),
            PREAMBLE + "@hookimpl\ndef zoo_models():\n    raise SystemExit(3)\n",
        ),
        case(
            broken(32, "registers half, then fails", "RuntimeError: half"),
            PREAMBLE + GOOD + "@hookimpl\ndef zoo_datasets():\n    raise RuntimeError('half')\n",
        ),
        case(
            broken(33, "a newer API", "built for plugin API 99, …: upgrade zoo-core"),
            PREAMBLE.replace("= 3", "= 99") + GOOD,
        ),
        case(
            broken(33, "an older API", "built for plugin API 0, …"),
            PREAMBLE.replace("= 3", "= 0") + GOOD,
        ),
        case(
            broken(30, "hangs", "it hangs: given up after 2 s"),
            "try:\n    import time; time.sleep(60)\nexcept Exception:\n    pass\n",
        ),
        case(
            broken(30, "hangs, and catches what would end it", "it hangs: given up after 4 s"),
            "import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    time.sleep(60)\n",
        ),
        case(broken(34, "its module is gone", "ModuleNotFoundError: …"), ""),
        case(
            broken(35, "a hook returns no list", "zoo_models must return a list …"),
            PREAMBLE + "@hookimpl\ndef zoo_models():\n    return model()\n",
        ),
        case(
            broken(35, "a hook returns other things", "zoo_models must return …"),
            PREAMBLE + "@hookimpl\ndef zoo_models():\n    return [3]\n",
        ),
        case(
            broken(35, "a hook offers a name twice", "zoo_models offers 'owl' twice"),
            PREAMBLE + "@hookimpl\ndef zoo_models():\n    return [model(), model()]\n",
        ),
    ],
)
def test_a_broken_plugin_is_a_row_and_the_commands_work(
    zoo: Zoo, met: Met, install: Install, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    install(source)
    listed = zoo("list", "--json")
    met(listed)
    monkeypatch.setattr(watchdog, "IDLE_LIMIT", 0.3)  # for each of the commands that follow
    names = {row["name"] for row in listed.json}
    assert "lstm-embed" in names
    assert "owl" not in names
    rows = {row["name"]: row for row in zoo("plugins", "--json").json}
    assert rows["zoo-owl"]["state"] in ("broken", "incompatible")
    assert rows["zoo-owl"]["reason"]
    assert "zoo-owl" in rows["zoo-owl"]["remedy"]
    assert rows["zoo-lstm"]["state"] == "ok"
    assert zoo("predict", "lstm-embed", "hello").stdout == "ohlol\n"


@fault(30, "prints", says="loud", code=0, left=LEFT)
def test_prints_go_to_stderr(zoo: Zoo, met: Met, install: Install) -> None:
    noisy = GOOD.replace("return", "print('louder')\n    return")
    install("print('loud')\n" + PREAMBLE + noisy)
    listed = zoo("list", "--json")
    met(listed)
    assert "louder" in listed.stderr
    assert "owl" in {row["name"] for row in listed.json}


@fault(30, "starts a thread that never ends", says="", code=0, left=LEFT)
def test_a_thread_of_a_plugin_does_not_keep_a_command_running(
    zoo_process: Callable[..., subprocess.Popen[str]],
    met: Met,
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endless = "threading.Thread(target=threading.Event().wait).start()\n"
    install("import threading\n" + endless + PREAMBLE + GOOD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    process = zoo_process("list")
    stdout, stderr = process.communicate(timeout=60)
    assert "owl" in stdout
    met(Result(process.returncode, stdout, stderr))


@pytest.mark.parametrize(
    "source",
    [
        case(broken(30, "closes what it prints to", CLOSES), "import sys\nsys.stdout.close()\n"),
        case(broken(30, "closes stdout", CLOSES), "import sys\nsys.__stdout__.close()\n"),
    ],
)
def test_a_stream_that_a_plugin_closes_is_open_for_the_command(
    zoo_process: Callable[..., subprocess.Popen[str]],
    met: Met,
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    install(source + PREAMBLE + GOOD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    process = zoo_process("list")
    stdout, stderr = process.communicate(timeout=60)
    assert "lstm-embed" in stdout
    met(Result(process.returncode, stdout, stderr))


@fault(30, "imports torch", says="", code=0, left=LEFT)
def test_a_plugin_that_imports_torch_works(zoo: Zoo, met: Met, install: Install) -> None:
    install("import torch\n" + PREAMBLE + GOOD)
    met(zoo("list"))


@fault(
    31,
    "two plugins offer a name",
    says="Error: model 'owl' is offered twice: write zoo-elf:owl or zoo-owl:owl",
    code=3,
    left=LEFT,
)
def test_a_duplicate_name_is_refused_when_it_is_used(zoo: Zoo, met: Met, install: Install) -> None:
    install(PREAMBLE + GOOD)
    install(PREAMBLE + GOOD, "zoo-elf")
    met(zoo("show", "owl"))
    assert [row["plugin"] for row in zoo("list", "models", "owl", "--json").json] == [
        "zoo-elf",
        "zoo-owl",
    ]


LOGGER = """
from zoo_core import LoggerSpec, hookimpl

ZOO_API = 3


def logger(target):
    raise OSError("the server is away")


@hookimpl
def zoo_loggers():
    return [LoggerSpec(name="owl", summary="A logger.", factory="zoo_owl_plugin:logger")]
"""


@fault(
    32,
    "a logger raises",
    says=(
        "the logger owl failed and is off; training goes on: …, line 8: OSError: the server is away"
    ),
    code=0,
    left="a complete checkpoint, as without the logger",
)
def test_a_logger_that_raises_does_not_end_a_run(
    zoo: Zoo, met: Met, install: Install, brief: list[object], tmp_path: Path
) -> None:
    install(LOGGER)
    met(zoo(*brief, "--logger", "owl"))
    assert zoo("predict", tmp_path / "run", "hello").code == 0


@fault(
    32,
    "an unknown logger",
    says="Error: no logger 'tensorbord'; did you mean tensorboard?",
    code=3,
    left="nothing; not trained",
)
def test_an_unknown_logger_is_refused(
    zoo: Zoo, met: Met, brief: list[object], tmp_path: Path
) -> None:
    met(zoo(*brief, "--logger", "tensorbord"))
    assert not (tmp_path / "run" / "config.json").exists()


@fault(
    32,
    "the logger of a plugin that is not loaded",
    says="Error: the logger tensorboard comes with zoo-tensorboard: …",
    code=7,
    left="nothing; not trained",
)
def test_a_logger_of_a_missing_plugin_is_refused(
    zoo: Zoo, met: Met, brief: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm,zoo-text,zoo-train")
    met(zoo(*brief, "--logger", "tensorboard"))
    assert not (tmp_path / "run" / "config.json").exists()
