"""A Hub on loopback, and the real command that speaks to it from a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM, Result, Zoo
from tests.hub.server import TOKEN, Hub, running_hub
from tests.unprivileged import obey_permissions
from zoo_cli.main import run

ALONE = """
import os, sys
TALK = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname")
sys.addaudithook(lambda event, arguments: event in TALK and os._exit(99))
"""
"""Ends the process at the first word to any network."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub without repos."""
    with running_hub() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the Hub's cache and the zoo's own files lie."""
    return tmp_path / "home"


@pytest.fixture
def zoo(hub: Hub, home: Path) -> Zoo:
    """``zoo("pull", ...)``: the command in a process whose Hub is the one on loopback."""
    return in_a_process(hub, home, PROGRAM)


@pytest.fixture
def zoo_alone(hub: Hub, home: Path) -> Zoo:
    """The command in a process that ends with 99 if it turns to any network."""
    return in_a_process(hub, home, ALONE + PROGRAM)


def settings_for(hub: Hub, home: Path) -> dict[str, str]:
    """The environment of a command whose Hub is the one on loopback."""
    cleared = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    return cleared | {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home / "huggingface"),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "ZOO_HOME": str(home / "zoo"),
    }


def in_a_process(hub: Hub, home: Path, program: str) -> Zoo:
    """The command; file permissions hold for it even if they do not for who tests it."""

    def call(*arguments: object, **settings: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            preexec_fn=obey_permissions,
            env={k: v for k, v in (settings_for(hub, home) | settings).items() if v},
        )
        assert TOKEN not in done.stdout + done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def hello_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of ``lstm-embed.hello``, to be read only."""
    folder = tmp_path_factory.mktemp("hub") / "hello"
    assert run(["train", "lstm-embed", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def files(hello_once: Path) -> dict[str, bytes]:
    """What a repo with that checkpoint holds."""
    names = ("config.json", "model.safetensors", "README.md")
    return {name: (hello_once / name).read_bytes() for name in names}


@pytest.fixture
def checkpoint(hello_once: Path, tmp_path: Path) -> Path:
    """That checkpoint, to do with as one likes."""
    return shutil.copytree(hello_once, tmp_path / "hello")


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
