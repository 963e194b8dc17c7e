"""The zoo's targets of speed, and whether a report reaches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from benchmarks.levels import UNCOMPILED
from benchmarks.measurement import Measurement, find
from benchmarks.target import Target

PRODUCT = "a large product"
MAX_GROWTH = 100.0
"""In kB per epoch: a third of the measured model, and more than the allocator adds by chance."""
MAX_ADDED = 100.0
"""In MB: what a text of 1 GB may add to the memory of one of 1 MB."""
BF16, EMULATED = "bf16", "bf16, emulated"
LOST = ", lost by auto"
"""The end of the case of what the backend ``auto`` loses to the fastest one, in percent."""
MAX_LOST = 0.05
"""What ``auto`` may lose."""
CELLS = ("rnn", "lstm", "gru")
TORCH_IMPLEMENTATIONS = ("torch.nn", "torch.nn without oneDNN")
"""Both are torch.nn in float32. Which one is faster depends on the work and the processor."""


def targets(measured: Sequence[Measurement], isa: str) -> Iterator[Target]:
    """Every target, with the measured ratio.

    Args:
        measured: The measurements of a report.
        isa: The instruction sets of the machine, or the limit on native code, a key of
            ``levels.LEVELS``; the targets of native code depend on it.
    """
    yield from _portable(measured)
    yield from _choice(measured)
    if isa == UNCOMPILED:
        return
    if "avx512f" in isa:
        yield from _native_avx512(measured)
    elif "avx" in isa:
        yield from _native_avx2(measured)
    if "amx_bf16" in isa:
        yield from _bf16(measured)
    yield from _generation(measured)
    yield from _precision(measured)
    yield from _rest(measured)


def _portable(measured: Sequence[Measurement]) -> Iterator[Target]:
    name = "zoo portable"
    for case, floor, goal in (("toy", 4.0, 5.5), ("d2l", 1.5, 1.8), ("fastai", 1.2, 1.5)):
        for cell in CELLS:
            at = f"{case} {cell}"
            ratio = _ratio(measured, "training", at, name, "naive")
            yield Target(f"portable, {at}: × naive loop", floor, goal, ratio)
            torch = _torch(measured, "training", at)
            ratio = _ratio(measured, "training", at, name, torch)
            yield Target(f"portable, {at}: × {torch}", 1.0, None, ratio)


def _choice(measured: Sequence[Measurement]) -> Iterator[Target]:
    """The most that auto loses at any size, in parts of the fastest backend's speed."""
    lost = {
        row.case.removesuffix(LOST): row.value / 100
        for row in measured
        if row.benchmark == "choice" and row.case.endswith(LOST)
    }
    at = max(lost, key=lambda case: lost[case]) if lost else ""
    what = f"choice, the most lost by auto at {len(lost)} sizes" + (f", {at}" if at else "")
    yield Target(what, MAX_LOST, None, lost.get(at), lower=True)


def _native_avx512(measured: Sequence[Measurement]) -> Iterator[Target]:
    name = "zoo native"
    for case, naive_floor, torch_floor in (("d2l", 2.4, 1.6), ("fastai", 1.9, 1.9)):
        for cell in CELLS:
            at = f"{case} {cell}"
            ratio = _ratio(measured, "training", at, name, "naive")
            yield Target(f"native, {at}: × naive loop", naive_floor, None, ratio)
            torch = _torch(measured, "training", at)
            ratio = _ratio(measured, "training", at, name, torch)
            yield Target(f"native, {at}: × {torch}", torch_floor, None, ratio)
            share = _ratio(measured, "peak", f"{at} fp32", name, PRODUCT)
            yield Target(f"native, {at}: share of the fp32 peak", 0.60, 0.85, share)


def _native_avx2(measured: Sequence[Measurement]) -> Iterator[Target]:
    for case, floor in (("toy", 1.0), ("d2l", 1.3), ("fastai", 1.0)):
        for cell in CELLS:
            at = f"{case} {cell}"
            torch = _torch(measured, "training", at)
            ratio = _ratio(measured, "training", at, "zoo native", torch)
            yield Target(f"native on AVX2, {at}: × {torch}", floor, None, ratio)


def _bf16(measured: Sequence[Measurement]) -> Iterator[Target]:
    name = "zoo native bf16"
    for case, floors, goal in (("d2l", (8.0, 11.0, 10.0), 16.0), ("fastai", (5.0, 6.5, 6.5), 9.0)):
        for cell, floor in zip(CELLS, floors, strict=True):
            at = f"{case} {cell}"
            ratio = _ratio(measured, "training", at, name, "naive")
            aim = goal if cell == "lstm" else None
            yield Target(f"native bf16, {at}: × naive loop", floor, aim, ratio)
            share = _ratio(measured, "peak", f"{at} bf16", "zoo native", PRODUCT)
            yield Target(f"native bf16, {at}: share of the bf16 peak", 0.40, 0.65, share)


def _generation(measured: Sequence[Measurement]) -> Iterator[Target]:
    """The fastest implementation of each precision; the peers are always in float32."""
    for case, cell, is_bf16 in product(("d2l", "fastai"), CELLS, (False, True)):
        at = f"{case} {cell}"
        candidates = [
            row
            for row in measured
            if (row.benchmark, row.case) == ("generation", at)
            and row.implementation.startswith("zoo")
            and row.implementation.endswith(BF16) is is_bf16
        ]
        best = "zoo bf16" if is_bf16 else "zoo"
        if candidates:
            best = max(candidates, key=lambda row: row.value).implementation
        peers = ((_torch(measured, "generation", at), 10.0, 40.0), ("jax", 2.0, 6.0))
        for peer, floor, goal in peers:
            aim = goal if cell == "lstm" and is_bf16 else None
            ratio = _ratio(measured, "generation", at, best, peer)
            yield Target(f"generation, {at}, {best}: × {peer}", floor, aim, ratio)


def _precision(measured: Sequence[Measurement]) -> Iterator[Target]:
    """The position of bf16's median between the lowest seed of fp32, 0, and the highest, 1."""
    for cell in CELLS:
        full = find(measured, "precision", cell, "fp32")
        emulated = find(measured, "precision", cell, EMULATED)
        bf16 = find(measured, "precision", cell, BF16) or emulated
        low, high = full.spread if full else (0.0, 0.0)
        position = (bf16.value - low) / (high - low) if bf16 and low < high else None
        name = bf16.implementation if bf16 else BF16
        what = f"{name}, {cell}: median perplexity within the spread of fp32's seeds, 0 to 1"
        yield Target(what, 1.0, None, position, lower=True)


def _rest(measured: Sequence[Measurement]) -> Iterator[Target]:
    for case in ("d2l", "fastai"):
        for cell in CELLS:
            bare = _ratio(measured, "trainer", f"{case} {cell}", "zoo train", "the step alone")
            lost = None if bare is None else 1 - bare
            yield Target(f"trainer, {case} {cell}: share lost", 0.05, 0.02, lost, lower=True)
    for command in ("zoo list", "zoo --help", "completion"):
        ratio = _ratio(measured, "startup", "start", "python -c pass", command)
        yield Target(f"{command}: × python -c pass", 10.0, 7.5, ratio, lower=True)
    plugin = find(measured, "growth", "a further plugin", "zoo list")
    milliseconds = plugin.value if plugin else None
    yield Target("zoo list: ms for each further plugin", None, 0.2, milliseconds, lower=True)
    longer = _ratio(measured, "growth", "steps T", "280", "35")
    yield Target("growth: speed with 8 × as many steps", 0.8, None, longer)
    epoch = find(measured, "growth", "a further epoch", "zoo train")
    kilobytes = epoch.value if epoch else None
    yield Target("growth: kB for each further epoch", MAX_GROWTH, None, kilobytes, lower=True)
    text = find(measured, "large-text", "a larger text", "added by the large text")
    megabytes = text.value if text else None
    yield Target("large text: MB added to memory", MAX_ADDED, None, megabytes, lower=True)


def _torch(measured: Sequence[Measurement], benchmark: str, at: str) -> str:
    """The faster implementation of torch.nn, by its median."""
    rows = [find(measured, benchmark, at, name) for name in TORCH_IMPLEMENTATIONS]
    present = [row for row in rows if row is not None]
    if not present:
        return TORCH_IMPLEMENTATIONS[0]
    return max(present, key=lambda row: row.value).implementation


def _ratio(
    measured: Sequence[Measurement], benchmark: str, case: str, implementation: str, base: str
) -> float | None:
    row = find(measured, benchmark, case, implementation)
    base_row = find(measured, benchmark, case, base)
    return row.over(base_row) if row and base_row else None
