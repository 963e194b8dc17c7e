"""Readers of input from outside: no crash, no hang, no memory beyond a bound."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import CASES, TARGETS, attempt

MAX_MEMORY = 4_000_000
"""Bytes of memory that reading a kilobyte may take."""
HANG = 20_000
"""Milliseconds after which a reader counts as hanging, on the slowest of machines."""
CASE_FILES = sorted(path for path in CASES.rglob("*") if path.is_file())


def damaged_seeds(name: str) -> st.SearchStrategy[bytes]:
    """Random bytes, and valid inputs with random bytes in them."""

    @st.composite
    def draw(draw: st.DrawFn) -> bytes:
        seed = draw(st.sampled_from(TARGETS[name].seeds))
        for _ in range(draw(st.integers(0, 3))):
            position, cut = draw(st.integers(0, len(seed))), draw(st.integers(0, 20))
            noise = draw(st.one_of(st.binary(max_size=20), st.text(max_size=20).map(str.encode)))
            seed = seed[:position] + noise + seed[position + cut :]
        return draw(st.one_of(st.just(seed), st.binary(max_size=400)))

    return draw()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_valid(name: str) -> None:
    for seed in TARGETS[name].seeds[:1]:
        TARGETS[name].read(seed)


@pytest.mark.gate
@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=200, deadline=HANG, derandomize=True)
@given(st.data())
def test_any_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    attempt(name, data.draw(damaged_seeds(name)))


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_an_input_that_once_broke_a_reader_does_not_again(path: Path) -> None:
    attempt(path.parent.name, path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_reading_takes_little_memory(name: str) -> None:
    for seed in (*TARGETS[name].seeds, b"\xff" * 1000, b"[" * 1000, b"9" * 1000):
        attempt(name, seed)
        tracemalloc.start()
        attempt(name, seed)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MAX_MEMORY


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("piece", [b"[", b"{", b"a.", b'{"a":', b"[[a]]\n", b'"a",', b"\n"])
def test_much_of_the_same_takes_no_time_or_depth(name: str, piece: bytes) -> None:
    attempt(name, piece * 5000)
