# [model]
"""The layer, compared with the equations of its cell step by step in float64."""

from __future__ import annotations

import torch
from zoo_core.runtime.nn import HiddenState, Recurrent

from zoo_plugin_quokka.cell import QuokkaCell


def test_the_layer_equals_its_equations() -> None:
    torch.manual_seed(0)
    layer = Recurrent(QuokkaCell(4, gate_bias=0.5), 3).double()
    inputs, hidden = torch.randn(2, 5, 3).double(), torch.randn(2, 4).double()
    outputs, after = layer(inputs, (HiddenState(hidden),))
    weights = layer.weights(0, 0)
    w_if, w_in = weights["weight_ih"].chunk(2)
    w_hf, w_hn = weights["weight_hh"].chunk(2)
    b_if, b_in = weights["bias_ih"].chunk(2)
    b_hf, b_hn = weights["bias_hh"].chunk(2)
    for t in range(5):
        x = inputs[:, t]
        f = 1 / (1 + torch.exp(-(x @ w_if.T + b_if + hidden @ w_hf.T + b_hf + 0.5)))
        n = torch.tanh(x @ w_in.T + b_in + (f * hidden) @ w_hn.T + b_hn)
        hidden = (1 - f) * hidden + f * n
        torch.testing.assert_close(outputs[:, t], hidden, rtol=0, atol=1e-12)
    torch.testing.assert_close(after[0].hidden, hidden, rtol=0, atol=1e-12)


# [end]
