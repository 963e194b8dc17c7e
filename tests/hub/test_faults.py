"""Every fault between the zoo and the Hub: the exit code, the message and the outcome.

The results must equal the record that the tables of ``docs/hub.md`` are made of. With
``ZOO_WRITE_DOCS=1`` and ``-n 0`` they replace it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import Result, Zoo
from tests.hub.cases import BUILT, ONE, PART, PULLS, PUSHES, QUARANTINE, WHOLE, Case
from tests.hub.conftest import Registry
from tests.hub.server import Hub

RECORD = Path(__file__).parents[2] / "docs" / "results" / "hub-faults.json"
PLACEHOLDERS = {
    r"http://(127\.0\.0\.1|localhost):\d+": "https://huggingface.co",
    r"\b[0-9a-f]{40,64}\b": "…",
    r"(?<![:/\w])/\S+/(?=home/|hello|target)": "…/",
}
"""Patterns of what differs from run to run, and what stands in its place in the record."""
CompareWithRecord = Callable[[str, Case, Result], None]


@pytest.fixture(scope="module")
def compare_with_record() -> Iterator[CompareWithRecord]:
    """``compare_with_record("pull", case, result)`` compares with the record, or writes it."""
    writing = os.environ.get("ZOO_WRITE_DOCS") == "1"
    rows: dict[str, list[dict[str, object]]] = {}

    def compare(command: str, case: Case, result: Result) -> None:
        lines = [
            line for line in result.stderr.splitlines() if case.message and case.message in line
        ]
        message = lines[-1] if lines else ""
        for pattern, placeholder in PLACEHOLDERS.items():
            message = re.sub(pattern, placeholder, message)
        row = {
            "fault": case.fault,
            "exit": result.code,
            "message": message,
            "outcome": case.outcome,
        }
        rows.setdefault(command, []).append(row)
        if not writing:
            assert row in json.loads(RECORD.read_text("utf-8"))[command]

    yield compare
    if writing:
        RECORD.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")


def check_result(result: Result, case: Case) -> None:
    """Asserts the exit code and one error line, without a traceback and without the token."""
    assert result.code == case.code, result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert len(errors) == (1 if case.code else 0)
    assert case.message in result.stderr
    assert "Traceback" not in result.stderr
    assert "hf_" not in result.stderr.replace("hf_hub", "")


@pytest.mark.parametrize("case", PULLS, ids=lambda case: case.fault)
def test_pull(
    hub: Hub,
    zoo: Zoo,
    files: dict[str, bytes],
    registry: Registry,
    tmp_path: Path,
    home: Path,
    compare_with_record: CompareWithRecord,
    case: Case,
) -> None:
    hub.repo("owner/renamed", files)
    sha = hub.repo("owner/hello", case.change_files(files), **case.repo).branches["main"]
    hub.faults = list(case.faults)
    target = tmp_path / "target"
    settings = dict(case.settings)
    if case.pinned:
        settings["ZOO_REGISTRY"] = str(registry(sha, files))
    default = ("lstm-embed.tiny",) if case.pinned else ("hub:owner/hello",)
    result = zoo("pull", *(case.flags or default), "--to", target, **settings)
    check_result(result, case)
    compare_with_record("pull", case, result)
    if case.outcome == WHOLE:
        assert {path.name: path.read_bytes() for path in target.iterdir()} == files
        return
    assert not target.exists()
    assert bool(list(home.rglob("*.quarantine"))) == (case.outcome == QUARANTINE)
    if case.outcome in (PART, QUARANTINE) and case.faults:
        hub.faults = []
        hub.ranges.clear()
        assert zoo("pull", "hub:owner/hello", "--to", target).code == 0
        assert bool(hub.ranges) == (case.outcome == PART)


@pytest.mark.parametrize("case", PUSHES, ids=lambda case: case.fault)
def test_push(
    hub: Hub,
    zoo: Zoo,
    hello: Path,
    home: Path,
    compare_with_record: CompareWithRecord,
    case: Case,
) -> None:
    before = {path.name: path.read_bytes() for path in hello.iterdir() if path.is_file()}
    after = case.change_files(before)
    for name in before.keys() - after.keys():
        (hello / name).unlink()
    for name, data in after.items():
        (hello / name).write_bytes(data)
    hub.faults = list(case.faults)
    arguments = ("push", hello, "owner/hello", *case.flags)
    result = zoo(*arguments, **case.settings)
    check_result(result, case)
    compare_with_record("push", case, result)
    upload = home / "zoo" / "pushes" / "owner--hello"
    assert upload.is_dir() == (case.outcome == BUILT)
    assert count_commits(hub) == (1 if case.outcome == ONE else 0)
    if case.outcome == BUILT:
        assert "to continue: zoo push" in result.stderr
        hub.faults = []
        sent_before = uploads(hub)
        assert zoo(*arguments).code == 0
        sent = uploads(hub)
        assert count_commits(hub) == 1
        assert len(sent) == len(set(sent))
        assert set(sent_before) <= set(sent)
        assert not upload.exists()


def uploads(hub: Hub) -> list[str]:
    """The requests that sent a large file."""
    return [request for request in hub.requests if request.startswith("PUT /large/")]


def count_commits(hub: Hub) -> int:
    """The number of commits on top of the first."""
    repo = hub.repos.get("owner/hello")
    return len(repo.commits) - 1 if repo else 0


def test_the_record_has_every_case() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    assert [row["fault"] for row in record["pull"]] == [case.fault for case in PULLS]
    assert [row["fault"] for row in record["push"]] == [case.fault for case in PUSHES]
