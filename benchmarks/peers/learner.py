"""Training and generating with a network in plain torch, as a careful user would."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.peers.network import AbstractNetwork


@final
class Learner:
    """A network with its optimizer.

    Args:
        network: Plain torch.
        bf16: Forward under autocast.
        onednn: Whether torch may use oneDNN.
        fused: Whether the optimizer updates all parameters in one call, as the zoo's does.
    """

    def __init__(
        self,
        network: AbstractNetwork,
        *,
        bf16: bool = False,
        onednn: bool = True,
        fused: bool = True,
    ) -> None:
        self.network, self.bf16, self.onednn = network, bf16, onednn
        # switching oneDNN off and on makes torch speak of a graphics processor that is not there
        warnings.filterwarnings("ignore", "TF32 acceleration")
        case = network.case
        make = getattr(torch.optim, case.optimizer)
        self.optimizer = make(network.parameters(), lr=case.learning_rate, fused=fused)

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """Forward, cross entropy, backward, clipping, optimizer; the loss, read."""
        self.optimizer.zero_grad()
        with self._library():
            with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self.bf16):
                logits, _ = self.network(inputs)
            loss = cross_entropy(logits.float().flatten(0, 1), targets.flatten())
            torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.item())

    @torch.no_grad()
    def generate(self, length: int) -> list[int]:
        """So many of the likeliest symbols, from the first on."""
        token, state, found = torch.zeros(1, 1, dtype=torch.long), None, []
        with (
            self._library(),
            torch.autocast("cpu", torch.bfloat16, enabled=self.bf16),
        ):
            for _ in range(length):
                logits, state = self.network(token, state)
                token = logits[:, -1].argmax(-1, keepdim=True)
                found.append(int(token))
        return found

    def _library(self) -> AbstractContextManager[None]:
        return nullcontext() if self.onednn else torch.backends.mkldnn.flags(enabled=False)
