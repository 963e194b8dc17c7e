"""The plot of a training, and the accuracies of a reproduction."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from zoo_core.recipes.reproduction import ReproductionResult
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.card import loss_label
from zoo_core.runtime.checkpoints.checkpoint import read_history
from zoo_core.runtime.plots.axes import fraction_limits
from zoo_core.runtime.plots.forest_plot import forest_plot
from zoo_core.runtime.plots.training_curve import needs_logarithm, training_curve


def size(png: bytes) -> tuple[int, ...]:
    """Returns width and height of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def row(epoch: int, **metrics: float) -> dict[str, Any]:
    """Returns a row of the history."""
    return {"epoch": epoch, "metrics": {"train": metrics}}


def test_the_plot_has_1600_by_640_pixels(trained_once: Path) -> None:
    assert size((trained_once / "curve.png").read_bytes()) == (1600, 640)


def test_a_run_leaves_the_plot_of_its_history(trained_once: Path) -> None:
    manifest = read_manifest(trained_once)
    rows, label = read_history(trained_once), loss_label(manifest.signature)
    plot = training_curve(rows, manifest.run_config, manifest.objective, label)
    assert (trained_once / "curve.png").read_bytes() == plot


def test_the_same_history_gives_the_same_plot(trained_once: Path, run_config: RunConfig) -> None:
    rows = read_history(trained_once)
    assert training_curve(rows, run_config) == training_curve(rows, run_config)


def test_another_history_gives_another_plot(run_config: RunConfig) -> None:
    first = training_curve([row(1, loss=1.0), row(2, loss=0.5)], run_config)
    assert training_curve([row(1, loss=1.0), row(2, loss=0.4)], run_config) != first
    with_accuracy = [row(1, loss=1.0, accuracy=0.5), row(2, loss=0.5, accuracy=0.6)]
    assert training_curve(with_accuracy, run_config) != first


def test_a_run_without_an_epoch_has_a_plot(run_config: RunConfig) -> None:
    assert size(training_curve([], run_config)) == (1600, 640)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """``drawn(plot, *arguments)``: the panels of a plot."""

    def draw(plot: Callable[..., bytes], *arguments: object) -> list[Any]:
        figures: list[Figure] = []
        with monkeypatch.context() as patch:
            patch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
            plot(*arguments)
        figures[0].canvas.draw()
        return figures[0].axes

    return draw


@pytest.mark.parametrize("epochs", [1, 2, 60])
def test_the_axis_of_epochs_has_whole_numbers(
    drawn: Callable[..., list[Any]], run_config: RunConfig, epochs: int
) -> None:
    rows = [row(epoch, loss=1.0, accuracy=1.0) for epoch in range(1, epochs + 1)]
    loss, accuracy = drawn(training_curve, rows, run_config)
    assert loss.get_xlim() == (0.5, epochs + 0.5)
    assert all(tick == int(tick) for tick in loss.get_xticks())
    assert accuracy.get_ylim() == (0.99, 1.0)


@pytest.mark.parametrize(("spike", "scale"), [(9.0, "linear"), (80.0, "log")])
def test_a_spike_does_not_flatten_the_rest(
    drawn: Callable[..., list[Any]], run_config: RunConfig, spike: float, scale: str
) -> None:
    rows = [row(epoch, loss=loss) for epoch, loss in enumerate([1.2, 1.1, spike, 1.0, 0.9], 1)]
    (loss,) = drawn(training_curve, rows, run_config)
    assert loss.get_yscale() == scale


def test_only_positive_finite_values_take_a_logarithm() -> None:
    assert not needs_logarithm([0.0, 1.0, 100.0])
    assert not needs_logarithm([math.nan, math.inf])
    assert not needs_logarithm([])
    assert needs_logarithm([1.0, 1.0, 10.0, math.nan])


@pytest.mark.parametrize(
    ("values", "limits"),
    [([1.0], (0.99, 1.0)), ([0.0], (0.0, 0.01)), ([0.5, 1.0], (0.46, 1.0)), ([], (0.0, 1.0))],
)
def test_an_axis_of_accuracies_ends_at_1(values: list[float], limits: tuple[float, float]) -> None:
    assert fraction_limits(values) == pytest.approx(limits)


@pytest.fixture
def reproduced() -> ReproductionResult:
    """An accuracy that is the published one."""
    return ReproductionResult(
        recipe="any.recipe",
        metric="accuracy",
        split="test",
        published={"low": 0.9, "high": 1.0},
        ours=1.0,
        measured=1.0,
        verdict="reproduced",
        seconds=1.0,
        seed=0,
        date="",
        reason="",
    )


def test_the_accuracies_of_a_reproduction_end_at_1(
    drawn: Callable[..., list[Any]], reproduced: ReproductionResult
) -> None:
    (panel,) = drawn(forest_plot, [reproduced])
    assert panel.get_xlim() == pytest.approx((0.892, 1.0))


def test_recipes_that_meet_the_same_figure_share_a_line(
    drawn: Callable[..., list[Any]], reproduced: ReproductionResult
) -> None:
    exact = replace(reproduced, published={"low": 1.0, "high": 1.0})
    results = [
        replace(exact, recipe="a"),
        replace(reproduced, recipe="b"),
        replace(exact, recipe="c", measured=0.5, ours=0.5),
        replace(exact, recipe="d"),
        replace(reproduced, recipe="e"),
        replace(exact, recipe="f", spread=0.0),
        replace(exact, recipe="g"),
    ]
    (panel,) = drawn(forest_plot, results)
    names = [label.get_text() for label in panel.get_yticklabels()]
    assert names == ["f", "e", "c", "b", "a and 2 more"]


def test_losses_of_different_units_have_axes_of_their_own(
    drawn: Callable[..., list[Any]], reproduced: ReproductionResult
) -> None:
    measured = {"chorales": 8.4, "etth1": 0.39, "nottingham": 3.3}
    results = [
        replace(reproduced, recipe=name, metric="loss", measured=value, ours=value)
        for name, value in measured.items()
    ]
    panels = drawn(forest_plot, results)
    names = [[label.get_text() for label in panel.get_yticklabels()] for panel in panels]
    assert names == [["nottingham", "chorales"], ["etth1"]]
