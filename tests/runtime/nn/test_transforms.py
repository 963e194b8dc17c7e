"""Transformations of torch pass through a layer, whatever kernel it runs by otherwise."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.exporting.torch_program import ScanKernel
from zoo_core.runtime.kernels.unavailable import UnavailableKernel
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_gru.cell import GruCell

B, T, F, H = 2, 4, 3, 5
INPUTS = torch.rand(B, T, F, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["portable", "torch", "native"])
def kernel(request: pytest.FixtureRequest, catalog: Catalog) -> AbstractKernel:
    """A kernel that torch does not transform."""
    found = next(kernel for kernel in kernels(catalog) if kernel.name == request.param)
    if isinstance(found, UnavailableKernel):
        pytest.skip(found.details)
    return found


@pytest.fixture
def layers(kernel: AbstractKernel) -> Iterator[tuple[Recurrent, Recurrent]]:
    """A layer that the kernel runs, and one of the same weights without it."""
    torch.manual_seed(0)
    layer, plain = (Recurrent(GruCell(H), F).double() for _ in range(2))
    layer.load_state_dict(plain.state_dict())
    layer.kernels = (kernel,)
    yield layer, plain
    assert layer.kernel is kernel
    torch.testing.assert_close(layer(INPUTS)[0], plain(INPUTS)[0])


def gradients_of_rows(layer: nn.Module) -> list[Tensor]:
    """The gradient of every weight for each row by itself."""

    def loss(weights: Mapping[str, Tensor], row: Tensor) -> Tensor:
        outputs: Tensor = functional_call(layer, dict(weights), (row.unsqueeze(0),))[0]
        return outputs.sin().sum()

    weights = dict(layer.named_parameters())
    return list(vmap(grad(loss), (None, 0))(weights, INPUTS).values())


def dual(layer: nn.Module) -> Tensor:
    """The derivative in the direction of the inputs, by dual numbers."""
    with forward_ad.dual_level():
        dual_inputs = forward_ad.make_dual(INPUTS, INPUTS)  # type: ignore[no-untyped-call]
        dual_outputs = layer(dual_inputs)[0]
        tangent: Tensor = forward_ad.unpack_dual(dual_outputs).tangent  # type: ignore[no-untyped-call]
        return tangent


def traced(layer: nn.Module) -> Tensor:
    """What a program of all operations gives for other inputs than those it is made with."""
    program = make_fx(lambda inputs: layer(inputs)[0])(INPUTS)
    outputs: Tensor = program(2 * INPUTS)
    return outputs


TRANSFORMS: dict[str, Callable[[nn.Module], object]] = {
    "vmap": lambda layer: vmap(lambda rows: layer(rows)[0])(INPUTS.unsqueeze(1)),
    "gradients of rows": gradients_of_rows,
    "jvp": lambda layer: jvp(lambda x: layer(x)[0], (INPUTS,), (INPUTS,)),
    "jacrev": lambda layer: jacrev(lambda x: layer(x)[0].sum(1))(INPUTS),
    "jacfwd": lambda layer: jacfwd(lambda x: layer(x)[0].sum(1))(INPUTS),
    "hessian": lambda layer: hessian(lambda x: layer(x)[0].sum())(INPUTS),
    "dual numbers": dual,
    "export": lambda layer: torch.export.export(layer, (INPUTS,)).module()(INPUTS)[0],
    "program of operations": traced,
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script`")  # torch's own forward derivatives
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_a_transformation_gives_what_it_gives_for_the_reference(
    layers: tuple[Recurrent, Recurrent], transform: Callable[[nn.Module], object]
) -> None:
    layer, plain = layers
    torch.testing.assert_close(transform(layer), transform(plain))


@pytest.mark.filterwarnings("ignore:`torch.jit.script`")  # torch's own forward derivatives
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_a_layer_that_saves_memory_passes_too(transform: Callable[[nn.Module], object]) -> None:
    torch.manual_seed(0)
    layer = Recurrent(GruCell(H), F).double()
    expected = transform(layer)
    layer.checkpoint_steps = 2
    torch.testing.assert_close(transform(layer), expected)


def test_tensors_without_memory_pass_through_a_layer(layers: tuple[Recurrent, Recurrent]) -> None:
    layer, _ = layers
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        inputs = mode.from_tensor(INPUTS)
        assert layer(inputs)[0].shape == (B, T, H)
    layer = copy.deepcopy(layer)
    for name, weight in list(layer.named_parameters()):
        setattr(layer, name, nn.Parameter(mode.from_tensor(weight)))
    assert layer(inputs)[0].shape == (B, T, H)  # outside of the mode too


def test_a_kernel_that_is_made_for_a_trace_runs_in_it() -> None:
    torch.manual_seed(0)
    layer = Recurrent(GruCell(H), F).double()
    expected = layer(torch.cat([INPUTS, INPUTS], 1))[0]
    layer.kernels, layer.chooses_by_size = (ScanKernel(),), False
    # torch may compare the steps with the rows, of which there are two
    steps = torch.export.Dim("steps", min=B + 1, max=100)
    with torch.no_grad():
        program = torch.export.export(layer, (INPUTS,), dynamic_shapes=({1: steps},))
    actual = program.module()(torch.cat([INPUTS, INPUTS], 1))[0]
    torch.testing.assert_close(actual, expected)
