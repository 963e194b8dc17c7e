"""The packed weights of the text loop: kept while they do not change, and no longer."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.plugins.kernels.test_native import built
from tests.plugins.kernels.test_native_text import MODELS, SAMPLERS, text
from tests.runtime.building.sharpened import sharpened
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_kernels import text_weights as module
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import NativeLibrary, native_library
from zoo_kernels.text_weights import TextWeights, fingerprint, sources, text_weights


def library() -> NativeLibrary:
    found = native_library()
    assert isinstance(found, NativeLibrary)
    return found


def weights_of(model: RecurrentModel, storage: str = "fp32") -> TextWeights:
    return text_weights(library(), model, sources(model), storage)


@built
@pytest.mark.parametrize("storage", ["fp32", "bf16", "int8"])
def test_two_texts_of_a_model_share_its_packed_weights(storage: str) -> None:
    model, other = (sharpened(MODELS["lstm"]).float() for _ in range(2))
    first = weights_of(model, storage)
    assert weights_of(model, storage) is first
    assert weights_of(other, storage) is not first
    others = {"fp32", "bf16", "int8"} - {storage}
    assert all(weights_of(model, each) is not first for each in others)
    assert weights_of(model, storage) is first


def in_place(tensor: Tensor) -> None:
    with torch.no_grad():
        tensor[-1].neg_()


def by_data(tensor: Tensor) -> None:
    tensor.data[-1] *= -1


def by_numpy(tensor: Tensor) -> None:
    """As a step in NumPy or C++ writes: torch does not count it."""
    tensor.detach().numpy()[-1] *= -1


@built
@pytest.mark.parametrize("change", [in_place, by_data, by_numpy])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_text_is_of_the_weights_as_they_are_however_they_were_changed(
    make: Any, change: Callable[[Tensor], None]
) -> None:
    model = sharpened(make)
    for _, parameter in model.named_parameters():
        text(model, NativeKernel(), 5)
        before = weights_of(model)
        change(parameter)
        assert weights_of(model) is not before
        expected = text(model, ReferenceKernel(), **SAMPLERS[1])
        assert text(model, NativeKernel(), **SAMPLERS[1]) == expected


@built
def test_the_last_bit_of_any_weight_counts() -> None:
    model = sharpened(MODELS["gru"]).float()
    for parameter in model.parameters():
        before = weights_of(model)
        bits = parameter.detach().view(-1)[-1:].view(torch.int32)
        bits ^= 1
        after = weights_of(model)
        assert after is not before
        bits ^= 1
        assert weights_of(model).fingerprint == before.fingerprint


@built
def test_a_step_of_training_between_two_texts_changes_the_second() -> None:
    model = sharpened(MODELS["lstm"])
    text(model, NativeKernel(), 5)
    optimizer = torch.optim.SGD(model.parameters(), 5.0)
    loss = model(Batch(torch.tensor([[1, 2, 3]]))).logits.square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    expected = text(model, ReferenceKernel(), **SAMPLERS[1])
    assert text(model, NativeKernel(), **SAMPLERS[1]) == expected


@built
def test_a_change_during_a_text_is_for_the_next_one() -> None:
    expected = text(sharpened(MODELS["gru"]), NativeKernel(), 300, seed=2)
    model = sharpened(MODELS["gru"])
    model.recurrent.kernels = (NativeKernel(),)
    symbols = generate(model, Batch(torch.tensor([[1, 2, 3]])), Sampler(seed=2))
    first = next(symbols)
    for parameter in model.parameters():
        in_place(parameter)
    text(model, NativeKernel(), 20)
    assert [first, *islice(symbols, 299)] == expected


@built
def test_another_limit_of_an_embeddings_norm_is_another_table() -> None:
    model = sharpened(MODELS["lstm-max-norm"])
    text(model, NativeKernel(), 5)
    assert model.embedding is not None
    model.embedding.max_norm = 0.1
    expected = text(model, ReferenceKernel(), **SAMPLERS[1])
    assert text(model, NativeKernel(), **SAMPLERS[1]) == expected
    before = weights_of(model)
    model.embedding.norm_type = 1.0
    assert weights_of(model) is not before


@built
def test_weights_of_a_storage_leave_when_others_take_their_place() -> None:
    """However often an option changes, a model keeps one of each storage."""
    model = sharpened(MODELS["lstm-max-norm"])
    assert model.embedding is not None
    kept = []
    for limit in (0.5, 0.1, None, 0.2):
        model.embedding.max_norm = limit
        kept.append(weakref.ref(weights_of(model)))
        assert weights_of(model) is kept[-1]()
    gc.collect()
    assert [found() is None for found in kept] == [True, True, True, False]


@built
def test_weights_leave_with_their_model_and_large_ones_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = sharpened(MODELS["rnn"])
    found = weakref.ref(weights_of(model))
    assert found() is not None
    del model
    gc.collect()
    assert found() is None
    model = sharpened(MODELS["rnn"])
    size = weights_of(model).nbytes
    assert size > weights_of(model).packed.nbytes  # the table counts too
    for limit, is_kept in ((size, True), (size - 1, False)):
        monkeypatch.setattr(module, "MAX_KEPT_BYTES", limit)
        model = sharpened(MODELS["rnn"])
        assert (weights_of(model) is weights_of(model)) is is_kept


@built
def test_a_model_in_training_is_read_anew() -> None:
    """Its embedding may return something else each time."""
    model = sharpened(MODELS["rnn"]).train()
    assert weights_of(model) is not weights_of(model)


@built
def test_weights_that_are_computed_count_by_their_values() -> None:
    model = sharpened(MODELS["rnn"])
    nn.utils.parametrizations.weight_norm(model.recurrent, "weight_hh_l0")
    first = weights_of(model)
    assert weights_of(model) is first
    in_place(next(parameter for name, parameter in model.named_parameters() if "original0" in name))
    assert weights_of(model) is not first


@built
@pytest.mark.parametrize("size", [1, 8, 63, 64, 65, 200])
def test_a_fingerprint_changes_with_every_bit_and_the_order(size: int) -> None:
    part = torch.randint(256, (size,), dtype=torch.uint8)
    found = {fingerprint(library(), [part])}
    for byte in range(size):
        for bit in range(8):
            part[byte] ^= 1 << bit
            found.add(fingerprint(library(), [part]))
            part[byte] ^= 1 << bit
    assert len(found) == 1 + 8 * size
    other = part + 1
    pairs = [(part, other), (other, part), (torch.cat([part, other]),), (part,), (part, part[:0])]
    assert len({fingerprint(library(), pair) for pair in pairs}) == len(pairs)
    assert fingerprint(library(), [part.clone()]) == fingerprint(library(), [part])


@built
def test_fingerprints_of_zeros_differ_by_their_number() -> None:
    parts = [torch.zeros(size, dtype=torch.uint8) for size in range(300)]
    assert len({fingerprint(library(), [part]) for part in parts}) == len(parts)
