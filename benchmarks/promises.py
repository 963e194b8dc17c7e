"""What the zoo promises of its speed, and whether a run of the benchmarks shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from benchmarks.figure import Figure, find
from benchmarks.levels import UNCOMPILED
from benchmarks.promise import Promise

PRODUCT = "a large product"
LEAK = 100.0
"""kB an epoch: a third of the model that is measured, more than the allocator adds by chance."""
BF16, IMITATED = "bf16", "bf16, imitated"
CELLS = ("rnn", "lstm", "gru")
TORCH = ("torch.nn", "torch.nn without oneDNN")
"""Both are torch.nn in float32; which is the faster depends on what it does and where."""


def promises(found: Sequence[Figure], isa: str) -> Iterator[Promise]:
    """Every promise, with what these figures say of it.

    Args:
        found: The figures of a run.
        isa: The instruction sets of its machine, or the level of ``levels.py`` that native code
            was bounded to: the native promises depend on it.
    """
    yield from _portable(found)
    if isa == UNCOMPILED:
        return
    if "avx" in isa:
        yield from _native(found, wide="avx512f" in isa)
    if "amx_bf16" in isa:
        yield from _bf16(found)
    yield from _generation(found)
    yield from _precision(found)
    yield from _rest(found)


def _portable(found: Sequence[Figure]) -> Iterator[Promise]:
    way = "zoo portable"
    for case, floor, goal in (("S", 4.0, 5.5), ("M", 1.5, 1.8), ("F", 1.2, 1.5)):
        for cell in CELLS:
            at = f"{case} {cell}"
            against = _times(found, "training", at, way, "naive")
            yield Promise(f"portable, {at}: × naive loop", floor, goal, against)
            torch = _torch(found, "training", at)
            against = _times(found, "training", at, way, torch)
            yield Promise(f"portable, {at}: × {torch}", 1.0, None, against)


def _native(found: Sequence[Figure], *, wide: bool) -> Iterator[Promise]:
    """With AVX-512 and without it."""
    way = "zoo native"
    for case, beside, alone in (("M", 2.4, 1.6), ("F", 1.9, 1.9)) if wide else ():
        for cell in CELLS:
            at = f"{case} {cell}"
            against = _times(found, "training", at, way, "naive")
            yield Promise(f"native, {at}: × naive loop", beside, None, against)
            torch = _torch(found, "training", at)
            against = _times(found, "training", at, way, torch)
            yield Promise(f"native, {at}: × {torch}", alone, None, against)
            share = _times(found, "peak", f"{at} fp32", way, PRODUCT)
            yield Promise(f"native, {at}: share of the fp32 peak", 0.60, 0.85, share)
    for case, floor in (("S", 1.0), ("M", 1.3), ("F", 1.0)) if not wide else ():
        for cell in CELLS:
            at = f"{case} {cell}"
            torch = _torch(found, "training", at)
            against = _times(found, "training", at, way, torch)
            yield Promise(f"native on AVX2, {at}: × {torch}", floor, None, against)


def _bf16(found: Sequence[Figure]) -> Iterator[Promise]:
    way = "zoo native bf16"
    for case, floors, goal in (("M", (8.0, 11.0, 10.0), 16.0), ("F", (5.0, 6.5, 6.5), 9.0)):
        for cell, floor in zip(CELLS, floors, strict=True):
            at = f"{case} {cell}"
            against = _times(found, "training", at, way, "naive")
            aim = goal if cell == "lstm" else None
            yield Promise(f"native bf16, {at}: × naive loop", floor, aim, against)
            share = _times(found, "peak", f"{at} bf16", "zoo native", PRODUCT)
            yield Promise(f"native bf16, {at}: share of the bf16 peak", 0.40, 0.65, share)


def _generation(found: Sequence[Figure]) -> Iterator[Promise]:
    """Each precision by its fastest way; the peers are in float32 throughout."""
    for case, cell, half in product(("M", "F"), CELLS, (False, True)):
        at = f"{case} {cell}"
        ways = [each for each in found if (each.subject, each.case) == ("generation", at)]
        ours = [each for each in ways if each.way.startswith("zoo")]
        alike = [each for each in ours if each.way.endswith(BF16) is half]
        expected = "zoo bf16" if half else "zoo"
        best = max(alike, key=lambda each: each.value).way if alike else expected
        peers = ((_torch(found, "generation", at), 10.0, 40.0), ("jax", 2.0, 6.0))
        for peer, floor, goal in peers:
            aim = goal if cell == "lstm" and half else None
            times = _times(found, "generation", at, best, peer)
            yield Promise(f"generation, {at}, {best}: × {peer}", floor, aim, times)


def _precision(found: Sequence[Figure]) -> Iterator[Promise]:
    """Where the median of bf16's seeds lies between the lowest of fp32's, 0, and the highest, 1."""
    for cell in CELLS:
        full = find(found, "precision", cell, "fp32")
        imitated = find(found, "precision", cell, IMITATED)
        half = find(found, "precision", cell, BF16) or imitated
        low, high = full.spread if full else (0.0, 0.0)
        place = (half.value - low) / (high - low) if half and low < high else None
        way = IMITATED if half is imitated and half else BF16
        what = f"{way}, {cell}: median perplexity within the spread of fp32's seeds, 0 to 1"
        yield Promise(what, 1.0, None, place, lower=True)


def _rest(found: Sequence[Figure]) -> Iterator[Promise]:
    for case in ("M", "F"):
        for cell in CELLS:
            bare = _times(found, "trainer", f"{case} {cell}", "zoo train", "the step alone")
            lost = None if bare is None else 1 - bare
            yield Promise(f"trainer, {case} {cell}: share lost", 0.05, 0.02, lost, lower=True)
    for way in ("zoo list", "zoo --help", "completion"):
        times = _times(found, "startup", "start", "python -c pass", way)
        yield Promise(f"{way}: × python -c pass", 10.0, 7.5, times, lower=True)
    plugin = find(found, "growth", "a further plugin", "zoo list")
    each = plugin.value if plugin else None
    yield Promise("zoo list: ms for each further plugin", None, 0.2, each, lower=True)
    longer = _times(found, "growth", "steps T", "280", "35")
    yield Promise("growth: speed with 8 × as many steps", 0.8, None, longer)
    epoch = find(found, "growth", "a further epoch", "zoo train")
    grown = epoch.value if epoch else None
    yield Promise("growth: kB for each further epoch", LEAK, None, grown, lower=True)


def _torch(found: Sequence[Figure], subject: str, at: str) -> str:
    """The faster of torch.nn's ways, by its median."""
    measured = [each for way in TORCH if (each := find(found, subject, at, way))]
    return max(measured, key=lambda each: each.value).way if measured else TORCH[0]


def _times(found: Sequence[Figure], subject: str, case: str, way: str, base: str) -> float | None:
    mine, its = find(found, subject, case, way), find(found, subject, case, base)
    return mine.over(its) if mine and its else None
