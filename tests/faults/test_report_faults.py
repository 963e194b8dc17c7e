"""Reports: nothing is replaced or half-written, and a missing plugin is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import fault


@fault(
    90,
    "the plugin of a command is not installed",
    says="Error: zoo report comes with zoo-report: …",
    code=7,
    left="nothing",
)
def test_a_missing_plugin_of_a_command_is_named(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm")
    met(zoo("report", hello, "--to", tmp_path / "report.html"))
    assert not (tmp_path / "report.html").exists()


@pytest.mark.full
@fault(
    91,
    "the file of a report exists",
    says="Error: … exists already; choose another, or --overwrite",
    code=6,
    left="the file as it was",
)
def test_a_report_replaces_no_file(zoo: Zoo, met: Met, hello: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("mine")
    met(zoo("report", hello, "--to", path))
    assert path.read_text() == "mine"


@pytest.mark.full
@fault(
    91,
    "the run of a report has not ended",
    says="Error: … is unfinished: zoo resume …",
    code=6,
    left="no report",
)
def test_a_report_needs_a_run_that_has_ended(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path
) -> None:
    (hello / "config.json").unlink()
    met(zoo("report", hello, "--to", tmp_path / "report.html"))
    assert not (tmp_path / "report.html").exists()


@pytest.mark.full
@fault(
    91,
    "the manifest of a run of a report is damaged",
    says="Error: …config.json: not JSON: …",
    code=4,
    left="no report",
)
def test_a_report_on_a_damaged_run_is_refused(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path
) -> None:
    (hello / "config.json").write_text("{")
    met(zoo("report", hello, "--to", tmp_path / "report.html"))
    assert not (tmp_path / "report.html").exists()
