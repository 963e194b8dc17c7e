"""``zoo ui``, started as ``docs/ui.md`` says."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM
from tests.docs.pages import DOCS, read_document
from tests.docs.session import NUMBER, commands

pytestmark = pytest.mark.full
PAGE = DOCS / "ui.md"


def test_the_command_prints_an_address_that_answers(tmp_path: Path) -> None:
    (block,) = (b for b in read_document(PAGE.read_text("utf-8")).blocks if b.never)
    (command,) = commands(block.body)
    # The port of the page may be another program's.
    words = [sys.executable, "-c", PROGRAM, *command.line.split()[1:], "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert [NUMBER.sub("#", address)] == [NUMBER.sub("#", row) for row in command.printed]
        with contextlib.closing(urllib.request.urlopen(address, timeout=60)) as answer:
            assert answer.read(15).lower() == b"<!doctype html>"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.communicate()
