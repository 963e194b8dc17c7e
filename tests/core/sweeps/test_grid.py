"""Grids: combinations of values, and random ones."""

from __future__ import annotations

import pytest

from zoo_core.errors import ConfigError
from zoo_core.sweeps.grid import Grid


def test_every_combination_comes_once_and_the_last_key_varies_fastest() -> None:
    grid = Grid(seeds=(0,), values={"a": (1, 2), "b": ("x", "y")})
    assert [tuple(values.values()) for values in grid.settings()] == [
        (1, "x"),
        (1, "y"),
        (2, "x"),
        (2, "y"),
    ]


def test_more_draws_continue_the_earlier_ones() -> None:
    ranges, values = {"t.rate": "log:1e-4..1e-1"}, {"m.size": (1, 2, 3)}
    few = list(Grid(seeds=(0,), values=values, ranges=ranges, random=3).settings())
    many = list(Grid(seeds=(0,), values=values, ranges=ranges, random=8).settings())
    assert many[:3] == few
    assert len({values["t.rate"] for values in many}) == 8
    assert {values["m.size"] for values in many} <= {1, 2, 3}


def test_the_draws_of_a_setting_do_not_depend_on_other_settings() -> None:
    one = Grid(seeds=(0,), ranges={"a": "int:0..9"}, random=5)
    two = Grid(seeds=(0,), ranges={"b": "int:0..9", "a": "int:0..9"}, random=5)
    assert [v["a"] for v in one.settings()] == [v["a"] for v in two.settings()]


def test_a_grid_of_too_many_runs_is_refused() -> None:
    grid = Grid(seeds=tuple(range(101)), values={"a": tuple(range(100))})
    with pytest.raises(ConfigError, match="10,100 runs: at most 10,000"):
        grid.check_size()
    Grid(seeds=tuple(range(100)), values={"a": tuple(range(100))}).check_size()


def test_every_value_of_a_list_is_drawn() -> None:
    grid = Grid(seeds=(0,), values={"a": (1, 2, 3)}, random=30)
    assert {drawn["a"] for drawn in grid.settings()} == {1, 2, 3}


@pytest.mark.parametrize(
    ("other", "covered"),
    [
        (Grid(seeds=(1,), values={"a": (2,)}), True),
        (Grid(seeds=(2,), values={"a": (2,)}), False),
        (Grid(seeds=(1,), values={"a": (3,)}), False),
        (Grid(seeds=(1,)), False),
        (Grid(seeds=(1,), values={"a": (2,)}, random=1), False),
    ],
)
def test_a_grid_covers_one_with_fewer_seeds_and_values(other: Grid, covered: bool) -> None:
    assert Grid(seeds=(0, 1), values={"a": (1, 2)}).covers(other) == covered


def test_more_draws_of_the_same_ranges_cover_fewer() -> None:
    ranges = {"a": "int:0..9"}
    many, few = (Grid(seeds=(0,), ranges=ranges, random=count) for count in (5, 3))
    assert many.covers(few)
    assert not few.covers(many)


def test_draws_of_other_lists_or_ranges_are_not_covered() -> None:
    drawn = Grid(seeds=(0,), values={"a": (1, 2)}, ranges={"b": "int:0..9"}, random=5)
    assert drawn.covers(drawn)
    for other in (
        Grid(seeds=(0,), values={"a": (1, 3)}, ranges={"b": "int:0..9"}, random=5),
        Grid(seeds=(0,), values={"a": (1, 2)}, ranges={"b": "int:0..8"}, random=5),
        Grid(seeds=(1,), values={"a": (1, 2)}, ranges={"b": "int:0..9"}, random=5),
    ):
        assert not drawn.covers(other)


def test_random_runs_count_by_their_draws_and_seeds() -> None:
    values = {"a": tuple(range(100))}
    Grid(seeds=tuple(range(100)), values=values, random=100).check_size()
    with pytest.raises(ConfigError, match="10,100 runs"):
        Grid(seeds=tuple(range(101)), values={"a": (1,)}, random=100).check_size()
