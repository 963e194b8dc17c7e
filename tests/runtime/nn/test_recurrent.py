"""The recurrent layer, except for what the comparisons with torch test."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.testing.faulty.matrix import MatrixCell
from zoo_core import AbstractEmbeddingConfig
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.kernels.unavailable import UnavailableKernel
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import LstmState
from zoo_lstm.cell import LstmCell

F, H = 3, 5


def layer(**options: Any) -> Recurrent:
    """Layers of LSTM with the same weights each time."""
    torch.manual_seed(0)
    return Recurrent(LstmCell(H), F, **options)


def inputs(batch: int = 2, steps: int = 4) -> Tensor:
    """The same inputs each time."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, steps, F, generator=generator)


def test_parameters_are_named_as_in_torch() -> None:
    theirs = torch.nn.LSTM(F, H, 2, bidirectional=True).state_dict()
    ours = layer(num_layers=2, bidirectional=True).state_dict()
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape for name, tensor in theirs.items()
    }


def test_parameters_start_within_one_over_the_root_of_the_hidden_size() -> None:
    drawn = torch.cat([weight.detach().flatten() for weight in layer(num_layers=3).parameters()])
    assert drawn.abs().max() <= H**-0.5
    assert drawn.abs().max() > 0.9 * H**-0.5
    assert drawn.mean().abs() < 0.05


def test_the_initial_state_is_zeros_for_every_layer_and_direction() -> None:
    state = layer(num_layers=2, bidirectional=True).double().initial_state(7)
    assert [type(part) for part in state] == [LstmState] * 4
    assert all(tensor.shape == (7, H) for part in state for tensor in part)
    assert all(tensor.dtype == torch.float64 for part in state for tensor in part)
    assert not any(tensor.any() for part in state for tensor in part)


@pytest.mark.parametrize(("both", "width"), [(False, H), (True, 2 * H)])
def test_outputs_are_as_wide_as_the_directions_together(both: bool, width: int) -> None:
    recurrent = layer(bidirectional=both)
    outputs, state = recurrent(inputs())
    assert outputs.shape == (2, 4, width)
    assert recurrent.output_size == width
    assert recurrent.last(outputs, state).shape == (2, width)


def test_the_last_output_is_that_of_the_end_of_every_direction() -> None:
    recurrent = layer(bidirectional=True)
    outputs, state = recurrent(inputs())
    ends = torch.cat([outputs[:, -1, :H], outputs[:, 0, H:]], dim=1)
    torch.testing.assert_close(recurrent.last(outputs, state), ends, rtol=0, atol=0)


def test_steps_beyond_a_rows_length_give_zeros() -> None:
    outputs, _ = layer(bidirectional=True)(inputs(), None, torch.tensor([4, 2]))
    assert not outputs[1, 2:].any()
    assert outputs[1, :2].all()


def test_dropout_lies_between_layers_and_not_after_the_last() -> None:
    single, double = layer(dropout=0.9).train(), layer(num_layers=2, dropout=0.9).train()
    assert torch.equal(single(inputs())[0], single(inputs())[0])
    assert not torch.equal(double(inputs())[0], double(inputs())[0])
    assert double(inputs())[0].all()


def test_dropout_does_not_depend_on_the_kernel() -> None:
    answers = []
    for kernel in (ReferenceKernel(), TorchKernel(), PortableKernel()):
        recurrent = layer(num_layers=2, dropout=0.5).train()
        recurrent.kernels = (kernel,)
        torch.manual_seed(1)
        answers.append(recurrent(inputs())[0])
    torch.testing.assert_close(answers[0], answers[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(answers[0], answers[2], rtol=0, atol=1e-6)


def test_the_first_kernel_that_does_not_refuse_runs() -> None:
    recurrent = layer()
    assert recurrent.kernel.name == "reference"
    recurrent.kernels = (PortableKernel(), ReferenceKernel())
    assert recurrent.kernel.name == "portable"
    recurrent.kernels = (UnavailableKernel("broken", "cannot be made"), ReferenceKernel())
    assert recurrent.kernel.name == "reference"


def test_weights_of_a_layer_and_direction_go_by_the_cells_names() -> None:
    recurrent = layer(num_layers=2, bidirectional=True)
    weights = recurrent.weights(1, 1)
    assert list(weights) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert weights["weight_ih"] is recurrent.get_parameter("weight_ih_l1_reverse")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            torch.zeros(2, 3),
            r"inputs are \(2, 3\) of torch.float32, expected tokens \(B, T\) of an ",
        ),
        (torch.zeros(2, 3, 5), r"inputs are \(2, 3, 5\) .*, or features \(B, T, 4\)$"),
        (torch.zeros(2, 3, 4).long(), r"inputs are \(2, 3, 4\) of torch.int64, expected tokens"),
        (torch.zeros(3), r"inputs are \(3,\) of torch.float32, expected tokens"),
        (torch.zeros(2, 0, 4), r"^inputs have 0 steps, expected >= 1$"),
        (torch.zeros(2, 0).long(), r"^inputs have 0 steps, expected >= 1$"),
    ],
)
@pytest.mark.parametrize("kernel", [ReferenceKernel(), PortableKernel(), TorchKernel()])
def test_inputs_of_another_form_or_width_or_without_a_step_are_refused(
    given: Tensor, message: str, kernel: AbstractKernel
) -> None:
    refusing = Recurrent(LstmCell(3), 4)
    refusing.kernels = (kernel,)
    with pytest.raises(MisfitError, match=message):
        refusing(given)


def test_features_in_the_place_of_embedded_tokens_are_refused() -> None:
    table = Embedding(AbstractEmbeddingConfig(embedding_size=F), 5)
    with pytest.raises(MisfitError, match=r"expected tokens \(B, T\) of an integer type$"):
        layer()(inputs(), embedding=table)


def test_a_state_of_another_batch_size_or_layer_is_refused() -> None:
    recurrent = layer(num_layers=2)
    state = recurrent.initial_state(3)
    with pytest.raises(MisfitError, match=r"the state's 0.hidden is \(3, 5\), expected \(2, 5\)"):
        recurrent(inputs(), state)
    narrow = LstmState(torch.zeros(2, H), torch.zeros(2, H - 1))
    with pytest.raises(MisfitError, match=r"the state's 1.cell is \(2, 4\), expected \(2, 5\)"):
        recurrent(inputs(), (recurrent.initial_state(2)[0], narrow))
    with pytest.raises(MisfitError, match=r"the state's 1.hidden is missing, expected \(2, 5\)"):
        recurrent(inputs(), recurrent.initial_state(2)[:1])
    with pytest.raises(MisfitError, match=r"the state's 2.hidden is \(2, 5\), expected none"):
        recurrent(inputs(), (*recurrent.initial_state(2), narrow._replace(cell=narrow.hidden)))


def test_a_wrong_state_is_refused_after_a_right_one() -> None:
    recurrent = layer()
    right = recurrent.initial_state(2)
    recurrent(inputs(), right)
    wrong = (right[0]._replace(cell=torch.zeros(2, H - 1)),)
    for batch, state in ((inputs(), wrong), (inputs(3), right)):
        with pytest.raises(MisfitError, match="the state's 0"):
            recurrent(batch, state)
    recurrent(inputs(), right)


def test_the_kernel_is_chosen_anew_for_another_case() -> None:
    recurrent = layer()
    recurrent.kernels, recurrent.chooses_by_size = (PortableKernel(), ReferenceKernel()), True
    one, many = inputs(steps=1).double(), inputs(steps=4).double()
    names = []
    recurrent.double()
    for batch in (one, one, many, one):
        with torch.no_grad():
            names.append(recurrent._kernel_for_inputs(batch, None, F).name)
    assert names == ["reference", "reference", "portable", "reference"]
    assert recurrent._kernel_for_inputs(one, None, F).name == "portable"  # with gradients
    recurrent.kernels = (TorchKernel(), ReferenceKernel())
    assert recurrent._kernel_for_inputs(one, None, F).name == "torch"


@pytest.mark.parametrize("lengths", [[4], [4, 2, 1]], ids=str)
def test_lengths_of_another_batch_size_are_refused(lengths: list[int]) -> None:
    with pytest.raises(MisfitError, match=r"lengths are \([13],\), expected \(2,\)"):
        layer()(inputs(), None, torch.tensor(lengths))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([5, 2]), "lengths are 2 to 5, expected 1 to 4"),
        (torch.tensor([4, 0]), "lengths are 0 to 4, expected 1 to 4"),
        (torch.tensor([4, -1]), "lengths are -1 to 4, expected 1 to 4"),
        (torch.tensor([4.0, 2.0]), "lengths are torch.float32, expected torch.int64"),
    ],
    ids=str,
)
def test_invalid_lengths_are_refused(lengths: Tensor, message: str) -> None:
    with pytest.raises(MisfitError, match=message):
        layer()(inputs(), None, lengths)


def test_the_torch_kernel_treats_tokens_as_one_hot_vectors() -> None:
    recurrent = layer()
    recurrent.kernels = (TorchKernel(),)
    many = torch.arange(2 * 4).view(2, 4) % F
    for tokens in (many, many[:, :1]):
        expected, _ = recurrent(torch.nn.functional.one_hot(tokens, F).float())
        assert torch.equal(recurrent(tokens)[0], expected)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # raised by the tracer of torch
@pytest.mark.xdist_group("compiler")
def test_a_traced_layer_has_the_gradients_of_the_layer() -> None:
    recurrent = layer()
    recurrent.kernels = (PortableKernel(),)
    outputs, _ = recurrent(inputs())
    expected = torch.autograd.grad(outputs.sum(), list(recurrent.parameters()))
    traced, _ = torch.compile(recurrent, backend="aot_eager")(inputs())
    gradients = torch.autograd.grad(traced.sum(), list(recurrent.parameters()))
    torch.testing.assert_close(gradients, expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_a_state_of_another_dtype_is_converted_to_that_of_the_weights(dtype: torch.dtype) -> None:
    recurrent = layer()
    state = (LstmState(torch.rand(2, H).to(dtype), torch.rand(2, H).to(dtype)),)
    exact = (LstmState(state[0].hidden.float(), state[0].cell.float()),)
    recurrent.kernels = (PortableKernel(),)
    lengths = torch.tensor([4, 2])  # which keeps oneDNN out
    assert torch.equal(
        recurrent(inputs(), state, lengths)[0], recurrent(inputs(), exact, lengths)[0]
    )


@pytest.mark.parametrize("steps", [1, 6], ids=["fewer-tokens-than-symbols", "more"])
@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}, {"max_norm": 0.5}], ids=str)
def test_an_embedding_gives_the_same_folded_or_not(steps: int, options: dict[str, Any]) -> None:
    answers = []
    for kernel in (ReferenceKernel(), PortableKernel()):
        recurrent = layer(num_layers=2, bidirectional=True).double()
        embedding = Embedding(AbstractEmbeddingConfig(embedding_size=F, **options), 5).double()
        recurrent.kernels = (kernel,)
        tokens = torch.arange(2 * steps).view(2, steps) % 5
        outputs, _ = recurrent(tokens, embedding=embedding)
        parameters = [*recurrent.parameters(), embedding.weight]
        answers.append((outputs, torch.autograd.grad(outputs.sin().sum(), parameters)))
    torch.testing.assert_close(answers[1], answers[0], rtol=0, atol=1e-12)


def test_an_embedding_with_options_that_depend_on_the_tokens_is_not_folded() -> None:
    tokens = torch.zeros(2, 4, dtype=torch.int64)
    for options in ({"padding_idx": 0}, {"max_norm": 1.0}, {"scale_grad_by_freq": True}):
        config = AbstractEmbeddingConfig(embedding_size=F, **options)
        assert not Embedding(config, 5).can_fold(tokens)
    assert Embedding(AbstractEmbeddingConfig(embedding_size=F), 8).can_fold(tokens)
    assert not Embedding(AbstractEmbeddingConfig(embedding_size=F), 9).can_fold(tokens)


@pytest.mark.parametrize("hook", ["forward", "forward_pre"])
def test_an_embedding_with_a_hook_is_not_folded(hook: str) -> None:
    seen: list[object] = []
    embedding = Embedding(AbstractEmbeddingConfig(embedding_size=F), 2)
    getattr(embedding, f"register_{hook}_hook")(lambda *arguments: seen.append(arguments))
    recurrent = layer()
    recurrent.kernels = (PortableKernel(),)
    outputs, _ = recurrent(torch.zeros(2, 3, dtype=torch.int64), embedding=embedding)
    torch.autograd.backward(outputs.sum())
    assert len(seen) == 1


def test_the_recurrent_matrix_of_every_gate_is_orthogonal() -> None:
    for name, weight in layer(num_layers=2, bidirectional=True, orthogonal=True).named_parameters():
        for gate in weight.detach().chunk(4) if name.startswith("weight_hh") else ():
            torch.testing.assert_close(gate @ gate.T, torch.eye(H), rtol=0, atol=1e-5)


def test_only_recurrent_weights_start_orthogonal() -> None:
    drawn = [
        weight.detach()
        for name, weight in layer(orthogonal=True).named_parameters()
        if not name.startswith("weight_hh")
    ]
    assert max(float(weight.abs().max()) for weight in drawn) <= H**-0.5


def test_an_orthogonal_start_of_a_cell_without_a_recurrent_matrix_is_refused() -> None:
    with pytest.raises(ConfigError, match="initialization = 'orthogonal': matrix has no weight_hh"):
        matrix_layer(orthogonal=True)


def matrix_layer(**options: Any) -> Recurrent:
    """Layers of a cell whose state is a matrix and does not hold the output."""
    torch.manual_seed(0)
    return Recurrent(MatrixCell(H), F, **options)


def test_the_last_output_comes_from_the_outputs_if_the_state_does_not_hold_it() -> None:
    recurrent, lengths = matrix_layer(num_layers=2, bidirectional=True), torch.tensor([4, 2])
    outputs, state = recurrent(inputs(), None, lengths)
    ends = torch.stack([outputs[0, 3, :H], outputs[1, 1, :H]])
    expected = torch.cat([ends, outputs[:, 0, H:]], dim=1)
    assert torch.equal(recurrent.last(outputs, state, lengths), expected)
    whole, after = recurrent(inputs())
    ends = torch.cat([whole[:, -1, :H], whole[:, 0, H:]], dim=1)
    assert torch.equal(recurrent.last(whole, after), ends)


def test_both_ways_to_the_last_output_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    recurrent, lengths = layer(bidirectional=True), torch.tensor([4, 2])
    outputs, state = recurrent(inputs(), None, lengths)
    read = recurrent.last(outputs, state, lengths)
    monkeypatch.setattr(LstmCell, "last_output", AbstractCell.last_output)
    assert torch.equal(recurrent.last(outputs, state, lengths), read)


def test_padding_leaves_a_matrix_state_as_it_is() -> None:
    recurrent = matrix_layer()
    _, padded = recurrent(inputs(), None, torch.tensor([4, 2]))
    _, short = recurrent(inputs()[1:, :2])
    torch.testing.assert_close(padded[0][0][1:], short[0][0], rtol=0, atol=1e-7)


def test_a_cell_gives_the_initial_value_of_a_weight() -> None:
    recurrent = matrix_layer(num_layers=2, bidirectional=True)
    for name, weight in recurrent.named_parameters():
        assert bool((weight == 1).all()) == name.startswith("gain"), name


def test_layers_do_not_share_an_initial_value(monkeypatch: pytest.MonkeyPatch) -> None:
    ones = torch.ones(H)
    value = {"gain": ones}
    monkeypatch.setattr(MatrixCell, "initial_value", lambda _, name, shape: value.get(name))
    with torch.no_grad():
        recurrent = matrix_layer(num_layers=2)
        recurrent.get_parameter("gain_l0").zero_()
    assert recurrent.get_parameter("gain_l1").all()
    assert ones.all()


def test_an_initial_value_of_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MatrixCell, "initial_value", lambda *_: torch.ones(1))
    with pytest.raises(MisfitError, match=r"the initial value of matrix's gain is \(1,\), exp"):
        matrix_layer()


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("bf16", [False, True], ids=["fp32", "bf16"])
@pytest.mark.parametrize("name", ["reference", "portable", "torch", "native"])
def test_padding_that_is_not_finite_changes_nothing(
    catalog: Catalog, name: str, bf16: bool, value: float
) -> None:
    recurrent = layer(num_layers=2)
    chain = {kernel.name: kernel for kernel in kernels(catalog)}
    if isinstance(chain[name], UnavailableKernel):
        pytest.skip(chain[name].details)
    recurrent.kernels = (chain[name], chain["reference"])
    lengths, results = torch.tensor([4, 2]), []
    for padding in (0.0, value):
        features = inputs()
        features[1, 2:] = padding
        features.requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            outputs, state = recurrent(features, None, lengths)
        loss = outputs.float().sum() + sum(part.cell.float().sum() for part in state)
        gradients = torch.autograd.grad(loss, [features, *recurrent.parameters()])
        results.append((outputs, state, gradients))
    torch.testing.assert_close(*results, rtol=0, atol=0)
