"""Checks of kernels, which run the installed models."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import torch
from torch import Tensor

from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec, ModelSpec
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import restore_state, state_tensors
from zoo_core.testing.cases.model_case import (
    EXACT,
    REORDERED,
    SINGLE,
    ModelCase,
    check_tolerance,
    marked,
    max_difference,
)
from zoo_core.testing.cases.model_cases import model_cases, plain_cases
from zoo_core.testing.cases.sample_values import needed_values
from zoo_core.testing.check import DoesNotApply, Violation, check

MANY_STEPS = 150
"""Steps of a longer sequence: beyond two chunks of 64, and no multiple of a usual chunk."""
SIZES = ((1, 8), (1, 32), (16, 32))
"""Rows and steps at which a kernel is timed."""
MIN_TURNS, MAX_TURNS = 3, 15
"""Turns of kernel and reference, of which the fastest of each counts.

The later ones are taken while the kernel seems slow, which other programs can make it.
"""
MIN_SPEED = 0.8
"""Speed of a kernel that pays, in multiples of the reference's."""


@final
@dataclass(frozen=True)
class KernelCase:
    """A kernel and a model with a cell that the kernel names.

    Args:
        spec: The kernel's spec.
        model: The model.
    """

    spec: KernelSpec
    model: ModelCase

    def label(self) -> str:
        """Returns the model's name and case."""
        return f"model {self.model.spec.name}, {self.model.label()}"

    def smaller(self) -> Iterator[KernelCase]:
        """Yields the case with fewer rows and steps."""
        return (replace(self, model=smaller) for smaller in self.model.smaller())


@final
@dataclass(frozen=True)
class SpeedCase:
    """A kernel, a model at its default sizes, and the size of the batch.

    Args:
        spec: The kernel's spec.
        model: The model, with a cell that the kernel names.
        rows: B.
        steps: T.
    """

    spec: KernelSpec
    model: ModelCase
    rows: int
    steps: int

    def label(self) -> str:
        """Returns the model's name and the size of the batch."""
        return f"model {self.model.spec.name}, B={self.rows}, T={self.steps}"

    def smaller(self) -> Iterator[SpeedCase]:
        """Yields nothing: a smaller case is another question."""
        yield from ()


@check(
    "Compute the cell's equations with its order of gates, start from the state that scan gets (in "
    "reverse, at the last valid step), and after a row's length return zeros and keep the row's "
    "state; or return the reason from unsupported_reason().",
    needs=("import-strings",),
)
def kernel_equals(case: KernelCase) -> Violation | None:
    """A kernel gives the reference's logits, states and gradients, with and without padding."""
    kernel: AbstractKernel = resolve(case.spec.factory)()
    dtype = _widest_dtype(kernel, case.model.build())
    tolerance = EXACT if dtype == torch.float64 else SINGLE
    random_batch = case.model.batch(dtype)
    uneven = torch.tensor([max(1, case.model.steps - row) for row in range(case.model.rows)])
    for padding, lengths in {"without padding": None, "with padding": uneven}.items():
        batch = random_batch._replace(lengths=lengths)
        try:
            expected = _all_results(case.model.build().to(dtype), batch, ReferenceKernel())
            results = _all_results(case.model.build().to(dtype), batch, kernel)
        except MisfitError:  # the model takes no rows of different lengths
            continue
        difference = max(map(max_difference, expected, results))
        rule = f"the same results from kernel and reference {padding}"
        if violation := check_tolerance(difference, tolerance, rule):
            return violation
    return None


@check(
    "Start every marked step from the cell's initial state (in reverse, the step before it), "
    "whatever the state before it is: choose between the two, as a product of 0 and a NaN is one; "
    "or do not override scan_with_resets.",
    needs=("kernel-equals",),
)
def kernel_resets(case: KernelCase) -> Violation | None:
    """A kernel starts states anew at marked steps as the reference does, NaN before them or not."""
    kernel: AbstractKernel = resolve(case.spec.factory)()
    model = case.model.build()
    dtype = _widest_dtype(kernel, model)
    if not model.takes_resets or case.model.steps == 1:
        raise DoesNotApply("the model starts no state anew")
    batch = marked(case.model.batch(dtype))
    expected = _all_results(case.model.build().to(dtype), batch, ReferenceKernel())
    results = _all_results(case.model.build().to(dtype), batch, kernel)
    difference = max(map(max_difference, expected, results))
    rule = "the same results from kernel and reference for states that start anew"
    tolerance = EXACT if dtype == torch.float64 else SINGLE
    if violation := check_tolerance(difference, tolerance, rule):
        return violation
    if not model.carries_state:
        return None
    rule = "the same results after a start, whether the state before it is NaN or not"
    results, expected = _results_after_starts(case.model.build().to(dtype), batch, kernel)
    difference = max(map(max_difference, expected, results))
    return check_tolerance(difference, tolerance, rule)


@check(
    "Carry the state from each chunk of steps to the next, let none see the next one's inputs, and "
    "begin a chunk wherever a row starts anew or ends.",
    needs=("kernel-equals", "kernel-resets"),
)
def kernel_many_steps(case: KernelCase) -> Violation | None:
    """Over 150 steps a kernel gives the reference's results, with resets and padding too.

    A parallel kernel cuts a sequence into chunks, and the other checks feed fewer steps than one.
    Gradients that add up over many steps may be large: a difference is measured in parts of the
    largest number of its tensor, if that is above 1.
    """
    if not case.model.free:
        raise DoesNotApply("the model reads one length only")
    kernel: AbstractKernel = resolve(case.spec.factory)()
    long = replace(case.model, steps=MANY_STEPS)
    model = long.build()
    if _widest_dtype(kernel, model) != torch.float64:
        raise DoesNotApply("the kernel has no double precision, so that roundings would differ")
    plain = long.batch()
    marks = torch.zeros(long.rows, MANY_STEPS, dtype=torch.bool)
    for row in range(long.rows):
        marks[row, [7 + row, 64, 100 + row]] = True
    lengths = torch.tensor([max(1, MANY_STEPS - 41 * row) for row in range(long.rows)])
    cut = plain._replace(lengths=lengths, resets=marks if model.takes_resets else None)
    for name, batch in {"": plain, " that start anew and have padding": cut}.items():
        try:
            expected = _all_results(long.build(), batch, ReferenceKernel())
            results = _all_results(long.build(), batch, kernel)
        except MisfitError:  # the model takes no rows of different lengths
            continue
        difference = max(map(relative_difference, expected, results))
        rule = f"the same results from kernel and reference for rows of {MANY_STEPS} steps{name}"
        if violation := check_tolerance(difference, REORDERED, rule):
            return violation
    return None


@check(
    "Return False from pays(case) for such sizes, so that the backend auto passes over the kernel.",
    needs=("kernel-equals",),
)
def kernel_pays(case: SpeedCase) -> Violation | None:
    """A kernel is as fast as the reference at every size for which its pays() is true."""
    kernel: AbstractKernel = resolve(case.spec.factory)()
    layer = _recurrent_layers(case.model.build().float())[0]
    like = next(layer.parameters())
    if reason := kernel.unsupported_reason(layer.cell, like):
        raise DoesNotApply(reason)
    scan_case = ScanCase(
        cell=layer.cell,
        batch_size=case.rows,
        steps=case.steps,
        symbols=0,
        padded=False,
        dtype=like.dtype,
        input_dtype=like.dtype,
        device=like.device.type,
        needs_grad=True,
        autocast=False,
    )
    if not kernel.pays(scan_case):
        raise DoesNotApply("its pays() is false")
    reference = seconds = math.inf
    for turn in range(MAX_TURNS):
        reference = min(reference, _step_seconds(ReferenceKernel(), layer, case))
        seconds = min(seconds, _step_seconds(kernel, layer, case))
        if turn + 1 >= MIN_TURNS and seconds * MIN_SPEED <= reference:
            return None
    return Violation(
        f"at least {MIN_SPEED:g} times the speed of the reference",
        f"{reference / seconds:.2f} times its speed",
    )


def _step_seconds(kernel: AbstractKernel, layer: Recurrent, case: SpeedCase) -> float:
    """Returns the seconds of a forward and a backward pass through one layer.

    They are those of the processor, which do not depend on what else the machine does.
    """
    weights = layer.weights(0, 0)
    inputs = torch.zeros(case.rows, case.steps, layer.input_size)
    state = layer.cell.initial_state(case.rows, inputs)
    started = time.process_time()
    outputs, _ = kernel.scan(layer.cell, weights, inputs, state, lengths=None, reverse=False)
    torch.autograd.backward(outputs.sum())
    return time.process_time() - started


def speed_cases(catalog: Catalog, kernel: KernelSpec) -> list[SpeedCase]:
    """Returns the cases of a kernel with one model for each of its cells, in several sizes."""
    models = map(_at_default_sizes, _model_for_each_cell(catalog, kernel))
    return [SpeedCase(kernel, case, *size) for case in models for size in SIZES]


def cell_cases(catalog: Catalog, kernel: KernelSpec) -> list[KernelCase]:
    """Returns the cases of a kernel with one model for each of its cells."""
    return [KernelCase(kernel, case) for case in _model_for_each_cell(catalog, kernel)]


def _model_for_each_cell(catalog: Catalog, kernel: KernelSpec) -> list[ModelCase]:
    models: dict[str, ModelCase] = {}

    def keep(cases: list[tuple[ModelCase, set[str]]]) -> bool:
        """Keeps one case for each cell, and returns whether there is one of the kernel's cells."""
        found = [(name, case) for case, cells in cases for name in cells & set(kernel.cells)]
        for name, case in found:
            models.setdefault(name, case)
        return bool(found)

    specs = [spec for _, spec in catalog.of(ModelSpec)]
    likely = [spec for spec in specs if keep(_plain_cases_and_cells(spec))]
    # A cell of no plain case, such as one that a setting chooses, is likely to be of a model that
    # has another cell of the kernel. To make every case of every model takes seconds.
    for spec in (*likely, *specs):
        if not models.keys() >= set(kernel.cells):
            keep(_cases_and_cells(spec))
    return list(models.values())


def _at_default_sizes(case: ModelCase) -> ModelCase:
    """Returns a case with the settings alone that its config needs or that chose its cell."""
    small = [plain.settings for plain in plain_cases(case.spec)]
    changed = {
        key: value
        for key, value in case.settings.items()
        if not any(settings.get(key) == value for settings in small)
    }
    return replace(case, settings=needed_values(resolve(case.spec.config)) | changed)


def kernel_cases(catalog: Catalog, kernel: KernelSpec) -> list[KernelCase]:
    """Returns the cases of a kernel with every installed model whose cell it names."""
    models = [model for _, model in catalog.of(ModelSpec)]
    return [case for model in models for case in cases_with_model(kernel, model)]


def cases_with_model(kernel: KernelSpec, model: ModelSpec) -> list[KernelCase]:
    """Returns the cases of a kernel with one model; none if the kernel names none of its cells."""
    names = set(kernel.cells)
    return [KernelCase(kernel, case) for case, cells in _cases_and_cells(model) if names & cells]


def plain_kernel_cases(catalog: Catalog, kernel: KernelSpec) -> list[KernelCase]:
    """Returns the cases of a kernel with the plain cases of the installed models."""
    cases = kernel_cases(catalog, kernel)
    return [case for case in cases if case.model in plain_cases(case.model.spec)]


@cache
def _cases_and_cells(model: ModelSpec) -> list[tuple[ModelCase, set[str]]]:
    return [(case, _cell_names(case)) for case in model_cases(model)]


@cache
def _plain_cases_and_cells(model: ModelSpec) -> list[tuple[ModelCase, set[str]]]:
    return [(case, _cell_names(case)) for case in plain_cases(model)]


def _cell_names(case: ModelCase) -> set[str]:
    try:
        return {layer.cell.name for layer in _recurrent_layers(case.build())}
    except Exception:  # the checks of the model report a model that cannot be built
        return set()


def _recurrent_layers(model: AbstractModel) -> list[Recurrent]:
    return [module for module in model.modules() if isinstance(module, Recurrent)]


def _widest_dtype(kernel: AbstractKernel, model: AbstractModel) -> torch.dtype:
    """Returns the widest dtype in which the kernel runs every cell of the model.

    Raises:
        DoesNotApply: The kernel does not support one of the cells.
    """
    reasons: list[str] = []
    for dtype in (torch.float64, torch.float32):
        like = torch.zeros(1, dtype=dtype)
        answers = [
            kernel.unsupported_reason(layer.cell, like) for layer in _recurrent_layers(model)
        ]
        reasons = [reason for reason in answers if reason is not None]
        if not reasons:
            return dtype
    raise DoesNotApply(reasons[0])


def relative_difference(expected: Tensor, tensor: Tensor) -> float:
    """Returns the largest difference in parts of the largest number, or of 1 if that is larger.

    It is infinite where either holds an infinity or NaN.

    Args:
        expected: The tensor whose largest number counts.
        tensor: The other one, of the same shape.
    """
    difference = max_difference(expected, tensor)
    if math.isinf(difference) or not expected.numel():
        return difference
    return difference / max(float(expected.abs().max()), 1.0)


def _all_results(model: AbstractModel, batch: Batch, kernel: AbstractKernel) -> list[Tensor]:
    """Returns logits, states and gradients, started from a state that is not the initial one."""
    for layer in _recurrent_layers(model):
        layer.kernels = (kernel, ReferenceKernel())
    with torch.no_grad():
        whole = Batch(batch.inputs, context=batch.context)
        state = model(whole).state if model.carries_state else None
    output: Output = model(batch, state)
    torch.autograd.backward(output.logits.square().sum())
    states = [] if output.state is None else list(state_tensors(output.state).values())
    gradients = [
        parameter.grad.to_dense() if parameter.grad.is_sparse else parameter.grad
        for parameter in model.parameters()
        if parameter.grad is not None
    ]
    return [output.logits.detach(), *(tensor.detach() for tensor in states), *gradients]


@torch.no_grad()
def _results_after_starts(
    model: AbstractModel, batch: Batch, kernel: AbstractKernel
) -> Iterator[list[Tensor]]:
    """Yields logits after the first mark of every row, and last states, from a state of NaN.

    Then it yields those from the initial state.
    """
    for layer in _recurrent_layers(model):
        layer.kernels = (kernel, ReferenceKernel())
    assert batch.resets is not None, "the batch is marked"
    after = batch.resets.cummax(dim=1).values
    initial = model.initial_state(len(batch.inputs))
    assert initial is not None, "the model carries a state"
    lost = restore_state(
        initial,
        {
            name: torch.full_like(tensor, torch.nan)
            for name, tensor in state_tensors(initial).items()
        },
    )
    for state in (lost, initial):
        output: Output = model(batch, state)
        assert output.state is not None, "the model carries a state"
        logits = output.logits
        yield [
            logits[after] if model.signature.outputs.per == "step" else logits,
            *state_tensors(output.state).values(),
        ]


CHECKS = (kernel_equals,)
PLAIN = (kernel_resets,)
"""Checks that run on the plain cases of the models only."""
CELLS = (kernel_many_steps,)
"""Checks that run on one model for each cell."""
SPEED = (kernel_pays,)
