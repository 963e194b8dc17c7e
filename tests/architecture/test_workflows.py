"""Workflows: every action is one known commit, no job has more rights than it uses, none hangs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.workspace import ROOT

TEMPLATE = ROOT / "zoo_core" / "src" / "zoo_core" / "scaffold" / "template"
WORKFLOWS = sorted(
    path for folder in (ROOT, TEMPLATE) for path in (folder / ".github" / "workflows").glob("*.yml")
)
USE = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+$")
LATEST = re.compile(r"-latest\b")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: str(path.relative_to(ROOT)))
def workflow(request: pytest.FixtureRequest) -> Path:
    """The file of a workflow, of this repository or of a new plugin."""
    path: Path = request.param
    return path


def _jobs(path: Path) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    jobs: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    return jobs


def test_every_action_is_pinned_to_the_commit_of_a_release(workflow: Path) -> None:
    uses = [
        line.strip("- ") for line in workflow.read_text("utf-8").splitlines() if "uses:" in line
    ]
    assert uses
    assert [line for line in uses if not USE.fullmatch(line)] == []


def test_an_action_has_the_same_commit_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for match in re.finditer(USE.pattern, path.read_text("utf-8"), re.M):
            found.setdefault(match["action"], set()).add(match[0])
    assert {name: uses for name, uses in found.items() if len(uses) > 1} == {}


def test_only_the_job_that_publishes_may_do_more_than_read(workflow: Path) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(workflow.read_text("utf-8"))["permissions"] == {"contents": "read"}
    rights = {name: job.get("permissions") for name, job in _jobs(workflow).items()}
    publish = rights.pop("publish", {"id-token": "write"})
    assert publish == {"id-token": "write"}
    assert set(rights.values()) == {None}


def test_the_job_that_publishes_runs_no_code_of_the_checkout(workflow: Path) -> None:
    steps = _jobs(workflow).get("publish", {}).get("steps", [])
    assert not [step for step in steps if "checkout" in step.get("uses", "")]
    assert not [step for step in steps if "python" in step.get("run", "")]


def test_no_checkout_leaves_its_token_on_the_disk(workflow: Path) -> None:
    steps = [step for job in _jobs(workflow).values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_no_command_is_made_of_what_an_event_says(workflow: Path) -> None:
    steps = [step for job in _jobs(workflow).values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_no_workflow_names_the_address_of_a_package_index(workflow: Path) -> None:
    assert not re.search(r"index-url|//[\w.-]+/(?:simple|whl)\b", workflow.read_text("utf-8"))


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_a_job_of_this_repository_has_a_time_limit_and_a_system_that_stays(name: str) -> None:
    path = ROOT / ".github" / "workflows" / name
    assert [job for job, facts in _jobs(path).items() if "timeout-minutes" not in facts] == []
    assert not LATEST.search(path.read_text("utf-8"))
