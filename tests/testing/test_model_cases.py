"""The cases in which a model is looked at."""

from __future__ import annotations

import pytest
import torch

from tests.testing.examples import FAULTY
from zoo_core import ModelSpec
from zoo_core.plugins.catalog import load_catalog
from zoo_core.testing.cases.model_case import ModelCase, random_batch
from zoo_core.testing.cases.model_cases import model_cases, plain_cases
from zoo_core.testing.check import run_check
from zoo_core.testing.checks.sequences import (
    LONG,
    LONG_TOLERANCE,
    _difference_in_pieces,
    long_sequences,
)
from zoo_core.testing.checks.weights import state_dict


def spec(name: str) -> ModelSpec:
    """An installed model, or one of the faulty plugin."""
    plugins = [FAULTY] if name.startswith(("honest", "wrong")) else None
    return load_catalog(plugins).find(ModelSpec, name).spec


def settings(name: str) -> list[dict[str, object]]:
    """The settings of every case of a model that takes tokens and labels steps."""
    cases = model_cases(spec(name))
    return [
        case.settings
        for case in cases
        if (case.signature.inputs.kind, case.signature.outputs.per) == ("tokens", "step")
    ]


def test_widths_are_small_and_unlike_each_other() -> None:
    plain, *_ = settings("lstm-embed")
    assert plain == {"embedding_size": 7, "hidden_size": 5}


@pytest.mark.parametrize(
    "varied",
    [
        {"num_layers": 2},
        {"bidirectional": True},
        {"bias": False},
        {"dropout": 0.5},
        {"padding_idx": 1},
        {"max_norm": 0.5},
        {"sparse": True},
        {"proj_size": 1},
    ],
)
def test_every_setting_is_changed_by_itself(varied: dict[str, object]) -> None:
    plain, *others = settings("lstm-embed")
    assert plain | varied in others


def test_every_kind_of_data_that_the_spec_accepts_has_a_case() -> None:
    kinds = {
        (case.signature.inputs.kind, case.signature.outputs.per)
        for case in plain_cases(spec("lstm-manual"))
    }
    assert kinds == {(i, p) for i in ("tokens", "features") for p in ("step", "sequence")}


@pytest.mark.parametrize(("name", "sizes"), [("cnn2d", 2), ("cnn3d", 3)])
def test_a_grid_has_as_many_sizes_as_the_model_takes(name: str, sizes: int) -> None:
    (case,) = plain_cases(spec(name))
    assert case.batch().inputs.dim() == sizes + 2


def test_a_model_of_a_fixed_window_gets_that_many_steps() -> None:
    (case,) = plain_cases(spec("char-three"))
    assert case.batch().inputs.shape == (3, 3)
    assert {smaller.steps for smaller in case.smaller()} == {3}


def test_a_model_that_needs_more_steps_gets_them() -> None:
    case, *_ = plain_cases(spec("cnn1d"))
    assert case.steps > 5


def test_smaller_cases_begin_with_one_row_of_one_step() -> None:
    case, *_ = plain_cases(spec("gru-embed"))
    sizes = [(smaller.rows, smaller.steps) for smaller in case.smaller()]
    assert sizes[0] == (1, 1)
    assert len(sizes) == case.rows * case.steps - 1


def test_building_again_gives_the_same_weights() -> None:
    case, *_ = plain_cases(spec("rnn-cell"))
    first, again = (case.build().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_weight_names_with_a_counter_fail_state_dict() -> None:
    honest = spec("honest-model")
    place = "tests.testing.faulty.models:Renaming"
    renaming = ModelSpec(name="renaming", summary="", config=honest.config, factory=place)
    (case, *_) = plain_cases(renaming)
    assert isinstance(case, ModelCase)
    violation = run_check(state_dict, case)
    assert violation is not None
    assert violation.seen.startswith("differences in number_")


@pytest.mark.gate
def test_lost_digits_of_a_long_sum_fail_long_sequences() -> None:
    honest = spec("honest-model")
    place = "tests.testing.faulty.models:Drifting"
    drifting = ModelSpec(name="drifting", summary="", config=honest.config, factory=place)
    (case, *_) = plain_cases(drifting)
    violation = run_check(long_sequences, case)
    assert violation is not None
    # over a single piece the sum loses too little to be seen
    assert "in pieces" not in violation.expected
    assert _difference_in_pieces(case, random_batch(case.signature, 1, LONG)) < LONG_TOLERANCE
