"""Shapes: the axes of every model are named correctly, whatever its sizes are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from zoo_core import Classes, ModelSpec
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.shapes.shapes import Shapes, available_signature, model_shapes

MODELS: list[ModelSpec] = [spec for _, spec in load_catalog().of(ModelSpec)]
every_model = pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)


def shapes(catalog: Catalog, name: str, *, steps: int = 6, **model: Any) -> Shapes:
    """Returns the shapes of a model with its default recipe and some settings."""
    run_config = resolve_run(catalog, name).run_config({"model": model})
    signature, _ = available_signature(catalog, run_config)
    return model_shapes(catalog, run_config, signature, batch_size=3, steps=steps)


def axes(shapes: Shapes, name: str) -> tuple[str, ...]:
    """Returns the axes of the first tensor with a name."""
    return next(letters for tensor, letters in shapes.rows if tensor.name == name)


def evaluate(axis: str, sizes: Mapping[str, int]) -> int:
    """Returns the value of an axis in letters."""
    expression = "".join(f"*{sizes[letter]}" if letter.isalpha() else letter for letter in axis)
    return int(eval(expression.removeprefix("*").replace("+ *", "+ ").replace("- *", "- ")))


@every_model
def test_the_axes_of_every_tensor_evaluate_to_its_shape(catalog: Catalog, spec: ModelSpec) -> None:
    table = shapes(catalog, spec.name, steps=32)
    for tensor, letters in table.rows:
        values = [evaluate(axis, table.sizes) for axis in letters]
        assert values == list(tensor.shape), tensor.name


@every_model
def test_inputs_and_logits_are_batch_first(catalog: Catalog, spec: ModelSpec) -> None:
    table = shapes(catalog, spec.name, steps=32)
    assert axes(table, "inputs")[0] == "B"
    assert axes(table, "logits")[0] == "B"
    assert axes(table, "logits")[-1] in ("V", "C")


def test_axes_of_time_major_outputs_are_batch_first(catalog: Catalog) -> None:
    # with these sizes a kernel computes time-major, as that is faster
    table = shapes(catalog, "lstm-embed", steps=64, hidden_size=512)
    assert axes(table, "output") == ("B", "T", "V")


def test_equal_sizes_get_different_letters(catalog: Catalog) -> None:
    table = shapes(catalog, "lstm-embed", steps=3, hidden_size=4, embedding_size=4)
    assert table.sizes == {"B": 3, "T": 3, "V": 4, "E": 4, "H": 4}
    assert axes(table, "inputs") == ("B", "T")
    assert axes(table, "embedding.weight") == ("V", "E")
    assert axes(table, "recurrent.weight_ih_l0") == ("4H", "E")
    assert axes(table, "recurrent.weight_hh_l0") == ("4H", "H")
    assert axes(table, "recurrent.l0.output") == ("B", "T", "H")
    assert axes(table, "recurrent.l0.cell") == ("B", "H")
    assert axes(table, "logits") == ("B", "T", "V")


def test_two_directions_are_twice_the_hidden_state(catalog: Catalog) -> None:
    table = shapes(catalog, "gru-embed", bidirectional=True, num_layers=2)
    assert axes(table, "recurrent.l1.input") == ("B", "T", "2H")
    assert axes(table, "recurrent.l1_reverse.hidden") == ("B", "H")
    assert axes(table, "recurrent.weight_ih_l1_reverse") == ("3H", "2H")
    assert axes(table, "output.weight") == ("V", "2H")


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_projection_has_its_own_letter(catalog: Catalog, width: int) -> None:
    table = shapes(catalog, "lstm-embed", proj_size=width)
    assert axes(table, "recurrent.l0.hidden") == ("B", "P")
    assert axes(table, "recurrent.l0.cell") == ("B", "H")
    assert axes(table, "recurrent.weight_hr_l0") == ("P", "H")


def test_inputs_and_outputs_of_one_step_are_shown(catalog: Catalog) -> None:
    table = shapes(catalog, "rnn-embed")
    assert axes(table, "recurrent.l0.x_t") == ("B", "E")
    assert axes(table, "recurrent.l0.h_t") == ("B", "H")


def test_pooling_halves_the_steps(catalog: Catalog) -> None:
    table = shapes(catalog, "cnn1d", steps=32)
    assert axes(table, "features.0.pool") == ("B", "K", "T/2")
    assert axes(table, "features.1.pool") == ("B", "2K", "T/4")


def test_unavailable_data_gets_a_stand_in_vocabulary(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "rnn-scratch.time-machine").run_config()
    signature, of_data = available_signature(catalog, run_config)
    assert not of_data
    assert signature.outputs == Classes(28, per="step", next_token=True)


def test_a_module_that_is_called_at_every_step_has_one_row(catalog: Catalog) -> None:
    rows = [tensor for tensor, _ in shapes(catalog, "seq2seq-attention", steps=5).rows]
    assert any("additive" in tensor.name and tensor.kind == "activation" for tensor in rows)
    assert len(set(rows)) == len(rows)
