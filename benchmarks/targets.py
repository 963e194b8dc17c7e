"""The zoo's targets of speed, and whether a report reaches them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from benchmarks.levels import UNCOMPILED
from benchmarks.measurement import Measurement, find
from benchmarks.target import Target

PRODUCT = "a large product"
"""What torch reaches at most, which our own products may exceed."""
MULTIPLYING, STEP_PRODUCTS = "multiplying registers", "the products of a step"
"""What bounds the speed of training, with compiled code and without it."""
READING = "reading the weights"
"""What bounds the speed of a text."""
MAX_GROWTH = 100.0
"""In kB per epoch: a third of the measured model, and more than the allocator adds by chance."""
MAX_ADDED = 100.0
"""In MB: what a text of 1 GB may add to the memory of one of 1 MB."""
BF16, EMULATED = "bf16", "bf16, emulated"
LOST = ", lost by auto"
"""The end of the case of what the backend ``auto`` loses to the fastest one, in percent."""
MAX_LOST = 0.05
"""What ``auto`` may lose."""
SHARE_NOISE = 0.025
"""The noise of a share that is lost, which is small against the whole."""
FURTHER_PLUGIN, FURTHER_EPOCH = "a further plugin", "a further epoch"
"""Cases of what each of them adds."""
CELLS = ("rnn", "lstm", "gru")
UNCOMPILED_IMPLEMENTATIONS = ("zoo portable", "zoo torch")
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
    """The faster implementation without compiled code, which is the one that auto takes there."""
    for case, floor, goal in (("toy", 4.0, 5.5), ("d2l", 1.5, 1.8), ("fastai", 1.2, 1.5)):
        for cell in CELLS:
            at = ("training", f"{case} {cell}")
            name = _fastest(measured, at, UNCOMPILED_IMPLEMENTATIONS)
            what = f"{name.removeprefix('zoo ')}, {at[1]}: × "
            share = _ratio(measured, "", ("peak", f"{at[1]} fp32"), name, STEP_PRODUCTS, None)
            naive = _ratio(measured, f"{what}naive loop", at, name, "naive", floor, goal)
            yield _at_most(naive, share)
            torch = _torch(measured, at)
            yield _at_most(_ratio(measured, what + torch, at, name, torch, 1.0), share)


def _choice(measured: Sequence[Measurement]) -> Iterator[Target]:
    """The most that auto loses at any size, in parts of the fastest backend's speed."""
    lost = {
        row.case: (row.value / 100, row.runs)
        for row in measured
        if row.benchmark == "choice" and row.case.endswith(LOST)
    }
    what = f"choice, the most lost by auto at {len(lost)} sizes"
    if not lost:
        yield Target(what, MAX_LOST, None, None, lower=True)
        return
    at = max(lost, key=lambda case: lost[case])
    share, runs = lost[at]
    yield Target(
        f"{what}, {at.removesuffix(LOST)}",
        MAX_LOST,
        None,
        share,
        lower=True,
        source=("choice", at),
        runs=runs,
        noise=SHARE_NOISE,
    )


def _native_avx512(measured: Sequence[Measurement]) -> Iterator[Target]:
    name = "zoo native"
    for case, naive_floor, torch_floor in (("d2l", 2.4, 1.6), ("fastai", 1.9, 1.9)):
        for cell in CELLS:
            at = ("training", f"{case} {cell}")
            what = f"native, {at[1]}: "
            peak = ("peak", f"{at[1]} fp32")
            share = _ratio(measured, "", peak, name, MULTIPLYING, None)
            naive = _ratio(measured, f"{what}× naive loop", at, name, "naive", naive_floor)
            yield _at_most(naive, share)
            torch = _torch(measured, at)
            yield _at_most(
                _ratio(measured, f"{what}× {torch}", at, name, torch, torch_floor), share
            )
            yield _ratio(measured, f"{what}share of the fp32 peak", peak, name, PRODUCT, 0.60, 0.85)


def _native_avx2(measured: Sequence[Measurement]) -> Iterator[Target]:
    for case, floor in (("toy", 1.0), ("d2l", 1.3), ("fastai", 1.0)):
        for cell in CELLS:
            at = ("training", f"{case} {cell}")
            torch = _torch(measured, at)
            what = f"native on AVX2, {at[1]}: × {torch}"
            yield _ratio(measured, what, at, "zoo native", torch, floor)


def _bf16(measured: Sequence[Measurement]) -> Iterator[Target]:
    name = "zoo native bf16"
    for case, floors, goal in (("d2l", (8.0, 11.0, 10.0), 16.0), ("fastai", (5.0, 6.5, 6.5), 9.0)):
        for cell, floor in zip(CELLS, floors, strict=True):
            at = ("training", f"{case} {cell}")
            what = f"native bf16, {at[1]}: "
            aim = goal if cell == "lstm" else None
            yield _ratio(measured, f"{what}× naive loop", at, name, "naive", floor, aim)
            peak = ("peak", f"{at[1]} bf16")
            what += "share of the bf16 peak"
            yield _ratio(measured, what, peak, "zoo native", PRODUCT, 0.40, 0.65)


def _generation(measured: Sequence[Measurement]) -> Iterator[Target]:
    """The fastest implementation of each precision; the peers are always in float32."""
    for case, cell, is_bf16 in product(("d2l", "fastai"), CELLS, (False, True)):
        at = ("generation", f"{case} {cell}")
        candidates = [
            row
            for row in measured
            if (row.benchmark, row.case) == at
            and row.implementation.startswith("zoo")
            and row.implementation.endswith(BF16) is is_bf16
        ]
        best = "zoo bf16" if is_bf16 else "zoo"
        if candidates:
            best = max(candidates, key=lambda row: row.value).implementation
        peak = ("peak", of_text(at[1], BF16 if is_bf16 else "fp32"))
        share = _ratio(measured, "", peak, "zoo native", READING, None)
        for peer, floor, goal in ((_torch(measured, at), 10.0, 40.0), ("jax", 2.0, 6.0)):
            aim = goal if cell == "lstm" and is_bf16 else None
            what = f"generation, {at[1]}, {best}: × {peer}"
            ratio = _ratio(measured, what, at, best, peer, floor, aim)
            yield _at_most(ratio, share) if best.startswith("zoo native") else ratio


def _precision(measured: Sequence[Measurement]) -> Iterator[Target]:
    """The position of bf16's median between the lowest seed of fp32, 0, and the highest, 1.

    A seed gives the same perplexity again, so no run is repeated.
    """
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
            what, at = f"trainer, {case} {cell}: share lost", ("trainer", f"{case} {cell}")
            bare = _ratio(measured, what, at, "zoo train", "the step alone", 0.05, 0.02)
            lost = None if bare.measured is None else 1 - bare.measured
            yield bare._replace(measured=lost, lower=True, noise=SHARE_NOISE)
    start = ("startup", "start")
    for command in ("zoo list", "zoo --help", "completion"):
        what = f"{command}: × python -c pass"
        ratio = _ratio(measured, what, start, "python -c pass", command, 10.0, 7.5)
        yield ratio._replace(lower=True)
    what, at = "zoo list: ms for each further plugin", ("growth", FURTHER_PLUGIN)
    yield _value(measured, what, at, "zoo list", None, 0.2)
    longer = "growth: speed with 8 × as many steps"
    yield _ratio(measured, longer, ("growth", "steps T"), "280", "35", 0.8)
    what, at = "growth: kB for each further epoch", ("growth", FURTHER_EPOCH)
    yield _value(measured, what, at, "zoo train", MAX_GROWTH)
    what, at = "large text: MB added to memory", ("large-text", "a larger text")
    yield _value(measured, what, at, "added by the large text", MAX_ADDED)


def of_text(case: str, precision: str) -> str:
    """The case of the benchmark ``peak`` that bounds a text."""
    return f"{case}, text, {precision}"


def _at_most(ratio: Target, share: Target) -> Target:
    """A ratio to a peer, with the ratio that the highest speed of the processor would give.

    Args:
        ratio: The ratio.
        share: The share of the highest speed that the same implementation reaches; by noise, it
            may be more than 1.
    """
    if not ratio.measured or not share.measured:
        return ratio
    return ratio._replace(highest=ratio.measured / min(share.measured, 1.0))


def _torch(measured: Sequence[Measurement], at: tuple[str, str]) -> str:
    """The faster implementation of torch.nn."""
    return _fastest(measured, at, TORCH_IMPLEMENTATIONS)


def _fastest(
    measured: Sequence[Measurement], at: tuple[str, str], implementations: Sequence[str]
) -> str:
    """The fastest of some implementations, by its median; the first if none is measured."""
    rows = [find(measured, *at, name) for name in implementations]
    present = [row for row in rows if row is not None]
    if not present:
        return implementations[0]
    return max(present, key=lambda row: row.value).implementation


def _ratio(
    measured: Sequence[Measurement],
    what: str,
    at: tuple[str, str],
    implementation: str,
    base: str,
    floor: float | None,
    goal: float | None = None,
) -> Target:
    """A bound on the ratio of an implementation to another one of a benchmark's case."""
    row, base_row = find(measured, *at, implementation), find(measured, *at, base)
    if row is None or base_row is None:
        return Target(what, floor, goal, None)
    return Target(what, floor, goal, row.over(base_row), source=at, runs=row.runs)


def _value(
    measured: Sequence[Measurement],
    what: str,
    at: tuple[str, str],
    implementation: str,
    floor: float | None,
    goal: float | None = None,
) -> Target:
    """A bound on a measurement of which lower is better."""
    row = find(measured, *at, implementation)
    if row is None:
        return Target(what, floor, goal, None, lower=True)
    return Target(what, floor, goal, row.value, lower=True, source=at, runs=row.runs)
