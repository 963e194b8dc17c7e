"""Encoding a text in several processes, and in one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zoo_core.storage.locations import encoded_folder
from zoo_text.configs import TextConfig
from zoo_text.dataset import TextDataset
from zoo_text.textfile import text_file

pytestmark = pytest.mark.gate
PROGRAM = """
import sys
from pathlib import Path
from zoo_text.configs import TextConfig
from zoo_text.textfile import text_file

dataset = text_file(TextConfig(path=(Path(sys.argv[1]),), tokens="word"), None)
print(dataset.fingerprint, int(dataset.tokens.sum()))
"""
KILLED = """
import os, signal
from zoo_text.encoding import Encoder

encode, pieces = Encoder.encode, []


def encode_one(self, piece):
    if pieces:
        os.kill(os.getpid(), signal.SIGKILL)
    pieces.append(piece)
    return encode(self, piece)


Encoder.encode = encode_one
"""
"""Kills a process that has written the ids of the first piece of a text."""
LINE = "The quick brown fox jumps over the lazy dog, and it barks.\n"
LINES = 20_000
"""Lines of a text whose encoding takes both processes a moment."""
DEADLINE = 300.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a text is."""
    return tmp_path / "text.txt"


def start(path: Path, program: str = PROGRAM) -> subprocess.Popen[str]:
    """Starts a process that encodes a text."""
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def opened(path: Path) -> TextDataset:
    """Returns the text in this process."""
    return text_file(TextConfig(path=(path,), tokens="word"), None)


def test_two_processes_wait_for_each_other(path: Path) -> None:
    path.write_text(LINE * LINES)
    processes = [start(path) for _ in range(2)]
    printed = {process.communicate(timeout=DEADLINE)[0] for process in processes}
    dataset = opened(path)
    assert printed == {f"{dataset.fingerprint} {int(dataset.tokens.sum())}\n"}
    assert len(list(encoded_folder().rglob("about.json"))) == 1
    assert not list(encoded_folder().rglob(".*.tmp"))


def test_what_a_killed_process_left_is_made_again(path: Path) -> None:
    path.write_text(LINE * LINES)
    process = start(path, KILLED + PROGRAM)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == -signal.SIGKILL
    assert list(encoded_folder().rglob(".tokens-*.tmp/tokens"))
    assert not list(encoded_folder().rglob("about.json"))
    dataset = opened(path)
    assert len(dataset.tokens) == len(dataset.vocabulary.tokenizer.split(LINE)) * LINES
    assert not list(encoded_folder().rglob(".*.tmp"))
