"""Models with tied weights: one tensor under two names, in training, on disk and in use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.runtime.runs import Settings, contents, finish, interrupt, resume_to_end, train
from tests.testing.examples import FAULTY
from zoo_core.errors import IntegrityError, PluginError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import installed_plugins
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_bytes
from zoo_core.runtime.nn.weights import load_weights, weights_of
from zoo_core.runtime.run import Run

TIED = {"embedding.weight", "output.weight"}


@pytest.fixture(scope="module")
def tied_catalog() -> Catalog:
    """The installed plugins and the one that has a model with tied weights."""
    return load_catalog([*installed_plugins(), FAULTY])


@pytest.fixture
def tied_run(tied_catalog: Catalog, text_file: Path) -> RunConfig:
    """A run of two epochs of a model with tied weights, which saves after every step."""
    settings: Settings = {
        "dataset": {"path": text_file, "steps": 10},
        "trainer": {"epochs": 2, "batch_size": 4, "save_every": 0.0},
    }
    chosen = resolve_run(tied_catalog, "tied-model", dataset="text")
    return chosen.run_config(settings, seed=3, device="cpu", threads=1)


def test_a_shared_tensor_is_saved_once_and_tied_again(
    tied_catalog: Catalog, tied_run: RunConfig, tmp_path: Path
) -> None:
    train(tied_catalog, tied_run, tmp_path)
    assert TIED & read_tensors(tmp_path / "model.safetensors").keys() == {"embedding.weight"}
    state_dict = read_checkpoint(tied_catalog, tmp_path).model.state_dict()
    assert state_dict["embedding.weight"].data_ptr() == state_dict["output.weight"].data_ptr()


def test_an_interrupted_run_with_tied_weights_resumes_bit_for_bit(
    tied_catalog: Catalog, tied_run: RunConfig, tmp_path: Path
) -> None:
    train(tied_catalog, tied_run, tmp_path / "whole")
    interrupt(Run(tied_catalog, tied_run, tmp_path / "halves"), 3)
    resume_to_end(tied_catalog, tmp_path / "halves")
    assert contents(tmp_path / "halves") == contents(tmp_path / "whole")


class Tied(nn.Module):
    """An embedding that is an output layer too."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.output = nn.Embedding(3, 2), nn.Linear(2, 3, bias=False)
        self.output.weight = self.embedding.weight


@pytest.mark.parametrize("names", [{"embedding.weight"}, {"output.weight"}, TIED])
def test_any_name_of_a_shared_tensor_is_enough(names: set[str]) -> None:
    model = Tied()
    load_weights(model, dict.fromkeys(names, torch.ones(3, 2)), "a file")
    assert model.embedding.weight.tolist() == model.output.weight.tolist() == [[1.0, 1.0]] * 3


def test_unlike_values_of_a_shared_tensor_are_refused() -> None:
    weights = {"embedding.weight": torch.ones(3, 2), "output.weight": torch.zeros(3, 2)}
    with pytest.raises(
        IntegrityError, match=r"differs from embedding\.weight, with which it is tied"
    ):
        load_weights(Tied(), weights, "a file")


def test_a_missing_shared_tensor_is_named_under_both_names() -> None:
    with pytest.raises(IntegrityError, match=r"embedding\.weight is missing; output\.weight is"):
        load_weights(Tied(), {}, "a file")


def test_empty_tensors_are_not_tied() -> None:
    model = nn.ParameterDict({"a": torch.empty(0), "b": torch.empty(0)})
    assert weights_of(model).keys() == {"a", "b"}


def test_views_of_one_tensor_are_saved_in_full() -> None:
    whole = torch.arange(6.0)
    views = {"first": whole[:4], "last": whole[2:], "whole": whole}
    copies = {name: view.clone() for name, view in views.items()}
    assert to_bytes(views) == to_bytes(copies)


def test_weights_that_cannot_be_saved_are_refused_before_the_first_step(
    tied_catalog: Catalog, tied_run: RunConfig, tmp_path: Path
) -> None:
    run = Run(tied_catalog, tied_run, tmp_path)
    run.loop.model.register_buffer("odd", torch.zeros(1, dtype=torch.complex128))
    with pytest.raises(PluginError, match=r"torch\.complex128, which safetensors cannot save"):
        finish(run)
    assert run.loop.progress.steps == 0
