"""What a recurrent layer is made with and called with is checked before any kernel gets it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from zoo_core import AbstractEmbeddingConfig
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.kernels.unavailable import UnavailableKernel
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import HiddenState, LstmState
from zoo_lstm.cell import LstmCell

B, T, F, H = 2, 4, 3, 5
BACKENDS = ("reference", "portable", "torch", "native")


@pytest.fixture(params=BACKENDS)
def layer(request: pytest.FixtureRequest, catalog: Catalog) -> Recurrent:
    """A layer of LSTM that a kernel runs."""
    torch.manual_seed(0)
    recurrent = Recurrent(LstmCell(H), F)
    chain = {kernel.name: kernel for kernel in kernels(catalog)}
    if isinstance(chain[request.param], UnavailableKernel):
        pytest.skip(chain[request.param].details)
    recurrent.kernels = (chain[request.param],)
    return recurrent


def zeros(**options: Any) -> LstmState:
    """The state of a layer of LSTM."""
    return LstmState(torch.zeros(B, H, **options), torch.zeros(B, H, **options))


FEATURES = torch.ones(B, T, F)
TOKENS = torch.ones(B, T, dtype=torch.int64)
INPUTS: dict[str, tuple[Any, str]] = {
    "one sequence": (FEATURES[0], r"are \(4, 3\) of .*, or features \(B, T, 3\); .*unsqueeze\(0\)"),
    "one step": (FEATURES[0, 0], r"are \(3,\) of torch.float32, expected tokens"),
    "four axes": (FEATURES[None], r"are \(1, 2, 4, 3\) of torch.float32, expected tokens"),
    "wider": (torch.ones(B, T, F + 1), r"are \(2, 4, 4\) of .*, or features \(B, T, 3\)$"),
    "narrower": (torch.ones(B, T, F - 1), r"are \(2, 4, 2\) of .*, or features \(B, T, 3\)$"),
    "no steps": (torch.ones(B, 0, F), "have 0 steps, expected >= 1"),
    "integers": (FEATURES.long(), r"are \(2, 4, 3\) of torch.int64, expected tokens \(B, T\)"),
    "bytes": (TOKENS.byte(), "are torch.uint8, expected tokens of torch.int64 or floats"),
    "complex": (FEATURES.to(torch.complex64), "of torch.complex64, expected tokens"),
    "another device": (FEATURES.to("meta"), "are on meta, expected cpu"),
    "sparse": (FEATURES.to_sparse(), "are a sparse or nested tensor, expected a dense one"),
    "nested": (torch.nested.as_nested_tensor(FEATURES), "are a sparse or nested tensor, expected"),
    "packed": (pack_padded_sequence(FEATURES, [4, 2], True), "are a PackedSequence, .* lengths"),
    "a list": (FEATURES.tolist(), "are a list, expected a tensor"),
}
STATES: dict[str, tuple[Any, str]] = {
    "tensors, as torch's": (
        (zeros().hidden, zeros().cell),
        "has a Tensor, expected a tuple of 1 L",
    ),
    "a tensor": (zeros().hidden, "is a Tensor, expected a tuple of 1 LstmState"),
    "of one layer": (zeros(), "is a LstmState, expected a tuple of 1 LstmState"),
    "no names": ((tuple(zeros()),), "has a tuple, expected a tuple of 1 LstmState"),
    "another cell's": ((HiddenState(zeros().hidden),), "the state's 0.cell is missing"),
    "another device": ((zeros(device="meta"),), "the state's 0.hidden is on meta, expected cpu"),
    "integers": ((zeros(dtype=torch.int64),), "0.hidden is torch.int64, expected torch.float32"),
    "complex": ((zeros(dtype=torch.cfloat),), "0.hidden is torch.complex64, expected torch.float"),
}
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "list of lengths": ({"lengths": [4, 2]}, r"lengths are a list, expected a tensor \(2,\)"),
    "list of resets": ({"resets": [[True] * T] * B}, "resets are a list, expected a tensor"),
    "times": ({"elapsed": torch.ones(B, T)}, "elapsed: lstm takes no times"),
}


@pytest.mark.parametrize(("inputs", "message"), INPUTS.values(), ids=INPUTS.keys())
def test_inputs_that_do_not_fit_are_refused_whatever_the_kernel(
    layer: Recurrent, inputs: Any, message: str
) -> None:
    with pytest.raises(MisfitError, match=message):
        layer(inputs)


@pytest.mark.parametrize(("state", "message"), STATES.values(), ids=STATES.keys())
def test_a_state_that_does_not_fit_is_refused_whatever_the_kernel(
    layer: Recurrent, state: Any, message: str
) -> None:
    layer(FEATURES, (zeros(),))  # the form of a right one is remembered
    with pytest.raises(MisfitError, match=message):
        layer(FEATURES, state)


@pytest.mark.parametrize(("marks", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_marks_that_do_not_fit_are_refused(
    layer: Recurrent, marks: dict[str, Any], message: str
) -> None:
    with pytest.raises(MisfitError, match=message):
        layer(FEATURES, **marks)


def test_an_embedding_of_another_width_is_refused(layer: Recurrent) -> None:
    embedding = Embedding(AbstractEmbeddingConfig(embedding_size=F + 2), B * T)
    with pytest.raises(MisfitError, match=r"are \(2, 4, 5\) of .*, or features \(B, T, 3\)"):
        layer(TOKENS, embedding=embedding)
    with pytest.raises(
        MisfitError, match=r"of torch\.float32, expected tokens \(B, T\) of an integer type$"
    ):
        layer(FEATURES, embedding=embedding)


def test_another_layer_may_take_the_place_of_the_embedding(layer: Recurrent) -> None:
    for embedding in (nn.Embedding(B * T, F), nn.Sequential(nn.Embedding(B * T, F))):
        outputs, _ = layer(TOKENS, embedding=embedding)
        assert torch.equal(outputs, layer(embedding(TOKENS))[0])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_features_and_states_are_converted_to_the_dtype_of_the_weights(
    layer: Recurrent, dtype: torch.dtype
) -> None:
    inputs, state = torch.rand(B, T, F).to(dtype), LstmState(*torch.rand(2, B, H).to(dtype))
    converted: tuple[Tensor, ...] = (inputs.float(), state.hidden.float(), state.cell.float())
    outputs, after = layer(inputs, (state,))
    expected, last = layer(converted[0], (LstmState(*converted[1:]),))
    assert torch.equal(outputs, expected)
    assert torch.equal(after[0].cell, last[0].cell)


def test_states_are_converted_once_the_weights_have_another_dtype(layer: Recurrent) -> None:
    state = LstmState(*torch.rand(2, B, H))
    layer(FEATURES, (state,))  # the form of a right one is remembered
    outputs, _ = layer.double()(FEATURES, (state,))
    doubled = LstmState(state.hidden.double(), state.cell.double())
    assert torch.equal(outputs, layer(FEATURES.double(), (doubled,))[0])


@pytest.mark.parametrize("dtypes", [(torch.float64, torch.float32), (torch.float32, torch.float64)])
def test_features_of_64_bits_and_others_meet_in_autocast(
    layer: Recurrent, dtypes: tuple[torch.dtype, torch.dtype]
) -> None:
    inputs, layer = FEATURES.to(dtypes[0]), layer.to(dtypes[1])
    layer.kernels = (*layer.kernels, ReferenceKernel())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(inputs)[0], layer(inputs.to(dtypes[1]))[0])


@pytest.mark.parametrize("change", ["dtype", "device"])
def test_weights_that_differ_are_refused_where_compiled_code_reads_them(
    layer: Recurrent, change: str
) -> None:
    if layer.kernel.name not in ("portable", "native"):
        pytest.skip("torch's operations refuse them")
    other = torch.float64 if change == "dtype" else "meta"
    layer.bias_hh_l0 = nn.Parameter(layer.get_parameter("bias_hh_l0").to(other))
    with pytest.raises(
        MisfitError, match=r"bias_hh is .*, expected torch.float32 on cpu as weight"
    ):
        layer(FEATURES)


def test_no_rows_have_no_outputs(layer: Recurrent) -> None:
    for lengths in (None, torch.zeros(0, dtype=torch.int64)):
        outputs, state = layer(FEATURES[:0], None, lengths)
        assert outputs.shape == (0, T, H)
        assert state[0].cell.shape == (0, H)


@pytest.mark.parametrize("by_size", [False, True])
def test_a_layer_without_memory_runs_on_inputs_without_memory(
    layer: Recurrent, by_size: bool
) -> None:
    layer.kernels, layer.chooses_by_size = (*layer.kernels, ReferenceKernel()), by_size
    outputs, _ = layer.to("meta")(FEATURES.to("meta"))
    assert outputs.shape == (B, T, H)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_layers": 0}, "num_layers = 0: expected an integer >= 1"),
        ({"num_layers": 1.5}, "num_layers = 1.5: expected an integer >= 1"),
        ({"num_layers": True}, "num_layers = True: expected an integer >= 1"),
        ({"input_size": 0}, "input_size = 0: expected an integer >= 1"),
        ({"hidden_size": 0}, "hidden_size = 0: expected an integer >= 1"),
        ({"dropout": 1.5}, "dropout = 1.5: expected a number from 0 to 1"),
        ({"dropout": torch.nan}, "dropout = nan: expected a number from 0 to 1"),
        ({"proj_size": -1}, "proj_size = -1: expected an integer >= 0"),
    ],
    ids=str,
)
def test_sizes_of_a_layer_are_at_least_one(options: dict[str, Any], message: str) -> None:
    sizes = {"input_size": F, "hidden_size": H, "proj_size": 0} | options
    hidden_size, proj_size = sizes.pop("hidden_size"), sizes.pop("proj_size")
    with pytest.raises(ConfigError, match=message):
        Recurrent(LstmCell(hidden_size, proj_size=proj_size), **sizes)
