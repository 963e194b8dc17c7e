"""What a run says on stderr while it goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zoo_cli.terminal.progress import Progress
from zoo_core.runtime.training.events import EpochEnded

EPOCHS = 100


def ended(epoch: int, sample: str = "") -> EpochEnded:
    """The end of an epoch of a hundred."""
    return EpochEnded(epoch, EPOCHS, {"train": {"loss": 1 / epoch}}, True, 1000.0, 0.03, sample)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is 30 ms after the last."""
    times: Iterator[float] = (look * 0.03 for look in range(10 * EPOCHS))
    monkeypatch.setattr("zoo_cli.terminal.progress.time.monotonic", lambda: next(times))


def epochs_said(capsys: pytest.CaptureFixture[str]) -> list[int]:
    """The epochs that have a line."""
    said = capsys.readouterr().err.splitlines()
    return [int(line.split()[1].split("/")[0]) for line in said if line.startswith("epoch")]


@pytest.mark.usefixtures("clock")
def test_log_has_ten_lines_a_second_and_the_first_and_last_epoch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line every 0.12 s, which is four looks at the clock."""
    shown = Progress()
    for epoch in range(1, EPOCHS + 1):
        shown.show(ended(epoch))
    shown.close()
    assert epochs_said(capsys) == [*range(1, EPOCHS, 4), EPOCHS]


@pytest.mark.usefixtures("clock")
def test_no_epoch_is_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """The last one was held back, then said at the end, and then forgotten."""
    shown = Progress()
    for epoch in (1, 2, 3):
        shown.show(ended(epoch))
    shown.close()
    shown.close()
    assert epochs_said(capsys) == [1, 3]


@pytest.mark.usefixtures("clock")
def test_a_sample_is_always_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With the line of its epoch, however soon it comes."""
    shown = Progress()
    for epoch in (1, 2, 3):
        shown.show(ended(epoch, sample=f"text {epoch}"))
    assert epochs_said(capsys) == [1, 2, 3]
