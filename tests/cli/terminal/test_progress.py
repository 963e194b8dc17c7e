"""Progress of a run on stderr."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zoo_cli.terminal.progress import Progress
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Event, Started, Stepped

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


EVENTS: list[Event] = [
    *(Stepped(2, batch, 40, 1.2345, 500 * batch, 0.5 * batch) for batch in range(1, 41)),
    *(Evaluated("validation", batch, 40) for batch in range(1, 41)),
]


def test_a_log_has_a_line_every_thirty_seconds_within_an_epoch_and_an_evaluation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter(range(0, 1000, 2))
    monkeypatch.setattr("zoo_cli.terminal.progress.time.monotonic", lambda: next(times))
    shown = Progress()
    for event in EVENTS:
        shown.show(event)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert lines[0] == "epoch 2, batch 15 of 40: loss 1.234, 1,000 tokens/s"
    assert lines[-1] == "evaluating validation, batch 35 of 40"


def test_a_bar_shows_rounded_epochs_and_moves_in_an_evaluation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("zoo_cli.terminal.progress.REFRESH_INTERVAL", 0.0)
    shown = Progress()
    shown.show(Started(1, 6, 109, 1000, "cpu", "native"))
    shown.show(Stepped(1, 1, 109, 1.0, 10, 0.1))
    shown.show(Evaluated("validation", 3, 40))
    error = capsys.readouterr().err
    assert "0.01/6" in error
    assert "validation 3/40" in error
    assert "0.0091" not in error
    shown.close()
