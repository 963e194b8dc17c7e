"""The peers learn, and torch.nn, JAX and Keras compute the same network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.cases import GATES, Case
from benchmarks.peers import implementations
from benchmarks.peers.implementations import Peer, configure_jax
from benchmarks.peers.network import Naive, TorchLayers
from benchmarks.peers.torch_peer import TorchPeer
from zoo_kernels.library import LEVEL

pytestmark = pytest.mark.xdist_group("compiler")  # which torch's optimizers import
SMALL = Case("small", 5, 0, 8, 3, 6, "Adam", 0.02, "stacked", "hello", {}, 1)
EMBEDDED = Case("embedded", 5, 4, 8, 3, 6, "SGD", 0.5, "embed", "hello", {}, 1)
CASES = pytest.mark.parametrize("case", [SMALL, EMBEDDED], ids=lambda case: case.name)
CELLS = pytest.mark.parametrize("cell", list(GATES))


def batch(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    tokens = torch.randint(5, (case.batch, case.steps + 1), generator=torch.manual_seed(1))
    return tokens[:, :-1], tokens[:, 1:]


@pytest.mark.gate
@CASES
@CELLS
@pytest.mark.parametrize("network", [Naive, TorchLayers])
def test_a_network_in_plain_torch_learns(
    network: type[Naive | TorchLayers], cell: str, case: Case
) -> None:
    torch.manual_seed(0)
    torch_peer = TorchPeer(network(cell, case))
    losses = [torch_peer.step(*batch(case)) for _ in range(60)]
    assert losses[-1] < 0.8 * losses[0]
    assert len(torch_peer.generate(7)) == 7


def test_torch_in_bfloat16_is_a_peer_where_the_zoo_would_use_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(implementations, "missing", lambda: ["JAX", "Keras"])
    for there in (True, False):
        monkeypatch.setattr(
            implementations, "multiplies_bfloat16", lambda device, there=there: there
        )
        assert ("torch.nn bf16" in implementations.peers("rnn", SMALL)) is there


def test_every_peer_of_torch_but_the_naive_loop_fuses_its_optimizer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(implementations, "missing", lambda: ["JAX", "Keras"])
    for name, peer in implementations.peers("rnn", SMALL).items():
        assert isinstance(peer, TorchPeer)
        assert peer.optimizer.defaults["fused"] is (name != "naive")


def test_torch_compile_is_a_peer_of_training_where_there_is_a_compiler(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(implementations, "missing", lambda: ["JAX", "Keras"])
    monkeypatch.setenv("CXX", sys.executable)  # some program
    assert implementations.COMPILED in implementations.peer_makers("rnn", SMALL)
    monkeypatch.setenv("CXX", str(tmp_path / "gone"))
    assert implementations.COMPILED not in implementations.peer_makers("rnn", SMALL)


def test_torch_compile_is_no_peer_where_all_libraries_are_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(implementations, "has_compiler", lambda: True)
    for level, expected in (("avx2", False), ("baseline", True)):
        monkeypatch.setenv(LEVEL, level)
        makers = implementations.peer_makers("rnn", SMALL)
        assert (implementations.COMPILED in makers) is expected


def test_the_compiled_loop_takes_the_steps_of_the_naive_one_and_says_how_long_it_compiled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    translated: list[Any] = []

    def translate(network: Any) -> Any:
        translated.append(network)
        return network

    monkeypatch.setattr(torch, "compile", translate)
    makers = implementations.peer_makers("lstm", SMALL)
    peers = [makers[name]() for name in ("naive", implementations.COMPILED)]
    assert len(translated) == 1
    losses = [[peer.step(*batch(SMALL)) for _ in range(3)] for peer in peers]
    assert losses[0] == losses[1]
    assert re.fullmatch(r"torch.compile, small lstm: \d+ s\n", capsys.readouterr().err)


@CELLS
def test_the_naive_loop_computes_what_torch_does(cell: str) -> None:
    torch.manual_seed(0)
    layers = TorchLayers(cell, EMBEDDED)
    naive = Naive(cell, EMBEDDED)
    naive.embedding, naive.output = layers.embedding, layers.output
    zoo_run = zip(naive.from_input, naive.from_hidden, strict=True)
    pieces = [parameter.chunk(GATES[cell]) for parameter in layers.recurrent.parameters()]
    with torch.no_grad():
        for gate, (from_input, from_hidden) in enumerate(zoo_run):
            targets = (from_input.weight, from_hidden.weight, from_input.bias, from_hidden.bias)
            for target, chunks in zip(targets, pieces, strict=True):
                assert isinstance(target, torch.Tensor)
                target.copy_(chunks[gate])
    tokens, _ = batch(EMBEDDED)
    torch.testing.assert_close(naive(tokens)[0], layers(tokens)[0], rtol=0, atol=1e-6)


@CASES
@CELLS
def test_jax_takes_the_steps_that_torch_takes(cell: str, case: Case) -> None:
    configure_jax()
    pytest.importorskip("jax", reason="the group bench is not installed")
    from benchmarks.peers.scan import Scan

    torch.manual_seed(0)
    network = TorchLayers(cell, case)
    scan, torch_peer = Scan(network), TorchPeer(network)
    take_the_same_steps(scan, torch_peer, case)


@CASES
@CELLS
def test_keras_takes_the_steps_that_torch_takes(cell: str, case: Case) -> None:
    configure_jax()
    pytest.importorskip("keras", reason="the group bench is not installed")
    from benchmarks.peers.keras_layers import KerasLayers

    torch.manual_seed(0)
    network = TorchLayers(cell, case)
    if cell != "gru":  # where Keras has one bias, which would learn at half the rate of two
        network.recurrent.bias_hh_l0.requires_grad_(False)
    layers, torch_peer = KerasLayers(network), TorchPeer(network)
    take_the_same_steps(layers, torch_peer, case)


def take_the_same_steps(peer: Peer, torch_peer: TorchPeer, case: Case) -> None:
    for _ in range(5):
        assert peer.step(*batch(case)) == pytest.approx(torch_peer.step(*batch(case)), rel=1e-4)
    assert peer.generate(9) == torch_peer.generate(9)
