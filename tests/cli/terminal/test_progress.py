"""Progress of a run on stderr."""

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
    """A clock that advances by 30 ms whenever it is read."""
    times: Iterator[float] = (look * 0.03 for look in range(10 * EPOCHS))
    monkeypatch.setattr("zoo_cli.terminal.progress.time.monotonic", lambda: next(times))


def printed_epochs(capsys: pytest.CaptureFixture[str]) -> list[int]:
    """The epochs that have a line."""
    lines = capsys.readouterr().err.splitlines()
    return [int(line.split()[1].split("/")[0]) for line in lines if line.startswith("epoch")]


@pytest.mark.usefixtures("clock")
def test_log_has_ten_lines_a_second_and_the_first_and_last_epoch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line every 0.12 s, which is four looks at the clock."""
    shown = Progress()
    for epoch in range(1, EPOCHS + 1):
        shown.show(ended(epoch))
    shown.close()
    assert printed_epochs(capsys) == [*range(1, EPOCHS, 4), EPOCHS]


@pytest.mark.usefixtures("clock")
def test_no_epoch_is_printed_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Closing prints the line that was left out, once."""
    shown = Progress()
    for epoch in (1, 2, 3):
        shown.show(ended(epoch))
    shown.close()
    shown.close()
    assert printed_epochs(capsys) == [1, 3]


@pytest.mark.usefixtures("clock")
def test_a_sample_is_always_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """With the line of its epoch, however soon it comes."""
    shown = Progress()
    for epoch in (1, 2, 3):
        shown.show(ended(epoch, sample=f"text {epoch}"))
    assert printed_epochs(capsys) == [1, 2, 3]
