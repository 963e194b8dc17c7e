"""The residual networks: their equations, and any cell of the catalog inside them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.contracts.cases import CATALOG
from tests.plugins.transcription import Array, run_oracle, weighted
from zoo_core import Classes, Features, Signature, Tokens, resume, train
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import ConfigError
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.building.cells import make_cell
from zoo_core.runtime.nn import Batch, HiddenState, Recurrent
from zoo_core.testing.cases.model_case import ModelCase
from zoo_core.testing.check import run_check
from zoo_core.testing.checked_part import CheckedPart
from zoo_core.testing.checks.exporting import exports
from zoo_core.testing.checks.models import CHECKS, PLAIN
from zoo_deep.configs import DeepConfig
from zoo_deep.model import DeepModel

V, F, B, T = 5, 3, 2, 4
STEP = 1e-6
SPEC = CATALOG.find(ModelSpec, "deep").spec
CELLS = [
    "lstm",
    "gru",
    "mingru",
    "lru",
    *(
        pytest.param(name, marks=pytest.mark.gate)
        for name in (
            "indrnn",
            "s6",
            "s4d",
            "qrnn",
            "rg-lru",
            "mlstm",
            "slstm",
            "deltanet",
            "gated-deltanet",
            "cfc",
        )
    ),
]
"""Cells with one tensor of state and with several, real and complex, vectors and matrices, with a
kernel and without."""
PREDICTS = Signature(
    inputs=Tokens(V),
    outputs=Classes(V, per="step", next_token=True),
    vocabulary=Vocabulary(tuple("abcde")),
)
SIGNATURES = {
    "tokens": PREDICTS,
    "features": Signature(inputs=Features(F), outputs=Classes(2, per="sequence")),
}


def of(config: DeepConfig, signature: Signature = PREDICTS) -> DeepModel:
    torch.manual_seed(0)
    return DeepModel(config, signature).double().eval()


# The oracle: the equations in NumPy, with central differences for gradients.


def norm(x: Array, w: dict[str, Array], name: str) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    scaled: Array = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    result: Array = scaled * w[f"{name}.weight"] + w[f"{name}.bias"]
    return result


def gelu(x: Array) -> Array:
    result: Array = x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    return result


def min_gru(
    w: dict[str, Array], x: Array, state: tuple[Array, ...]
) -> tuple[Array, tuple[Array, ...]]:
    z, candidate = np.split(w["weight_ih"] @ x + w["bias_ih"], 2)
    z = 1 / (1 + np.exp(-z))
    h = (1 - z) * state[0] + z * candidate
    return h, (h,)


def network(w: dict[str, Array], x: Array, starts: list[Array], depth: int) -> list[Array]:
    """Logits and last states of blocks of minimal GRU, for x_0 (B, T, H)."""
    ends = []
    for block in range(depth):
        name = f"blocks.{block}"
        prefix, suffix = f"{name}.recurrent.", "_l0"
        cell = {
            key.removeprefix(prefix).removesuffix(suffix): value
            for key, value in w.items()
            if key.startswith(prefix)
        }
        outputs, end = run_oracle(min_gru, cell, norm(x, w, f"{name}.cell_norm"), (starts[block],))
        if f"{name}.projection.weight" in w:
            outputs = outputs @ w[f"{name}.projection.weight"].T
        x = x + outputs
        inner = norm(x, w, f"{name}.mlp_norm") @ w[f"{name}.mlp.0.weight"].T
        inner = gelu(inner + w[f"{name}.mlp.0.bias"])
        x = x + inner @ w[f"{name}.mlp.2.weight"].T + w[f"{name}.mlp.2.bias"]
        ends.append(end)
    return [norm(x, w, "norm") @ w["output.weight"].T + w["output.bias"], *ends]


@pytest.mark.parametrize("cell_size", [None, 2], ids=["one-width", "projected"])
def test_the_model_gives_what_its_equations_say(cell_size: int | None) -> None:
    config = DeepConfig(
        cell="mingru", hidden_size=3, cell_size=cell_size, mlp_factor=1, tie_weights=True
    )
    model = of(config)
    tokens = torch.tensor([[0, 3, 1, 4], [2, 2, 0, 1]])
    start = tuple(
        HiddenState(torch.randn_like(part[0]).requires_grad_()) for part in model.initial_state(B)
    )
    output = model(Batch(tokens), start)
    assert output.state is not None
    results = [output.logits, *(part[0] for part in output.state)]
    variables: dict[str, Any] = dict(model.named_parameters())
    variables |= {f"start.{number}": part[0] for number, part in enumerate(start)}
    gradients = torch.autograd.grad(
        weighted(results, torch.arange), list(variables.values()), allow_unused=False
    )
    arrays = {name: tensor.detach().numpy().copy() for name, tensor in variables.items()}

    def run() -> list[Array]:
        w = arrays | {"output.weight": arrays["embedding.weight"]}
        x = math.sqrt(3) * w["embedding.weight"][tokens.numpy()]
        return network(w, x, [w["start.0"], w["start.1"]], 2)

    for expected, actual in zip(run(), results, strict=True):
        assert np.abs(expected - actual.detach().numpy()).max() < 1e-12
    for (name, array), gradient in zip(arrays.items(), gradients, strict=True):
        slope = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            before, losses = array[index], []
            for sign in (1, -1):
                array[index] = before + sign * STEP
                losses.append(weighted(run(), np.arange))
            slope[index] = (losses[0] - losses[1]) / (2 * STEP)
            array[index] = before
        assert np.abs(slope - gradient.numpy()).max() < 1e-6, name


def test_features_pass_through_a_linear_layer() -> None:
    model = of(DeepConfig(cell="mingru", hidden_size=4, depth=1), SIGNATURES["features"])
    assert isinstance(model.embedding, nn.Linear)
    w = {name: tensor.detach().numpy() for name, tensor in model.named_parameters()}
    features = torch.randn(B, T, F, dtype=torch.float64)
    x = features.numpy() @ w["embedding.weight"].T + w["embedding.bias"]
    logits = network(w, x, [np.zeros((B, 4))], 1)[0]
    assert np.abs(logits[:, -1] - model(Batch(features)).logits.detach().numpy()).max() < 1e-12


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("kind", SIGNATURES)
def test_any_cell_keeps_the_rules_of_models(name: str, kind: str) -> None:
    settings = {"cell": name, "hidden_size": 8, "mlp_factor": 2}
    case = ModelCase(SPEC, settings, SIGNATURES[kind])
    checks = [replace(check, needs=()) for check in (*CHECKS, *PLAIN)]
    results = CheckedPart(name, [(checks, lambda: [case])]).results()
    assert not [result.describe() for result in results if result.verdict == "failed"]


@pytest.mark.gate
@pytest.mark.parametrize("name", CELLS)
def test_any_cell_can_be_traced(name: str) -> None:
    assert run_check(exports, ModelCase(SPEC, {"cell": name, "hidden_size": 8}, PREDICTS)) is None


def test_the_table_is_tied_where_the_outputs_are_the_next_symbols() -> None:
    config = DeepConfig(hidden_size=4)
    tied = of(config)
    assert tied.output.weight is tied.embedding.weight
    labels = replace(PREDICTS, outputs=Classes(V, per="step"))
    for other in (of(config, labels), of(replace(config, tie_weights=False))):
        assert other.output.weight is not other.embedding.weight


def test_the_weights_do_not_depend_on_what_building_the_cell_draws() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    make_cell("lstm", ("bias=true",), 4)
    assert torch.equal(torch.rand(3), expected)


def test_the_settings_of_the_cell_are_completed_and_reach_it() -> None:
    config = DeepConfig(cell="lru", cell_settings=(" max-radius = 0.5 ",), hidden_size=4)
    assert config.cell_settings == (
        "bias=false",
        "min_radius=0.0",
        "max_radius=0.5",
        "max_phase=6.28",
    )
    layer = of(config).recurrent_blocks[0].recurrent
    assert isinstance(layer, Recurrent)
    radius = (-layer.weights(0, 0)["nu"].exp()).exp()
    assert radius.max() <= 0.5
    assert DeepConfig(cell="lru", cell_settings=config.cell_settings).cell_settings == (
        config.cell_settings
    )


@pytest.mark.parametrize(
    ("cell", "settings", "message"),
    [
        ("quokka", (), "model.cell = 'quokka': no model 'quokka'; try: zoo list models"),
        ("lru", ("radius=1",), "the cell lru has no setting radius; did you mean"),
        ("lru", ("num_layers=2",), "the cell lru has no setting num_layers; it has: bias, min_rad"),
        ("lru", ("max_radius",), "model.cell_settings = 'max_radius': expected SETTING=VALUE"),
        ("lru", ("max_radius=2",), "max_radius = '2.0': expected a number > 0 and <= 1"),
        ("lru", ("min_radius=0.995",), "min_radius = 0.995: expected < model.max_radius = 0.99"),
        ("mlstm", ("num_heads=3",), "model.cell = 'mlstm', of width 128: model.hidden_size = 128"),
    ],
)
def test_what_is_wrong_with_a_cell_is_named(
    cell: str, settings: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        DeepConfig(cell=cell, cell_settings=settings or None)
    assert message in str(error.value)


@pytest.mark.parametrize(("width", "cell_width"), [(6, None), (8, 9)])
def test_the_heads_of_a_cell_divide_the_width_that_it_has(
    width: int, cell_width: int | None
) -> None:
    config = DeepConfig(
        cell="mlstm", cell_settings=("num_heads=3",), hidden_size=width, cell_size=cell_width
    )
    assert of(config).initial_state(B)[0][0].shape[:2] == (B, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [("char-three", "has no recurrent layer"), ("deep", "has 2 recurrent layers")],
)
def test_a_model_without_one_cell_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        of(DeepConfig(cell=name))


THIRD_PARTY = '''
from typing import NamedTuple
from torch.nn.functional import linear
from zoo_core import ModelSpec, config, hookimpl, setting

ZOO_API = 3

@config
class OwlConfig:
    """Settings of owl."""
    feathers: int = setting(default=7, at_least=1, help="Width of the state.")

def owl(config, signature):
    from zoo_core.runtime.nn import GatedCell, HiddenState, Recurrent, RecurrentModel
    class OwlCell(GatedCell):
        name, gates = "owl", 1
        def step(self, weights, projected, state):
            hidden = (projected + linear(state.hidden, weights["weight_hh"])).sin()
            return hidden, HiddenState(hidden)
    cell = OwlCell(config.feathers)
    return RecurrentModel(signature, Recurrent(cell, signature.input_size))

@hookimpl
def zoo_models():
    return [ModelSpec(name="owl-net", summary="Owls.", config=f"{__name__}:OwlConfig",
                      factory=f"{__name__}:owl", cell="owl", accepts=("features",))]
'''


@pytest.fixture
def owl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed plugin of someone else."""
    info = tmp_path / "site" / "zoo_owl-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-owl\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-owl = deep_test_owl\n")
    (info.parent / "deep_test_owl.py").write_text(THIRD_PARTY)
    monkeypatch.syspath_prepend(info.parent)


@pytest.mark.usefixtures("owl")
@pytest.mark.parametrize("name", ["owl-net", "owl", "zoo-owl:owl"])
def test_the_cell_of_a_third_party_fits_by_its_name(name: str) -> None:
    config = DeepConfig(cell=name, hidden_size=4)
    assert config.cell_settings == ("feathers=7",)
    model = of(config)
    assert [part[0].shape for part in model.initial_state(B)] == [(B, 7), (B, 7)]
    assert model(Batch(torch.tensor([[1, 2]]))).logits.shape == (1, 2, V)


@pytest.mark.gate
def test_a_resumed_run_gives_the_same_bits(tmp_path: Path) -> None:
    settings: dict[str, dict[str, Any]] = {
        "model": {"cell": "lru", "hidden_size": 8, "dropout": 0.1},
        "trainer": {"epochs": 2},
    }
    whole = train("deep.hello", tmp_path / "whole", settings=settings, threads=1)
    settings["trainer"]["epochs"] = 1
    train("deep.hello", tmp_path / "half", settings=settings, threads=1)
    resumed = resume(tmp_path / "half", epochs=2)
    for key, tensor in whole.weights.items():
        assert torch.equal(resumed.weights[key], tensor), key
    assert "max_radius=0.99" in whole.run_config.configs["model"]["cell_settings"]


def test_the_time_between_steps_reaches_the_cell_of_every_block() -> None:
    names = ("level", "elapsed")
    signature = Signature(inputs=Features(2, names=names), outputs=Classes(2, per="step"))
    timed, other = (of(DeepConfig(cell=cell, hidden_size=4), signature) for cell in ("cfc", "lstm"))
    assert timed.embedding.weight.shape == (4, 1)
    assert other.embedding.weight.shape == (4, 2)
    seen: list[Any] = []
    for block in timed.recurrent_blocks:
        block.recurrent.register_forward_pre_hook(
            lambda _, __, given: seen.append(given["elapsed"]), with_kwargs=True
        )
    features = torch.rand(B, T, 2, dtype=torch.float64)
    timed(Batch(features))
    assert len(seen) == 2
    assert all(torch.equal(times, features[..., 1]) for times in seen)
