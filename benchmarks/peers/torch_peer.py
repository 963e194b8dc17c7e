"""Training and generation with a network in plain torch, as a careful user writes them."""

from __future__ import annotations

import time
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any, final

import click
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.peers.network import AbstractNetwork


@final
class TorchPeer:
    """A network with its optimizer.

    Args:
        network: The network.
        bf16: Whether the forward pass runs under autocast to bfloat16.
        onednn: Whether torch may use oneDNN.
        fused: Whether the optimizer updates all parameters in one call, as the zoo's does.
        compiled: Whether torch.compile translates the forward and the backward pass. The first
            step does that, and prints how long it took.
    """

    def __init__(
        self,
        network: AbstractNetwork,
        *,
        bf16: bool = False,
        onednn: bool = True,
        fused: bool = True,
        compiled: bool = False,
    ) -> None:
        self.network, self.bf16, self.onednn = network, bf16, onednn
        self.forward: Any = torch.compile(network) if compiled else network
        self.compiles = compiled
        # switching oneDNN off and on makes torch warn about a missing graphics processor
        warnings.filterwarnings("ignore", "TF32 acceleration")
        case = network.case
        optimizer = getattr(torch.optim, case.optimizer)
        self.optimizer = optimizer(network.parameters(), lr=case.learning_rate, fused=fused)

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """Takes a step: forward, cross entropy, backward, clipping, optimizer. Returns the loss."""
        if not self.compiles:
            return self._step(inputs, targets)
        self.compiles, started = False, time.perf_counter()
        loss = self._step(inputs, targets)
        seconds, case = time.perf_counter() - started, self.network.case.name
        click.echo(f"torch.compile, {case} {self.network.cell}: {seconds:.0f} s", err=True)
        return loss

    def _step(self, inputs: Tensor, targets: Tensor) -> float:
        self.optimizer.zero_grad()
        with self._library():
            with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self.bf16):
                logits, _ = self.forward(inputs)
            loss = cross_entropy(logits.float().flatten(0, 1), targets.flatten())
            torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.item())

    @torch.no_grad()
    def generate(self, length: int) -> list[int]:
        """Generates the most likely symbols after the first one of the vocabulary."""
        device = self.network.output.weight.device
        token, state, symbols = torch.zeros(1, 1, dtype=torch.long, device=device), None, []
        with (
            self._library(),
            torch.autocast(device.type, torch.bfloat16, enabled=self.bf16),
        ):
            for _ in range(length):
                logits, state = self.network(token, state)
                token = logits[:, -1].argmax(-1, keepdim=True)
                symbols.append(int(token))
        return symbols

    def _library(self) -> AbstractContextManager[None]:
        return nullcontext() if self.onednn else torch.backends.mkldnn.flags(enabled=False)
