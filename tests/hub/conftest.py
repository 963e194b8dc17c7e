"""A Hub on loopback, and the command line in processes of their own that use it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cli.command import Result, Zoo
from tests.hub.process import run_forked, run_forked_in_turn
from tests.hub.server import TOKEN, Hub, running_hub


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs these tests in one worker, which starts one fork server."""
    folder = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(folder):
            item.add_marker(pytest.mark.xdist_group("hub"))


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub without repos."""
    with running_hub() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the Hub's cache and of the zoo's own files."""
    return tmp_path / "home"


@pytest.fixture
def zoo(hub: Hub, home: Path, tmp_path: Path) -> Zoo:
    """``zoo("pull", ...)``: the command in a forked process whose Hub is the one on loopback."""
    return forked(hub, home, tmp_path)


InTurn = Callable[..., list[Result]]


@pytest.fixture
def in_turn(hub: Hub, home: Path, tmp_path: Path) -> InTurn:
    """``in_turn("pulls", commands)``: commands one after the other in one forked process."""
    return lambda name, commands: run_forked_in_turn(
        tmp_path / name, [tuple(map(str, words)) for words in commands], settings_for(hub, home)
    )


@pytest.fixture
def offline_zoo(hub: Hub, home: Path, tmp_path: Path) -> Zoo:
    """The command in a forked process that ends with ``NETWORK_USED`` if it uses the network."""
    return forked(hub, home, tmp_path, network=False)


def forked(hub: Hub, home: Path, tmp_path: Path, *, network: bool = True) -> Zoo:
    """The command in a forked process; its output never holds the token."""
    numbers = count()

    def call(*arguments: object, **settings: str) -> Result:
        folder = tmp_path / f"process-{next(numbers)}"
        environment = settings_for(hub, home, **settings)
        result = run_forked(folder, tuple(map(str, arguments)), environment, network=network)
        assert TOKEN not in result.stdout + result.stderr
        return result

    return call


def settings_for(hub: Hub, home: Path, **settings: str) -> dict[str, str]:
    """The environment of a command whose Hub is the one on loopback.

    Args:
        hub: That Hub.
        home: Where the Hub's cache and the zoo's own files lie.
        settings: Further variables; an empty one is unset.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    environment = inherited | {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home / "huggingface"),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "ZOO_HOME": str(home / "zoo"),
    }
    return {key: value for key, value in (environment | settings).items() if value}


@pytest.fixture(scope="session")
def trained_on_a_file(hello_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that started from hello and was trained on a file; tests must not change it."""
    home = tmp_path_factory.mktemp("telling-home")
    (home / "letters.txt").write_text("hello" * 100)
    sizes = ("--dataset.steps", "8", "--trainer.batch-size", "2")
    out = ("--from", str(hello_once), "--out", str(home / "letters"))
    own = {"ZOO_HOME": str(home / "zoo"), "MPLCONFIGDIR": str(home / "matplotlib")}
    data = ("--dataset", "text", "--dataset.path", str(home / "letters.txt"))
    arguments = ("train", "lstm-embed", *data, *sizes, "--trainer.epochs", "1", *out)
    result = run_forked(home / "process", arguments, os.environ | own)
    assert result.code == 0, result.stderr
    return home / "letters"


@pytest.fixture
def files(hello_once: Path) -> dict[str, bytes]:
    """The files of a repo with the checkpoint ``hello``."""
    names = ("config.json", "model.safetensors", "README.md")
    return {name: (hello_once / name).read_bytes() for name in names}


Registry = Callable[..., Path]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """``registry(sha, files)``: a registry that pins a commit of ``owner/hello``."""

    def write(sha: str, files: dict[str, bytes]) -> Path:
        pins = [
            f"files.{json.dumps(name)} = {{ size = {len(data)}, "
            f'sha256 = "{hashlib.sha256(data).hexdigest()}" }}'
            for name, data in files.items()
        ]
        head = f'[checkpoints.lstm-embed.tiny]\nsource = "hub:owner/hello"\nrevision = "{sha}"'
        path = tmp_path / "registry.toml"
        path.write_text("\n".join(["schema = 1", head, *pins]))
        return path

    return write
