"""The format ``torch``: every model of the catalog as a program of torch.export."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.contracts.cases import MODELS, every_network
from zoo_core import export
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.exporting.program import Lengths, Program
from zoo_core.runtime.exporting.torch_program import export_program
from zoo_core.runtime.exporting.verification import verify_program
from zoo_core.testing.cases.model_cases import plain_cases

pytestmark = pytest.mark.gate

OF_ONE_LENGTH = ("segrnn",)
"""Models that loop over the segments of a window, whose number a trace fixes."""


@every_network
def test_every_model_gives_the_same_from_a_saved_program(model: ModelSpec) -> None:
    case = plain_cases(model)[0]
    if model.context:
        with pytest.raises(MisfitError, match="no export format takes further inputs"):
            Program(case.build())
        return
    program = Program(case.build().eval())
    exported, lengths = export_program(program)
    file = io.BytesIO()
    torch.export.save(exported, file)
    file.seek(0)
    loaded: Any = torch.export.load(file).module()
    verify_program(program, loaded, lengths)
    of_one_length = program.model.window is not None or program.input_name == "grid"
    assert lengths.fixed == (of_one_length or model.name in OF_ONE_LENGTH)
    if program.model.carries_state:
        assert lengths == Lengths(1), "a model with a state runs any number of steps"


def test_a_checkpoint_is_exported_with_signature_vocabulary_and_card(
    hello: Path, tmp_path: Path
) -> None:
    result = export(hello, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["README.md", "model.pt2", "signature.json", "vocabulary.json"]
    assert 0 <= result.difference < 1e-5
    assert "torch.export.load" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_a_state_that_is_only_for_inspection_is_no_output() -> None:
    (spec,) = (spec for spec in MODELS if spec.name == "char-three")
    case = plain_cases(spec)[0]
    program = Program(case.build())
    assert program.output_names == ("logits",)
    assert len(program(case.batch().inputs, [])) == 1


def test_a_trace_that_fails_fixes_no_size_of_the_next(catalog: Catalog) -> None:
    specs = {entry.spec.name: entry.spec for entry in catalog.of(ModelSpec)}
    cases = {name: plain_cases(specs[name])[0] for name in ("segrnn", "lstm-manual", "gru-embed")}
    lengths = {
        name: export_program(Program(case.build().eval()))[1].fixed for name, case in cases.items()
    }
    assert lengths == {"segrnn": True, "lstm-manual": False, "gru-embed": False}
