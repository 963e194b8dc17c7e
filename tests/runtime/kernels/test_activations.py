"""The hyperbolic tangent of the portable kernel, against torch's in double precision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from zoo_core.runtime.kernels.portable import activations
from zoo_core.runtime.kernels.portable.activations import (
    MAX_NUMPY_THREADS,
    MIN_NUMPY_SIZE,
    tanh_of,
)

SIZES = torch.logspace(-30, 2, 1000, dtype=torch.float64)
NUMBERS = torch.cat([SIZES, -SIZES, torch.zeros(1, dtype=torch.float64)])
BY_BOTH = pytest.mark.parametrize("tanh", [activations._numpy_tanh, activations._torch_tanh])


def takes_numpy(like: Tensor) -> bool:
    return tanh_of(like) is activations._numpy_tanh


@BY_BOTH
@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 3e-7), (torch.float64, 1e-15)])
def test_tanh_has_all_digits_near_zero(
    tanh: activations.Tanh, dtype: torch.dtype, error: float
) -> None:
    x = NUMBERS.to(dtype)
    out = torch.empty_like(x)
    tanh(x, out)
    torch.testing.assert_close(out.double(), x.double().tanh(), rtol=error, atol=0)


@BY_BOTH
def test_tanh_of_what_is_not_finite(tanh: activations.Tanh) -> None:
    x = torch.tensor([torch.inf, -torch.inf, torch.nan] * 20)
    out = torch.empty_like(x)
    tanh(x, out)
    torch.testing.assert_close(out, torch.tensor([1.0, -1.0, torch.nan] * 20), equal_nan=True)


def test_tanh_in_numpy_is_the_same_bits_wherever_a_number_lies() -> None:
    x = torch.randn(7, 3 * 37)
    expected = torch.empty_like(x)
    activations._numpy_tanh(x, expected)
    for columns in (slice(0, 37), slice(5, 6), slice(40, 111)):
        part = x.clone()[:, columns]
        activations._numpy_tanh(part, part)
        assert torch.equal(part, expected[:, columns])


def test_small_states_and_half_precision_take_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert takes_numpy(torch.empty(MIN_NUMPY_SIZE))
    assert takes_numpy(torch.empty(MIN_NUMPY_SIZE, dtype=torch.float64))
    assert not takes_numpy(torch.empty(MIN_NUMPY_SIZE - 1))
    assert not takes_numpy(torch.empty(MIN_NUMPY_SIZE, dtype=torch.bfloat16))


@pytest.mark.parametrize("instructions", [*MAX_NUMPY_THREADS, "DEFAULT"])
def test_many_threads_take_torch(monkeypatch: pytest.MonkeyPatch, instructions: str) -> None:
    large, most = torch.empty(MIN_NUMPY_SIZE), MAX_NUMPY_THREADS.get(instructions, 0)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: instructions)
    for threads in (1, 2, 3, 4, 5):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert takes_numpy(large) is (threads <= most)


def test_torch_compile_traces_torchs_tanh() -> None:
    graphs: list[str] = []

    def note(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> object:
        graphs.append(graph.code)
        return graph

    def compute(x: Tensor) -> Tensor:
        out = torch.empty_like(x)
        tanh_of(x)(x, out)
        return out

    x = torch.randn(MIN_NUMPY_SIZE)
    compiled = torch.compile(compute, backend=note, fullgraph=True)
    torch.testing.assert_close(compiled(x), x.tanh())
    assert len(graphs) == 1
    assert "torch.tanh" in graphs[0]
