"""Shapes: letters are found by trying, for every model, whatever the sizes happen to be."""

from __future__ import annotations

from typing import Any

import pytest

from zoo_core import ModelSpec
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.shapes.shapes import Shapes, shapes_of, signature_at_hand

MODELS: list[ModelSpec] = [spec for _, spec in load_catalog().of(ModelSpec)]
every_model = pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)


def shapes(catalog: Catalog, name: str, *, steps: int = 6, **model: Any) -> Shapes:
    """The shapes of a model as its default recipe makes it, but for some settings."""
    run_config = resolve_run(catalog, name).run_config({"model": model})
    signature, _ = signature_at_hand(catalog, run_config)
    return shapes_of(catalog, run_config, signature, batch_size=3, steps=steps)


def axes(found: Shapes, name: str) -> tuple[str, ...]:
    """The axes of the first tensor of a name."""
    return next(letters for seen, letters in found.rows if seen.name == name)


@every_model
def test_every_shape_is_what_its_letters_say(catalog: Catalog, spec: ModelSpec) -> None:
    found = shapes(catalog, spec.name, steps=32)
    for seen, letters in found.rows:
        assert [value(each, found.sizes) for each in letters] == list(seen.shape), seen.name


def value(axis: str, sizes: Any) -> int:
    """An axis in letters, worked out."""
    words = "".join(f"*{sizes[each]}" if each.isalpha() else each for each in axis)
    return int(eval(words.removeprefix("*").replace("+ *", "+ ").replace("- *", "- ")))


@every_model
def test_inputs_and_logits_are_batch_first(catalog: Catalog, spec: ModelSpec) -> None:
    found = shapes(catalog, spec.name, steps=32)
    assert axes(found, "inputs")[0] == "B"
    assert axes(found, "logits")[0] == "B"
    assert axes(found, "logits")[-1] in ("V", "C")


def test_axes_of_large_batches_are_told_too(catalog: Catalog) -> None:
    found = shapes(catalog, "lstm-embed", steps=64, hidden_size=512)  # turned where that is faster
    assert axes(found, "output") == ("B", "T", "V")


def test_equal_sizes_are_told_apart(catalog: Catalog) -> None:
    found = shapes(catalog, "lstm-embed", steps=3, hidden_size=4, embedding_size=4)
    assert found.sizes == {"B": 3, "T": 3, "V": 4, "E": 4, "H": 4}
    assert axes(found, "inputs") == ("B", "T")
    assert axes(found, "embedding.weight") == ("V", "E")
    assert axes(found, "recurrent.weight_ih_l0") == ("4H", "E")
    assert axes(found, "recurrent.weight_hh_l0") == ("4H", "H")
    assert axes(found, "recurrent.l0.output") == ("B", "T", "H")
    assert axes(found, "recurrent.l0.cell") == ("B", "H")
    assert axes(found, "logits") == ("B", "T", "V")


def test_two_directions_are_twice_the_hidden_state(catalog: Catalog) -> None:
    found = shapes(catalog, "gru-embed", bidirectional=True, num_layers=2)
    assert axes(found, "recurrent.l1.input") == ("B", "T", "2H")
    assert axes(found, "recurrent.l1_reverse.hidden") == ("B", "H")
    assert axes(found, "recurrent.weight_ih_l1_reverse") == ("3H", "2H")
    assert axes(found, "output.weight") == ("V", "2H")


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_projection_is_a_letter_of_its_own(catalog: Catalog, width: int) -> None:
    found = shapes(catalog, "lstm-embed", proj_size=width)
    assert axes(found, "recurrent.l0.hidden") == ("B", "P")
    assert axes(found, "recurrent.l0.cell") == ("B", "H")
    assert axes(found, "recurrent.weight_hr_l0") == ("P", "H")


def test_one_step_is_shown_of_all(catalog: Catalog) -> None:
    found = shapes(catalog, "rnn-embed")
    assert axes(found, "recurrent.l0.x_t") == ("B", "E")
    assert axes(found, "recurrent.l0.h_t") == ("B", "H")


def test_pooling_halves_the_steps(catalog: Catalog) -> None:
    found = shapes(catalog, "cnn1d", steps=32)
    assert axes(found, "features.0.pool") == ("B", "K", "T/2")
    assert axes(found, "features.1.pool") == ("B", "2K", "T/4")


def test_data_that_is_not_at_hand_has_an_example_for_a_vocabulary(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "rnn-scratch.time-machine").run_config()
    signature, known = signature_at_hand(catalog, run_config)
    assert not known
    assert (signature.classes, signature.per, signature.next_symbol) == (28, "step", True)
