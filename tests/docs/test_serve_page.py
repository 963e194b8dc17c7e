"""The requests of ``docs/serve.md``, sent to a server as the page says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests.docs.session import blocks, commands
from tests.plugins.serve.served import Served, serving

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("serve")]
PAGE = Path(__file__).parents[2] / "docs" / "serve.md"
URL = "http://127.0.0.1:8000"
CHANGING = re.compile(r'"id":"cmpl-\w+"|"created":\d+|"probability":[0-9.]+')
"""What differs from answer to answer, or in its last digits from processor to processor."""


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """The server that the page starts, on a free port."""
    (start, *_) = (block for block in blocks(PAGE.read_text("utf-8")) if block.body.startswith("$"))
    line = commands(start.body)[0].line
    with serving(*line.split()[2:]) as server:
        yield server


def test_every_request_has_the_answer_that_is_shown(server: Served) -> None:
    page = blocks(PAGE.read_text("utf-8"))
    requests = [number for number, block in enumerate(page) if block.language == "bash"]
    assert len(requests) == 2
    for number in requests:
        command = ["bash", "-c", page[number].body.replace(URL, server.url)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        expected = CHANGING.sub("", page[number + 1].body.strip())
        assert CHANGING.sub("", answer.strip()) == expected


def test_the_client_prints_a_text(server: Served) -> None:
    (block,) = (block for block in blocks(PAGE.read_text("utf-8")) if block.language == "python")
    with redirect_stdout(StringIO()) as output:
        exec(block.body.replace(URL, server.url), {})
    assert 0 < len(output.getvalue()) <= 200


def test_the_body_of_a_forecast_is_json() -> None:
    bodies = [json.loads(b.body) for b in blocks(PAGE.read_text("utf-8")) if b.language == "json"]
    assert bodies[-1].keys() == {"model", "data", "steps"}
