"""CfC against a transcription of its paper in NumPy, in float64, with and without times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.cases import CATALOG
from tests.plugins.transcription import Array, State, Weights, run_oracle, weighted
from zoo_continuous.cfc import ACTIVATIONS, CfcCell
from zoo_continuous.configs import Activation, Mode
from zoo_core import Classes, Features, Signature, resume, train
from zoo_core.errors import MisfitError
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.nn import Batch, HiddenState, Recurrent, RecurrentModel
from zoo_core.testing.cases.model_case import ModelCase
from zoo_core.testing.check import run_check
from zoo_core.testing.checked_part import CheckedPart
from zoo_core.testing.checks.exporting import exports
from zoo_core.testing.checks.models import CHECKS, PLAIN

F, H, N, B, T = 2, 3, 4, 2, 4
STEP = 1e-6
NAMES = ("bit", "elapsed", "level")
SPEC = CATALOG.find(ModelSpec, "cfc").spec


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


ACT: dict[str, Callable[[Array], Array]] = {
    "lecun-tanh": lambda x: 1.7159 * np.tanh(0.666 * x),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x * sigmoid(x),
}


def cfc(mode: Mode, act: Activation, layers: int) -> Any:
    """The transcription; the last number of an input is the time since the step before."""

    def step(w: Weights, x: Array, state: State) -> tuple[Array, State]:
        h, t = state[0], 1.0
        if len(x) > F:
            x, t = x[:F], x[F]
        none = np.zeros(1)
        z = ACT[act](w["weight_ih"] @ x + w["weight_state"] @ h + w.get("bias_ih", none))
        for i in range(1, layers):
            bias = w.get(f"bias_backbone_{i}", none)
            z = ACT[act](w[f"weight_backbone_{i}"] @ z + bias)
        y = w["weight_heads"] @ z + w.get("bias_heads", none)
        if mode == "pure":
            f = np.abs(w["tau"]) + np.abs(y)
            h = -w["amplitude"] * np.exp(-t * f) * y + w["amplitude"]
            return h, (h,)
        g, k, a, s = np.split(y, 4)
        f = -(a * t + s)
        if mode == "no-gate":
            h = np.tanh(g) + (1 - sigmoid(f)) * np.tanh(k)
        else:
            h = sigmoid(f) * np.tanh(g) + (1 - sigmoid(f)) * np.tanh(k)
        return h, (h,)

    return step


def test_every_activation_is_tried() -> None:
    assert ACT.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("timed", [False, True], ids=["steps", "times"])
@pytest.mark.parametrize(
    ("mode", "act", "layers", "bias"),
    [
        ("default", "lecun-tanh", 1, True),
        ("default", "relu", 2, False),
        ("no-gate", "silu", 2, True),
        ("pure", "tanh", 1, True),
        ("pure", "lecun-tanh", 3, False),
    ],
)
def test_the_cell_gives_what_its_paper_says(
    mode: Mode, act: Activation, layers: int, bias: bool, timed: bool
) -> None:
    torch.manual_seed(0)
    layer = Recurrent(CfcCell(H, bias, mode, N, layers, act), F).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    weights = layer.weights(0, 0)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    times = torch.rand(B, T, dtype=torch.float64, requires_grad=True)
    start = torch.randn(B, H, dtype=torch.float64, requires_grad=True)
    outputs, (after,) = layer(inputs, (HiddenState(start),), elapsed=times if timed else None)
    variables = {**weights, "inputs": inputs, "start": start} | ({"times": times} if timed else {})
    results = [outputs, after[0]]
    values = torch.autograd.grad(weighted(results, torch.arange), list(variables.values()))
    arrays = {key: value.detach().numpy().copy() for key, value in variables.items()}

    def run() -> list[Array]:
        x = arrays["inputs"]
        if timed:
            x = np.concatenate([x, arrays["times"][..., None]], axis=2)
        return run_oracle(cfc(mode, act, layers), arrays, x, (arrays["start"],))

    for expected, actual in zip(run(), results, strict=True):
        assert np.abs(expected - actual.detach().numpy()).max() < 1e-12
    for (key, array), gradient in zip(arrays.items(), values, strict=True):
        slope = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            before, losses = array[index], []
            for sign in (1, -1):
                array[index] = before + sign * STEP
                losses.append(weighted(run(), np.arange))
            slope[index] = (losses[0] - losses[1]) / (2 * STEP)
            array[index] = before
        assert np.abs(slope - gradient.numpy()).max() < 1e-6, key


def timed_case(per: Any = "step", **settings: Any) -> ModelCase:
    small = {"hidden_size": 5, "embedding_size": 4, "backbone_units": 7}
    signature = Signature(inputs=Features(3, names=NAMES), outputs=Classes(4, per=per))
    return ModelCase(SPEC, small | settings, signature)


@pytest.mark.parametrize("per", ["step", "sequence"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"mode": "pure", "num_layers": 2},
        {"mode": "no-gate", "num_layers": 2, "bidirectional": True},
        {"backbone_units": 2},
    ],
)
def test_a_model_with_times_keeps_the_rules(per: str, settings: dict[str, Any]) -> None:
    checks = [replace(check, needs=()) for check in (*CHECKS, *PLAIN)]
    results = CheckedPart("cfc", [(checks, lambda: [timed_case(per, **settings)])]).results()
    assert not [result.describe() for result in results if result.verdict == "failed"]


@pytest.mark.gate
def test_a_model_with_times_can_be_traced() -> None:
    assert run_check(exports, timed_case(num_layers=2)) is None


def test_the_feature_elapsed_is_the_time_of_every_layer() -> None:
    model = timed_case(num_layers=2).build()
    assert isinstance(model, RecurrentModel)
    features = torch.rand(B, T, 3, dtype=torch.float64)
    hidden, _ = model.recurrent(features[..., [0, 2]], elapsed=features[..., 1])
    assert torch.equal(model.output(hidden), model(Batch(features)).logits)
    first, second = Recurrent(model.recurrent.cell, 2), Recurrent(model.recurrent.cell, 5)
    for number, layer in enumerate((first, second)):
        weights = model.recurrent.weights(number, 0)
        layer.double().load_state_dict({f"{name}_l0": value for name, value in weights.items()})
    below, _ = first(features[..., [0, 2]], elapsed=features[..., 1])
    above, _ = second(below, elapsed=features[..., 1])
    assert torch.equal(hidden, above)
    assert not torch.equal(hidden, second(below)[0]), "the upper layer sees the times too"


def test_a_second_direction_gets_the_time_to_the_step_after() -> None:
    torch.manual_seed(0)
    layer = Recurrent(CfcCell(H, units=N), F, bidirectional=True).double()
    inputs, times = torch.rand(1, T, F).double(), torch.rand(1, T).double()
    outputs, _ = layer(inputs, elapsed=times)
    back = Recurrent(layer.cell, F).double()
    weights = layer.weights(0, 1)
    back.load_state_dict({f"{name}_l0": value for name, value in weights.items()})
    turned = torch.cat([torch.ones(1, 1), times[:, 1:].flip(1)], dim=1)
    alone, _ = back(inputs.flip(1), elapsed=turned)
    assert (outputs[..., H:] - alone.flip(1)).abs().max() < 1e-12


def test_steps_of_time_one_are_those_of_data_without_times() -> None:
    torch.manual_seed(0)
    layer = Recurrent(CfcCell(H, units=N), F, bidirectional=True).double()
    inputs = torch.rand(B, T, F).double()
    assert torch.equal(layer(inputs)[0], layer(inputs, elapsed=torch.ones(B, T).double())[0])


@pytest.mark.parametrize("dtype", [torch.int64, torch.float64], ids=str)
def test_times_are_converted_to_the_dtype_of_the_weights(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer, inputs = Recurrent(CfcCell(H, units=N), F), torch.rand(B, T, F)
    times = torch.arange(B * T).view(B, T).to(dtype)
    assert torch.equal(layer(inputs, elapsed=times)[0], layer(inputs, elapsed=times.float())[0])


def test_times_that_do_not_fit_are_refused() -> None:
    layer, inputs = Recurrent(CfcCell(H, units=N), F), torch.rand(B, T, F)
    with pytest.raises(MisfitError, match=r"^elapsed is a list, expected a tensor \(2, 4\)$"):
        layer(inputs, elapsed=[1.0])
    with pytest.raises(MisfitError, match=r"^elapsed is \(2, 3\), expected \(2, 4\)$"):
        layer(inputs, elapsed=torch.ones(B, T - 1))


def test_padding_that_is_not_finite_reaches_nothing() -> None:
    model = timed_case().build()
    features = torch.rand(2, T, 3, dtype=torch.float64)
    lengths = torch.tensor([T, 2])
    expected = model(Batch(features, lengths=lengths)).logits[1, :2]
    features[1, 2:] = torch.nan
    logits = model(Batch(features, lengths=lengths)).logits
    assert torch.equal(logits[1, :2], expected)
    torch.autograd.backward(logits[1, :2].sum())
    assert all(
        bool(own.grad.isfinite().all()) for own in model.parameters() if own.grad is not None
    )


def test_another_time_changes_what_comes_after_it_alone() -> None:
    model = timed_case().build()
    features = torch.rand(1, T, 3, dtype=torch.float64)
    before = model(Batch(features)).logits
    features[0, 2, 1] += 1
    after = model(Batch(features)).logits
    changed = (before != after).any(dim=2)[0].tolist()
    assert changed == [False, False, True, True]


@pytest.mark.gate
def test_a_resumed_run_gives_the_same_bits(tmp_path: Path) -> None:
    settings: dict[str, dict[str, Any]] = {
        "dataset": {"rows": 200, "max_bits": 9},
        "trainer": {"epochs": 2},
    }
    whole = train("cfc.event-majority", tmp_path / "whole", settings=settings, threads=1)
    settings["trainer"]["epochs"] = 1
    train("cfc.event-majority", tmp_path / "half", settings=settings, threads=1)
    resumed = resume(tmp_path / "half", epochs=2)
    for key, tensor in whole.weights.items():
        assert torch.equal(resumed.weights[key], tensor), key


@pytest.mark.full
def test_a_model_with_times_agrees_with_onnx_runtime(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from zoo_core.runtime.exporting.program import Lengths, Program
    from zoo_core.runtime.exporting.verification import verify_program
    from zoo_onnx.exporter import to_onnx
    from zoo_onnx.session import Session

    program = Program(timed_case(num_layers=2).build().float().eval())
    exported, lengths = to_onnx(program)
    onnx.save(exported, tmp_path / "model.onnx")
    verify_program(program, Session(tmp_path / "model.onnx"), lengths)
    assert lengths == Lengths(1)
    assert exported.graph.input[0].type.tensor_type.shape.dim[2].dim_value == len(NAMES)
