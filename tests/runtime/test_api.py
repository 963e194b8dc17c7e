"""The Python API: the functions of ``zoo_core``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save

import zoo_core
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.commands.generate import generate as generate_command
from zoo_core import Classes, Features, Signature, Tokens, Unknown
from zoo_core.errors import (
    ConfigError,
    DataError,
    MisfitError,
    NotFoundError,
    TargetError,
)
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE
from zoo_core.runtime.training.events import Event, Finished, Started

HELLO: dict[str, Any] = {"seed": 0, "device": "cpu", "threads": 1}


@pytest.fixture
def hello(hello_once: Path) -> Checkpoint:
    """A checkpoint that answers hello with ohlol."""
    return zoo_core.load(hello_once)


@pytest.fixture(scope="module")
def prose(trained_once: Path) -> Checkpoint:
    """A checkpoint that predicts the next symbol."""
    return zoo_core.load(trained_once)


def test_a_checkpoint_loaded_by_path_or_text_predicts_the_same(hello: Checkpoint) -> None:
    for reference in (hello.folder, f"dir:{hello.folder}", f"{hello.folder}/"):
        loaded = zoo_core.load(reference)
        assert loaded.finished
        assert zoo_core.predict(loaded, "hello") == "ohlol"


def test_a_progress_callback_gets_the_events(tmp_path: Path) -> None:
    events: list[Event] = []
    settings = {"trainer": {"epochs": 2}}
    zoo_core.train("rnn-cell.hello", tmp_path / "x", settings=settings, listen=events.append)
    assert [type(event) for event in events].count(Started) == 1
    assert isinstance(events[-1], Finished)


def test_settings_beat_the_recipe(tmp_path: Path) -> None:
    settings = {"model": {"hidden_size": 3}, "trainer": {"epochs": 1}}
    checkpoint = zoo_core.train("gru-manual", tmp_path / "x", settings=settings, **HELLO)
    assert checkpoint.model.state_dict()["recurrent.weight_hh_l0"].shape == (9, 3)
    assert checkpoint.run_config.recipe == "gru-manual.hello"


def test_training_takes_another_dataset_and_trainer(tmp_path: Path, text_file: Path) -> None:
    settings = {
        "dataset": {"path": text_file, "steps": 8},
        "trainer": {"epochs": 1, "batch_size": 2},
        "model": {"hidden_size": 4},
    }
    how: dict[str, Any] = {"dataset": "text", "trainer": "next-token", "settings": settings}
    checkpoint = zoo_core.train("rnn-stacked", tmp_path / "x", **how, **HELLO)
    assert (checkpoint.run_config.dataset, checkpoint.run_config.trainer) == ("text", "next-token")
    assert checkpoint.run_config.recipe == ""


def test_training_overwrites_no_checkpoint(hello: Checkpoint) -> None:
    before = (hello.folder / "config.json").read_bytes()
    with pytest.raises(TargetError, match="holds a checkpoint already"):
        zoo_core.train("lstm-embed.hello", hello.folder, **HELLO)
    assert (hello.folder / "config.json").read_bytes() == before


def test_an_invalid_setting_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.hiden_size: no such setting"):
        zoo_core.train("lstm-embed", tmp_path / "x", settings={"model": {"hiden_size": 3}})
    assert not (tmp_path / "x").exists()


def test_unknown_symbols_are_refused_or_handled_by_the_policy(hello: Checkpoint) -> None:
    with pytest.raises(DataError, match=r"lacks: 'x' \(2×\)"):
        zoo_core.predict(hello, "xhex")
    assert len(zoo_core.predict(hello, "xhex", unknown=Unknown("skip"))) == 2


def test_generation_adds_so_many_symbols_and_repeats(prose: Checkpoint) -> None:
    first, again = (zoo_core.generate(prose, "the ", length=30, seed=5) for _ in range(2))
    assert first == again
    assert len(first) == 30
    vocabulary = prose.signature.vocabulary
    assert vocabulary is not None
    assert "\n" in vocabulary.ids
    assert zoo_core.generate(prose) == zoo_core.generate(prose, "\n")


def test_a_stream_has_the_symbols_of_the_text_one_by_one(prose: Checkpoint) -> None:
    symbols = zoo_core.stream(prose, "the ", length=30, seed=5)
    first = next(symbols)
    assert first + "".join(symbols) == zoo_core.generate(prose, "the ", length=30, seed=5)
    assert len(first) == 1


def test_the_command_and_the_function_have_the_same_temperature() -> None:
    (option,) = [param for param in generate_command.params if param.name == "temperature"]
    assert f"default: {DEFAULT_TEMPERATURE};" in option.to_info_dict()["help"]


def test_several_inputs_have_several_predictions(hello: Checkpoint) -> None:
    assert zoo_core.predict(hello, ["hello", "hell"]) == [
        "ohlol",
        zoo_core.predict(hello, "hell"),
    ]


def test_probabilities_have_one_row_per_step_and_sum_to_one(hello: Checkpoint) -> None:
    rows = zoo_core.probabilities(hello, "hello")
    vocabulary = hello.signature.vocabulary
    assert vocabulary is not None
    assert rows.shape == (5, len(vocabulary))
    assert torch.allclose(rows.sum(-1), torch.ones(5))
    assert vocabulary.decode(rows.argmax(-1).tolist()) == "ohlol"
    assert not rows.requires_grad


def test_an_evaluation_repeats_the_metrics_or_measures_other_data(
    prose: Checkpoint, tmp_path: Path
) -> None:
    measured = zoo_core.evaluate(prose)
    assert measured == {split: prose.metrics[split] for split in ("validation", "test")}
    assert zoo_core.evaluate(prose, "test").keys() == {"test"}
    other = tmp_path / "other.txt"
    other.write_text("the lazy fox " * 40)
    settings = {"dataset": {"path": other}}
    assert zoo_core.evaluate(prose, "test", settings=settings)["test"] != measured["test"]
    with pytest.raises(ConfigError, match="model: an evaluation has settings of the dataset alone"):
        zoo_core.evaluate(prose, settings={"model": {}})
    with pytest.raises(NotFoundError, match="no split 'dev' in text; there are train, validation"):
        zoo_core.evaluate(prose, "dev")


def test_a_run_is_resumed_with_more_epochs(tmp_path: Path) -> None:
    settings = {"trainer": {"epochs": 2}}
    zoo_core.train("rnn-cell.hello", tmp_path / "run", settings=settings, **HELLO)
    events: list[Event] = []
    checkpoint = zoo_core.resume(tmp_path / "run", epochs=3, listen=events.append)
    assert checkpoint.run_config.configs["trainer"]["epochs"] == 3
    assert isinstance(events[-1], Finished)
    with pytest.raises(NotFoundError, match="no run to resume"):
        zoo_core.resume(tmp_path / "nothing")


def test_a_checkpoint_stands_for_its_folder(
    hello: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"trainer": {"epochs": 1}}
    run = zoo_core.train("rnn-cell.hello", tmp_path / "run", settings=settings, **HELLO)
    longer = zoo_core.resume(run, epochs=2)
    assert (longer.folder, longer.run_config.configs["trainer"]["epochs"]) == (run.folder, 2)
    assert {item.verdict for item in zoo_core.verify(hello)} == {"ok"}
    assert len(zoo_core.compare([hello]).rows) == 1
    published = []
    monkeypatch.setattr(
        "zoo_core.runtime.hub.publish.publish", lambda *given, **options: published.append(given)
    )
    zoo_core.push(hello, "owner/repo")
    assert [given[1:] for given in published] == [(hello.folder, "owner/repo")]


def test_a_checkpoint_is_pulled_and_verified(tmp_path: Path) -> None:
    folder = zoo_core.pull("lstm-embed.hello", tmp_path / "mine")
    assert folder == tmp_path / "mine"
    assert zoo_core.pull("lstm-embed.hello").is_dir()
    assert {item.verdict for item in zoo_core.verify(folder)} == {"ok"}


def test_a_push_to_no_repo_is_refused(hello: Checkpoint) -> None:
    with pytest.raises(ConfigError, match="'nobody' is not a repo: expected OWNER/REPO"):
        zoo_core.push(hello.folder, "nobody")


def test_generation_of_a_model_of_other_labels_is_refused(hello: Checkpoint) -> None:
    with pytest.raises(MisfitError, match="does not predict the next symbol"):
        zoo_core.generate(hello, "hello")


def test_a_model_by_name_has_the_shape_of_its_recipes_data() -> None:
    model = zoo_core.create_model("lstm-embed")
    assert model.signature.vocabulary is not None
    assert model.signature.vocabulary.symbols == ("e", "h", "l", "o")
    assert model.state_dict()["recurrent.weight_hh_l0"].shape == (16, 4)


def test_a_model_of_a_seed_out_of_bounds_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed = '-1': expected an integer >= 0"):
        zoo_core.create_model("lstm-embed.hello", seed=-1)


def test_settings_without_a_section_are_refused() -> None:
    with pytest.raises(ConfigError, match="hidden_size: no such section; there are model, dataset"):
        zoo_core.create_model("lstm-embed", settings={"hidden_size": 6})  # type: ignore[dict-item]


def test_a_model_takes_settings_signature_and_seed() -> None:
    signature = Signature(inputs=Features(3), outputs=Classes(5, per="sequence"))
    how: dict[str, Any] = {"settings": {"model": {"hidden_size": 6}}, "signature": signature}
    first, again, other = (zoo_core.create_model("lstm-manual", seed=s, **how) for s in (1, 1, 2))
    weights = [model.state_dict()["recurrent.weight_ih_l0"] for model in (first, again, other)]
    assert weights[0].shape == (24, 3)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_model_that_does_not_take_the_signature_says_so() -> None:
    signature = Signature(inputs=Features(3), outputs=Classes(5, per="step"))
    with pytest.raises(MisfitError, match="lstm-embed takes tokens"):
        zoo_core.create_model("lstm-embed", signature=signature)


def test_a_model_of_tokens_needs_no_vocabulary() -> None:
    signature = Signature(inputs=Tokens(11), outputs=Classes(2, per="sequence"))
    model = zoo_core.create_model("gru-embed", signature=signature)
    assert model.state_dict()["embedding.weight"].shape == (11, 10)


@pytest.mark.parametrize("name", ["lstm-embd", "lstm-embed.helo"])
def test_an_unknown_model_or_recipe_offers_the_nearest(name: str) -> None:
    with pytest.raises(NotFoundError, match=r"lstm-embed"):
        zoo_core.create_model(name)


def test_a_pretrained_model_that_the_registry_lacks_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=r"lstm-embed\.nothing"):
        zoo_core.create_model("lstm-embed.nothing", pretrained=True)


def test_loading_an_unfinished_run_logs_a_warning(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (trained / "config.json").unlink()
    assert not zoo_core.load(trained).finished
    assert caplog.messages == [f"{trained} is unfinished: using its best weights so far"]


def test_loading_weights_that_are_not_finite_logs_a_warning(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = trained / "model.safetensors"
    weights = load_file(path)
    weights["output.bias"].fill_(float("nan"))
    data = save(weights, metadata={"format": "pt"})
    path.write_bytes(data)
    manifest = json.loads((trained / "config.json").read_text())
    manifest["weights"]["sha256"] = hashlib.sha256(data).hexdigest()
    (trained / "config.json").write_text(json.dumps(manifest))
    zoo_core.load(trained)
    assert caplog.messages == [f"{trained} has weights that are infinite or not a number"]


def test_compare_trains_what_is_missing_and_returns_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("zoo_core.runtime.comparisons.contest.LocalEngine", InProcessEngine)
    comparison = zoo_core.compare(
        ["rnn-embed", "gru-embed"], seeds=[0, 1], epochs=2, threads=1, out=tmp_path / "out"
    )
    assert [row["seeds"] for row in comparison.table] == ["0 1", "0 1"]
    assert (tmp_path / "out" / "comparison.csv").is_file()
    assert zoo_core.compare(["rnn-embed", "gru-embed"]).has_times is False


def test_states_are_arrays_with_a_row_for_each_symbol(hello: Checkpoint) -> None:
    one, two = zoo_core.states(hello, ["hello", "hel"])
    assert (one.shape, two.shape, one.dtype.name) == ((5, 4), (3, 4), "float32")
    assert one[:3] == pytest.approx(two, abs=1e-6)
    cell = zoo_core.states(hello, "hello", gate="cell", layer=0)
    gate = zoo_core.states(hello, "hello", gate="output")
    assert gate * torch.tensor(cell).tanh().numpy() == pytest.approx(one)


def test_embeddings_are_the_last_states(hello: Checkpoint) -> None:
    both = zoo_core.embeddings(hello, ["hello", "hel"])
    assert both.shape == (2, 4)
    assert (both[1] == zoo_core.states(hello, "hel")[-1]).all()
    assert (both[0] == zoo_core.embeddings(hello, "hello")).all()


def test_states_refuse_unknown_symbols_unless_they_are_skipped(hello: Checkpoint) -> None:
    with pytest.raises(DataError, match="symbols that the vocabulary lacks"):
        zoo_core.embeddings(hello, "hexlo")
    with pytest.raises(DataError, match="no texts"):
        zoo_core.embeddings(hello, [])
    assert zoo_core.states(hello, "hexlo", unknown=Unknown("skip")).shape == (4, 4)
    with pytest.raises(NotFoundError, match="no gate 'reset'"):
        zoo_core.states(hello, "hello", gate="reset")


def test_an_inspection_has_guesses_and_every_state_and_gate(hello: Checkpoint) -> None:
    inspection = zoo_core.inspect(hello, "hex", top=1)
    assert [symbol.known for symbol in inspection.symbols] == [True, True, False]
    assert inspection.symbols[0].guesses[0].text == "o"
    names = [signal.name for signal in inspection.signals]
    assert names == ["hidden", "cell", "input", "forget", "candidate", "output"]
    assert not any(s.is_gate for s in zoo_core.inspect(hello, "hex", gates=False).signals)
