"""Times: what is read, the season that they suggest, and the times that follow."""

from __future__ import annotations

import pytest

from zoo_series.times import parse_times


@pytest.mark.parametrize(
    ("labels", "season", "following"),
    [
        (["2023-11", "2023-12"], 12, ["2024-01", "2024-02"]),
        (["2023-Q3", "2023-Q4"], 4, ["2024-Q1", "2024-Q2"]),
        (["2023q4", "2024q1"], 4, ["2024q2", "2024q3"]),
        (["2024-02-27", "2024-02-28"], 7, ["2024-02-29", "2024-03-01"]),
        (["2024-01-31", "2024-02-29"], 12, ["2024-03-31", "2024-04-30"]),
        (["2024-11-01", "2024-12-01"], 12, ["2025-01-01", "2025-02-01"]),
        (["2024-12-30", "2025-01-30"], 12, ["2025-02-28", "2025-03-30"]),
        (["2024-01-01", "2024-01-08"], 52, ["2024-01-15", "2024-01-22"]),
        (
            ["2024-01-01 22:00", "2024-01-01 23:00"],
            24,
            ["2024-01-02 00:00:00", "2024-01-02 01:00:00"],
        ),
        (["2024-01-01T00:00:00", "2024-01-01T00:10:00"], None, ["2024-01-01T00:20:00"]),
        (["1", "2", "3"], None, ["4", "5"]),
        (["0.5", "1.0"], None, ["1.5", "2"]),
        (["1990", "1995"], None, ["2000"]),
        (["2024-05-01"], None, ["2024-05-01"]),
    ],
)
def test_times_are_continued_as_they_are_written(
    labels: list[str], season: int | None, following: list[str]
) -> None:
    times = parse_times(labels)
    assert times is not None
    assert times.season == season
    if len(labels) > 1:
        assert times.following(len(following)) == following


def test_a_gap_does_not_change_the_step() -> None:
    times = parse_times(["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"])
    assert times is not None
    assert times.following(1) == ["2024-01-07"]


@pytest.mark.parametrize("labels", [["Monday", "Tuesday"], ["2024-13", "2024-14"], ["", "1"]])
def test_other_labels_are_no_times(labels: list[str]) -> None:
    assert parse_times(labels) is None


def test_the_first_time_that_does_not_increase_is_found() -> None:
    times = parse_times(["1", "3", "3"])
    assert times is not None
    assert times.first_decrease() == 2
