"""The format ``onnx``: every model of the catalog agrees with ONNX Runtime."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, final

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear

from tests.contracts.cases import every_network
from zoo_core import export, generate, load, train
from zoo_core.data.signature import Classes, Features, Signature, Tokens
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.exporting.program import Lengths, Program
from zoo_core.runtime.exporting.verification import verify_program
from zoo_core.runtime.nn import GatedCell, HiddenState, Recurrent, RecurrentModel, Weights
from zoo_core.testing.cases.model_cases import plain_cases

pytest.importorskip("onnx")
pytestmark = [pytest.mark.full, pytest.mark.usefixtures("operators_once")]
WINDOWS = {"steps": 3, "per": "sequence"}
"""The settings of texts for a model that reads three symbols."""


def _verify(model: torch.nn.Module, tmp_path: Path) -> tuple[Any, Lengths]:
    import onnx

    from zoo_onnx.exporter import to_onnx
    from zoo_onnx.session import Session

    program = Program(model.float().eval())  # type: ignore[arg-type]  # models alone are given
    exported, lengths = to_onnx(program)
    onnx.save(exported, tmp_path / "model.onnx")
    verify_program(program, Session(tmp_path / "model.onnx"), lengths)
    return exported, lengths


@every_network
def test_every_model_agrees_with_onnx_runtime(model: ModelSpec, tmp_path: Path) -> None:
    if model.context:
        pytest.skip("the core refuses a model with further inputs")
    network = plain_cases(model)[0].build()
    exported, lengths = _verify(network, tmp_path)
    batches = {value.type.tensor_type.shape.dim[0].dim_param for value in exported.graph.input}
    assert batches == {"batch"}
    if network.carries_state:
        assert lengths == Lengths(1), "a model with a state runs any number of steps"


@final
class StrangeCell(GatedCell[HiddenState]):
    """A cell that ONNX does not know: h' = h ⊙ σ(a) + sin(b)."""

    name = "strange"
    gates = 2

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        gates = projected + linear(state.hidden, weights["weight_hh"], weights.get("bias_hh"))
        keep, new = gates.chunk(2, dim=1)
        hidden = state.hidden * keep.sigmoid() + new.sin()
        return hidden, HiddenState(hidden)


SIGNATURES = {
    "tokens per step": Signature(inputs=Tokens(7), outputs=Classes(7, per="step")),
    "features per sequence": Signature(inputs=Features(3), outputs=Classes(2, per="sequence")),
}


@pytest.mark.parametrize(
    ("name", "bidirectional"),
    [
        ("tokens per step", False),
        ("features per sequence", True),
        pytest.param("tokens per step", True, marks=pytest.mark.slow),
        pytest.param("features per sequence", False, marks=pytest.mark.slow),
    ],
)
def test_an_unknown_cell_runs_as_a_loop(name: str, bidirectional: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    signature = SIGNATURES[name]
    recurrent = Recurrent(
        StrangeCell(5), signature.input_size, num_layers=2, bidirectional=bidirectional
    )
    exported, _ = _verify(RecurrentModel(signature, recurrent), tmp_path)
    assert [node.op_type for node in exported.graph.node].count("Scan") == 2 * (1 + bidirectional)


@pytest.mark.parametrize(
    ("module", "cell", "options", "operator"),
    [
        ("zoo_rnn", "RnnCell", {"nonlinearity": "relu"}, "RNN"),
        ("zoo_rnn", "RnnCell", {"bias": False}, "RNN"),
        ("zoo_gru", "GruCell", {}, "GRU"),
        ("zoo_gru", "ResetBeforeGruCell", {}, "GRU"),
        ("zoo_lstm", "LstmCell", {}, "LSTM"),
        ("zoo_lstm", "LstmCell", {"proj_size": 2}, "Scan"),
    ],
)
def test_the_operators_of_onnx_in_both_directions(
    module: str, cell: str, options: dict[str, Any], operator: str, tmp_path: Path
) -> None:
    from importlib import import_module

    torch.manual_seed(0)
    cells = import_module(f"{module}.cell")
    recurrent = Recurrent(getattr(cells, cell)(4, **options), 3, num_layers=2, bidirectional=True)
    model = RecurrentModel(SIGNATURES["features per sequence"], recurrent)
    exported, _ = _verify(model, tmp_path)
    assert [node.op_type for node in exported.graph.node].count(operator) == 4


def test_the_script_beside_a_language_model_writes_text(tmp_path: Path) -> None:
    checkpoint = load("gru-embed.python-docs")
    result = export(checkpoint, tmp_path / "out", format="onnx", with_sampler=True)
    assert result.difference < 1e-4
    text = _run_script(tmp_path / "out", "The ", "1")
    assert text.startswith("The ")
    assert len(text) == len("The ") + 200 + 1
    assert text == _run_script(tmp_path / "out", "The ", "1")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _run_script(tmp_path / "out", "漢x漢字")
    assert caught.value.stderr == "symbols that the model does not know: 字 漢\n"
    assert set(text) <= {*checkpoint.signature.vocabulary.symbols, "\n"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("model", "settings", "prompt", "typed", "refused", "message"),
    [
        ("gru-embed", {"tokens": "byte"}, "a naïve ", "a naïve ", "", ""),
        ("gru-embed", {"tokens": "word"}, " a naïve", "", "a cat", "give the ids of symbols, such"),
        ("char-three", WINDOWS, "a naï", "a naï", "a", "give a prompt of 3 symbols at least"),
    ],
    ids=["bytes", "ids of words", "a window"],
)
def test_the_script_writes_what_the_model_writes(
    model: str,
    settings: dict[str, Any],
    prompt: str,
    typed: str,
    refused: str,
    message: str,
    tmp_path: Path,
) -> None:
    """Of logits this large the likeliest symbol alone is drawn."""
    (tmp_path / "text.txt").write_text("a naïve dog ran to the cat, but it sat. " * 60, "utf-8")
    dataset = {"path": str(tmp_path / "text.txt"), "steps": 8, **settings}
    sections = {"model": {}, "dataset": dataset, "trainer": {"epochs": 6, "batch_size": 4}}
    checkpoint = train(model, tmp_path / "run", dataset="text", settings=sections)
    *_, head = [part for part in checkpoint.model.modules() if isinstance(part, torch.nn.Linear)]
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(30)
    export(checkpoint, tmp_path / "out", format="onnx")
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None
    ids = vocabulary.encode(vocabulary.tokenizer.split(prompt))
    expected = prompt + generate(checkpoint, prompt, temperature=0, length=200)
    assert _run_script(tmp_path / "out", typed or " ".join(map(str, ids))) == f"{expected}\n"
    if refused:
        with pytest.raises(subprocess.CalledProcessError) as caught:
            _run_script(tmp_path / "out", refused)
        assert message in caught.value.stderr
        assert "Traceback" not in caught.value.stderr


def test_the_script_beside_a_labelling_model_prints_the_labels(hello: Path, tmp_path: Path) -> None:
    export(hello, tmp_path / "out", format="onnx")
    assert _run_script(tmp_path / "out", "hello") == "hello → o h l o l\n"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _run_script(tmp_path / "out", "hello", "xx")
    assert caught.value.stderr == "symbols that the model does not know: x\n"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    expected = ["README.md", "model.onnx", "signature.json", "stream.py", "vocabulary.json"]
    assert names == expected
    assert json.loads((tmp_path / "out/vocabulary.json").read_text("utf-8")) == list("ehlo")


def test_eight_bit_weights_state_what_they_cost(tmp_path: Path) -> None:
    (tmp_path / "songs.txt").write_text("the owl and the cat went out to sea\n" * 100)
    data = {"path": str(tmp_path / "songs.txt")}
    checkpoint = train(
        "lstm-embed.python-docs",
        tmp_path / "songs",
        dataset="text",
        settings={"dataset": data, "trainer": {"epochs": 2}},
    )
    result = export(checkpoint, tmp_path / "out", format="onnx", int8=True)
    before, after = result.metrics["validation_loss_fp32"], result.metrics["validation_loss_int8"]
    assert before != after
    assert abs(before - after) < 0.05
    before_size, after_size = (int(word.replace(",", "")) for word in result.notes[0].split()[::3])
    assert after_size < before_size / 2
    assert (tmp_path / "out/model.onnx").stat().st_size == after_size


def test_a_model_of_labels_has_nothing_to_draw(hello: Path, tmp_path: Path) -> None:
    with pytest.raises(MisfitError, match="--with-sampler needs a model that predicts the next"):
        export(hello, tmp_path / "out", format="onnx", with_sampler=True)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigError, match="--int8 does not go with --format torch"):
        export(hello, tmp_path / "out", int8=True)


def _run_script(folder: Path, *arguments: str) -> str:
    command = [sys.executable, str(folder / "stream.py"), *arguments]
    return subprocess.run(
        command, capture_output=True, check=True, encoding="utf-8", env={"PYTHONUTF8": "1"}
    ).stdout
