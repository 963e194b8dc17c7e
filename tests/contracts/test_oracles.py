"""Every cell of ours is compared with an implementation that shares nothing with it.

That is a layer of ``torch.nn``, or a transcription of the paper's equations in NumPy. A test file
that imports ``tests.plugins.oracle`` or ``tests.plugins.transcription`` makes the comparison.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contracts.cases import MODELS
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.testing.cases.model_cases import plain_cases

TESTS = Path(__file__).parents[1] / "plugins"
IMPORTS = ("from tests.plugins.oracle import", "from tests.plugins.transcription import")
OTHERS = {
    "AddCell": ("test_chars.py", "test_char_three_equals_char_loop"),  # unrolled by hand
    "ConcatCell": ("test_chars.py", "ConcatCell"),
    "ScratchRnnCell": ("test_scratch.py", "nn.RNN"),  # with a second bias of zero
    "ScratchLstmCell": ("test_scratch.py", "nn.LSTM"),
    "ScratchGruCell": ("test_scratch.py", "ResetBeforeGruCell"),
}
"""The cells that are compared without these two, the test file of each, and a word of the test."""


def files_with_oracles() -> dict[str, str]:
    """The text of every test file that compares cells with one of the two."""
    texts = {path.name: path.read_text("utf-8") for path in sorted(TESTS.rglob("test_*.py"))}
    return {name: text for name, text in texts.items() if any(line in text for line in IMPORTS)}


def cells_of(spec: ModelSpec) -> set[type[Any]]:
    """The classes of a model's cells."""
    modules = plain_cases(spec)[0].build().modules()
    return {type(module.cell) for module in modules if isinstance(module, Recurrent)}


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
def test_every_cell_is_compared_with_an_independent_implementation(spec: ModelSpec) -> None:
    files = files_with_oracles()
    for cell in cells_of(spec):
        name = cell.__name__
        if name in OTHERS:
            file, word = OTHERS[name]
            assert word in (TESTS / file).read_text("utf-8")
            continue
        compared = [file for file, text in files.items() if name in text]
        assert compared, f"{name}: compare it with torch.nn or with a transcription"
