"""Every fault between the zoo and the Hub: exit code, one line, and what is left.

``ZOO_WRITE_DOCS=1`` records what was seen for the table in ``docs/hub.md``; else it must be the
same as what is recorded.
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
GENERAL = {
    r"http://(127\.0\.0\.1|localhost):\d+": "https://huggingface.co",
    r"\b[0-9a-f]{40,64}\b": "…",
    r"(?<![:/\w])/\S+/(?=home/|hello|target)": "…/",
    r"\[Errno \d+\] ": "",
}
Tell = Callable[[str, Case, Result], None]


@pytest.fixture(scope="module")
def tell() -> Iterator[Tell]:
    """``tell("pull", case, result)`` holds what was seen against the record, or records it."""
    writing = os.environ.get("ZOO_WRITE_DOCS") == "1"
    seen: dict[str, list[dict[str, object]]] = {}

    def tell_one(command: str, case: Case, result: Result) -> None:
        lines = [line for line in result.stderr.splitlines() if case.said and case.said in line]
        said = lines[-1] if lines else ""
        for pattern, general in GENERAL.items():
            said = re.sub(pattern, general, said)
        row = {"fault": case.what, "exit": result.code, "said": said, "left": case.left}
        seen.setdefault(command, []).append(row)
        if not writing:
            assert row in json.loads(RECORD.read_text("utf-8"))[command]

    yield tell_one
    if writing:
        RECORD.write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n", "utf-8")


def one_line(result: Result, case: Case) -> None:
    """What is said of a fault: the line that the case wants, and no other error."""
    assert result.code == case.code, result.stderr
    errors = [each for each in result.stderr.splitlines() if each.startswith("Error")]
    assert len(errors) == (1 if case.code else 0)
    assert case.said in result.stderr
    assert "Traceback" not in result.stderr
    assert "hf_" not in result.stderr.replace("hf_hub", "")


@pytest.mark.parametrize("case", PULLS, ids=lambda case: case.what)
def test_pull(
    hub: Hub,
    zoo: Zoo,
    files: dict[str, bytes],
    registry: Registry,
    tmp_path: Path,
    home: Path,
    tell: Tell,
    case: Case,
) -> None:
    hub.repo("owner/renamed", files)
    sha = hub.repo("owner/hello", case.spoil(files), **case.how).branches["main"]
    hub.faults = list(case.faults)
    target = tmp_path / "target"
    settings = dict(case.settings)
    if case.pinned:
        settings["ZOO_REGISTRY"] = str(registry(sha, files))
    default = ("lstm-embed.tiny",) if case.pinned else ("hub:owner/hello",)
    result = zoo("pull", *(case.flags or default), "--to", target, **settings)
    one_line(result, case)
    tell("pull", case, result)
    if case.left == WHOLE:
        assert {path.name: path.read_bytes() for path in target.iterdir()} == files
        return
    assert not target.exists()
    assert bool(list(home.rglob("*.quarantine"))) == (case.left == QUARANTINE)
    if case.left in (PART, QUARANTINE) and case.faults:
        hub.faults = []
        hub.ranges.clear()
        assert zoo("pull", "hub:owner/hello", "--to", target).code == 0
        assert bool(hub.ranges) == (case.left == PART)


@pytest.mark.parametrize("case", PUSHES, ids=lambda case: case.what)
def test_push(hub: Hub, zoo: Zoo, checkpoint: Path, home: Path, tell: Tell, case: Case) -> None:
    before = {path.name: path.read_bytes() for path in checkpoint.iterdir() if path.is_file()}
    after = case.spoil(before)
    for name in before.keys() - after.keys():
        (checkpoint / name).unlink()
    for name, data in after.items():
        (checkpoint / name).write_bytes(data)
    hub.faults = list(case.faults)
    arguments = ("push", checkpoint, "owner/hello", *case.flags)
    result = zoo(*arguments, **case.settings)
    one_line(result, case)
    tell("push", case, result)
    staged = home / "zoo" / "pushes" / "owner--hello"
    assert staged.is_dir() == (case.left == BUILT)
    assert commits(hub) == (1 if case.left == ONE else 0)
    if case.left == BUILT:
        assert "to continue: zoo push" in result.stderr
        hub.faults = []
        sent = [each for each in hub.requests if each.startswith("PUT /large/")]
        assert zoo(*arguments).code == 0
        total = [each for each in hub.requests if each.startswith("PUT /large/")]
        assert commits(hub) == 1
        assert len(total) == len(set(total))
        assert set(sent) <= set(total)
        assert not staged.exists()


def commits(hub: Hub) -> int:
    """How many commits were made on top of the first."""
    repo = hub.repos.get("owner/hello")
    return len(repo.commits) - 1 if repo else 0


def test_the_record_has_every_case() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    assert [row["fault"] for row in record["pull"]] == [case.what for case in PULLS]
    assert [row["fault"] for row in record["push"]] == [case.what for case in PUSHES]
