"""The peers of the families compute the zoo's networks, and every family is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.benchmark import Setup
from benchmarks.families import (
    EVALUATION,
    GENERATION,
    LAYER,
    LOOP,
    TRAINING,
    ZOO,
    FamilyCase,
    cases,
    families,
    inputs_of,
    logits_of,
    peer_step,
    zoo_model,
    zoo_step,
)
from benchmarks.peers.plain_networks import BareMatrices, OneHotLayer
from benchmarks.timing import Effort
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.nn import AbstractModel

pytestmark = pytest.mark.xdist_group("compiler")  # which torch's optimizers import
CASES = cases()
PEERS = pytest.mark.parametrize(
    ("case", "peer"),
    [pytest.param(case, peer, id=f"{case.model} {peer}") for case in CASES for peer in case.peers],
)


def network_of(case: FamilyCase, peer: str, model: AbstractModel) -> nn.Module:
    """A peer with the weights of a model."""
    network = case.peers[peer]()
    weights = [parameter.detach() for parameter in model.parameters()]
    if isinstance(network, BareMatrices):
        weights = _by_gate(network, model)
    if isinstance(network, OneHotLayer):  # its second bias stays zero
        weights.append(torch.zeros_like(model.get_parameter("recurrent.bias_ih_l0")))
    with torch.no_grad():
        for parameter in network.parameters():
            found = next(w for w in weights if w.shape == parameter.shape)
            weights = [weight for weight in weights if weight is not found]
            parameter.copy_(found)
    assert not weights
    return network


def _by_gate(network: BareMatrices, model: AbstractModel) -> list[torch.Tensor]:
    """The matrices of every gate, (inputs, outputs) each."""
    gates, parts = len(network.from_input), dict(model.named_parameters())
    return [
        part.detach()
        for name in ("weight_ih", "weight_hh", "bias_ih")
        for part in (
            chunk.t() if chunk.dim() == 2 else chunk
            for chunk in parts[f"recurrent.{name}_l0"].chunk(gates)
        )
    ] + [parts["output.weight"].detach().t(), parts["output.bias"].detach()]


@PEERS
def test_a_peer_computes_the_network_of_the_model(
    catalog: Catalog, case: FamilyCase, peer: str
) -> None:
    model = zoo_model(catalog, case).eval()
    network = network_of(case, peer, model).eval()
    with torch.no_grad():
        torch.testing.assert_close(
            logits_of(network(*inputs_of(case))), model(case.batch).logits, rtol=0, atol=1e-5
        )


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.model in ("char-loop", "cnn2d", "dlinear", "seq2seq")]
)
def test_a_peer_takes_the_step_of_the_zoo(catalog: Catalog, case: FamilyCase) -> None:
    model = zoo_model(catalog, case)
    (peer,) = case.peers
    network = network_of(case, peer, model)
    takes, zoo_takes = peer_step(network, case), zoo_step(catalog, model, case)
    losses = [(takes(), float(zoo_takes().loss)) for _ in range(3)]
    for loss, zoo_loss in losses:
        assert loss == pytest.approx(zoo_loss, abs=1e-5)
    assert losses[2] < losses[0]


def test_every_use_of_a_case_is_measured_by_turns(catalog: Catalog, tmp_path: Path) -> None:
    wanted = {
        f"dlinear {TRAINING}": {LAYER, ZOO},
        f"cnn2d {EVALUATION}": {LAYER, ZOO},
        f"rnn-scratch {GENERATION}": {LOOP, LAYER, ZOO},
    }
    setup = Setup(catalog, tmp_path, Effort(2, 0.01), quick=True, cases=frozenset(wanted))
    measured = {rows[0].case: rows for rows in families(setup)}
    assert {name: {row.implementation for row in rows} for name, rows in measured.items()} == wanted
    units = {name.partition(" ")[2]: rows[0].unit for name, rows in measured.items()}
    assert units == {TRAINING: "rows/s", EVALUATION: "rows/s", GENERATION: "tokens/s"}
    for rows in measured.values():
        assert all(len(row.samples) == 2 and row.value > 0 for row in rows)


def test_a_text_is_generated_of_a_language_model_alone() -> None:
    generated = {case.model for case in CASES if GENERATION in case.uses}
    assert generated == {"char-seq-rnn", "deep", "rnn-scratch", "lstm-scratch", "gru-scratch"}
