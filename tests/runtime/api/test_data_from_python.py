"""``zoo_core.train(model, data=...)``: predict, evaluate and resume, with the data and without."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import zoo_core
from tests.cli.command import Zoo
from tests.cli.conftest import zoo
from zoo_core.errors import ConfigError, DataError, MisfitError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

__all__ = ["zoo"]

PAIRS = [(f"{word} {number}", word[0]) for word in ("apple", "berry") for number in range(20)]
SMALL: dict[str, Any] = {
    "model": {"hidden_size": 12},
    "trainer": {"epochs": 8, "batch_size": 8, "learning_rate": 0.02},
}


def train(tmp_path: Path, **options: Any) -> Checkpoint:
    """Trains a small model on data."""
    model = options.pop("model", "gru-embed")
    return zoo_core.train(model, tmp_path / "run", settings=SMALL, threads=1, **options)


def test_a_checkpoint_predicts_without_the_data(tmp_path: Path, zoo: Zoo) -> None:
    checkpoint = zoo_core.load(train(tmp_path, data=PAIRS).folder)
    assert checkpoint.run_config.trainer == "supervised"
    assert zoo_core.predict(checkpoint, ["apple 7", "berry 7"]) == ["a", "b"]
    assert zoo("predict", checkpoint.folder, "berry 3").stdout == "b\n"
    written = (checkpoint.folder / "config.json").read_text("utf-8")
    assert "apple" not in written
    assert json.loads(written)["signature"]["outputs"]["names"] == ["a", "b"]


def test_without_the_data_it_cannot_be_evaluated_or_resumed(tmp_path: Path, zoo: Zoo) -> None:
    checkpoint = train(tmp_path, data=PAIRS)
    message = "this is data from Python, which a checkpoint does not keep"
    with pytest.raises(MisfitError, match=message):
        zoo_core.evaluate(zoo_core.load(checkpoint.folder))
    with pytest.raises(MisfitError, match=message):
        zoo_core.resume(checkpoint.folder, epochs=9)
    result = zoo("evaluate", checkpoint.folder)
    assert result.code == 6
    assert message in result.stderr


def test_with_the_data_it_can(tmp_path: Path) -> None:
    checkpoint = train(tmp_path, data=PAIRS)
    assert zoo_core.evaluate(checkpoint, "validation", data=PAIRS) == {
        "validation": pytest.approx(checkpoint.metrics["validation"])
    }
    assert zoo_core.evaluate(checkpoint, data=PAIRS)["test"]["accuracy"] == 1
    longer = zoo_core.resume(checkpoint.folder, epochs=9, data=PAIRS)
    assert longer.metrics["train"]["loss"] < checkpoint.metrics["train"]["loss"]
    with pytest.raises(DataError, match="a label that the model does not know: 'c'; it knows a, b"):
        zoo_core.evaluate(checkpoint, data=[*PAIRS, ("apple", "c")])


def test_a_resumed_run_needs_the_same_data(tmp_path: Path) -> None:
    checkpoint = train(tmp_path, data=PAIRS)
    with pytest.raises(zoo_core.ZooError, match="the data has changed"):
        zoo_core.resume(checkpoint.folder, epochs=9, data=PAIRS[1:])


def test_texts_are_continued(tmp_path: Path) -> None:
    texts = [f"to be or not to be {number}" for number in range(20)]
    checkpoint = train(tmp_path, data=texts)
    assert checkpoint.run_config.trainer == "next-token"
    assert len(zoo_core.generate(checkpoint, "to", length=5)) == 5


def test_features_are_classified_and_typed_as_numbers(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).normal(size=(60, 5, 2))
    data = (inputs, (inputs[:, -1, 0] > 0).astype(int))
    checkpoint = zoo_core.load(train(tmp_path, model="gru-stacked", data=data).folder)
    assert zoo_core.predict(checkpoint, "0 0; 0 0; 3, 0") == "1"
    with pytest.raises(DataError, match="expected steps of 2 numbers"):
        zoo_core.predict(checkpoint, "1 2 3")
    other = (torch.zeros(4, 5, 3), torch.zeros(4, dtype=torch.long))
    with pytest.raises(MisfitError, match="was trained on 2 features"):
        zoo_core.evaluate(checkpoint, data=other)


def test_a_run_without_a_folder_is_a_local_run(isolation: Path) -> None:
    checkpoint = zoo_core.train("gru-embed", data=PAIRS, settings=SMALL, threads=1)
    assert checkpoint.folder.parent == isolation / "runs"
    assert checkpoint.folder.name.startswith("gru-embed.memory-")


def test_data_and_dataset_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="dataset = 'hello' and data exclude each other"):
        train(tmp_path, data=PAIRS, dataset="hello")


@pytest.mark.parametrize("argument", ["text_column", "label_column"])
def test_a_column_without_data_is_refused(tmp_path: Path, hello: Path, argument: str) -> None:
    names: dict[str, Any] = {argument: "body"}
    for call in (
        lambda: train(tmp_path, **names),
        lambda: zoo_core.resume(hello, epochs=10**6, **names),
        lambda: zoo_core.evaluate(zoo_core.load(hello), **names),
    ):
        with pytest.raises(ConfigError, match=rf"^{argument} = 'body': it names a column of data"):
            call()
    with pytest.raises(DataError, match=rf"^{argument} = 'body': the data has no columns; give a"):
        train(tmp_path, data=PAIRS, **names)
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A checkpoint of a model that was trained on arrays of features."""
    inputs = np.random.default_rng(0).normal(size=(60, 5, 2))
    data = (inputs, (inputs[:, -1, 0] > 0).astype(int))
    folder = tmp_path_factory.mktemp("features")
    return train(folder, model="gru-stacked", data=data)


def test_a_model_of_arrays_takes_arrays_wherever_an_input_is_asked_for(
    features: Checkpoint,
) -> None:
    inputs = np.random.default_rng(1).normal(size=(70, 5, 2))
    answers = zoo_core.predict(features, inputs)
    probabilities = zoo_core.probabilities(features, inputs)
    assert answers == [str(number) for number in probabilities.argmax(1).tolist()]
    assert probabilities.shape == (70, 2)
    assert zoo_core.predict(features, inputs[69]) == answers[69]
    torch.testing.assert_close(zoo_core.probabilities(features, inputs[69]), probabilities[69])
    assert zoo_core.probabilities(features, torch.tensor(inputs[:3, ::2])).shape == (3, 2)
    typed = "; ".join(" ".join(map(repr, step)) for step in inputs[0].tolist())
    np.testing.assert_allclose(
        zoo_core.states(features, inputs)[0], zoo_core.states(features, typed), atol=1e-6
    )
    assert zoo_core.states(features, inputs[0]).shape == (5, 12)
    assert zoo_core.embeddings(features, inputs).shape == (70, 12)
    np.testing.assert_allclose(
        zoo_core.embeddings(features, inputs[2]), zoo_core.embeddings(features, inputs)[2]
    )


def test_values_of_arrays_have_the_axis_of_several_inputs(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).normal(size=(40, 5, 1))
    checkpoint = train(tmp_path, model="gru-stacked", data=(inputs, inputs[:, -1]))
    assert zoo_core.values(checkpoint, inputs).shape == (40, 1)
    assert zoo_core.values(checkpoint, inputs[0]).shape == (1,)
    assert len(zoo_core.predict(checkpoint, inputs)) == 40


def test_tokens_are_predicted_from_arrays(tmp_path: Path) -> None:
    tokens = np.random.default_rng(0).integers(0, 4, size=(40, 6))
    checkpoint = train(tmp_path, data=(tokens, tokens[:, 0] % 2))
    assert len(zoo_core.predict(checkpoint, tokens[:3])) == 3
    assert zoo_core.predict(checkpoint, tokens[0]) in ("0", "1")
    unsigned = torch.tensor(tokens).to(torch.uint16)
    assert zoo_core.predict(checkpoint, unsigned) == zoo_core.predict(checkpoint, tokens)
    for wrong in (tokens + 4, tokens - 1, tokens + 0.5):
        with pytest.raises(DataError, match="expected tokens from 0 to 3"):
            zoo_core.predict(checkpoint, wrong)
    with pytest.raises(DataError, match="expected tokens from 0 to 3"):
        zoo_core.predict(checkpoint, "1.5 2")
    with pytest.raises(DataError, match=r"shape \(40, 6, 1\): expected \(T,\) or \(B, T\)"):
        zoo_core.predict(checkpoint, tokens[:, :, None])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5,), r"^an array of shape \(5,\): expected \(T, 2\) or \(B, T, 2\)$"),
        ((3, 4, 5, 2), r"^an array of shape \(3, 4, 5, 2\): expected \(T, 2\) or \(B, T, 2\)$"),
        ((3, 5, 3), r"^an array of shape \(3, 5, 3\): expected \(T, 2\) or \(B, T, 2\)$"),
        ((3, 0, 2), r"^an array of shape \(3, 0, 2\) is empty: expected \(T, 2\) or"),
        ((0, 5, 2), r"^an array of shape \(0, 5, 2\) is empty: expected"),
        ((0,), r"^an array of shape \(0,\) is empty: expected"),
        ((), r"^an array of shape \(\): expected"),
    ],
)
def test_an_array_of_another_shape_is_refused(
    features: Checkpoint, shape: tuple[int, ...], message: str
) -> None:
    for function in (
        zoo_core.predict,
        zoo_core.probabilities,
        zoo_core.states,
        zoo_core.embeddings,
    ):
        for array in (np.ones(shape), torch.ones(shape)):
            with pytest.raises(DataError, match=message):
                function(features, array)


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e300])
def test_a_number_that_is_not_finite_as_the_model_reads_it_is_refused(
    features: Checkpoint, number: float
) -> None:
    with pytest.raises(DataError, match="an input is infinite or not a number"):
        zoo_core.predict(features, np.full((5, 2), number))


def test_a_model_of_text_takes_no_array(tmp_path: Path, hello_once: Path) -> None:
    for checkpoint in (train(tmp_path, data=PAIRS), zoo_core.load(hello_once)):
        for function in (zoo_core.predict, zoo_core.probabilities, zoo_core.embeddings):
            with pytest.raises(MisfitError, match="text: give a text or a list of texts, no array"):
                function(checkpoint, np.ones((5, 2)))
            with pytest.raises(MisfitError, match="text: give a text or a list of texts, no array"):
                function(checkpoint, np.array([]))


def test_the_command_of_the_card_works_without_the_data(tmp_path: Path, zoo: Zoo) -> None:
    random = np.random.default_rng(0)
    features, tokens = random.normal(size=(40, 5, 2)), random.integers(0, 4, size=(40, 6))
    labels = random.integers(0, 2, size=40)
    for name, task, data in [
        ("features", "tabular-classification", (features, labels)),
        ("numbers", "tabular-regression", (features[:, :, :1], features[:, -1])),
        ("tokens", "other", (tokens, labels)),
        ("texts", "text-classification", PAIRS),
    ]:
        model = "gru-embed" if name in ("tokens", "texts") else "gru-stacked"
        folder = train(tmp_path / name, model=model, data=data).folder
        card = (folder / "README.md").read_text("utf-8")
        assert f"pipeline_tag: {task}\n" in card
        command = card.partition("```console\nzoo ")[2].partition("\n")[0]
        words = [str(folder) if word == "FOLDER" else word for word in shlex.split(command)]
        result = zoo(*words)
        assert (result.code, result.stderr) == (0, "")
        assert result.stdout
