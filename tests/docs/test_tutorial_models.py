"""The models and the trainer of the tutorial, read from the page and held to the rules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.docs.session import blocks
from zoo_core import DatasetSpec, Features, ModelSpec, Signature, TrainerSpec, Values
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.discovery import Plugin
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.nn import Batch
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.step import TrainStep
from zoo_core.runtime.training.trainer import add_sums
from zoo_core.testing.cases.dataset_case import DatasetCase
from zoo_core.testing.cases.fresh_process import FreshProcess
from zoo_core.testing.cases.model_cases import model_cases
from zoo_core.testing.check import Case, Check
from zoo_core.testing.checked_part import CheckedPart
from zoo_core.testing.checks import datasets, specs
from zoo_core.testing.checks.models import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "write-a-plugin.md"
PACKAGE = "zoo_plugin_owl"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The modules of the page, importable."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / PACKAGE).mkdir()
    for block in blocks(PAGE.read_text("utf-8")):
        path = Path(block.path)
        if path.parent.name == PACKAGE:
            (folder / PACKAGE / path.name).write_text(block.body, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield PACKAGE
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("factory", "accepts"),
    [("models:owl_model", ("tokens", "features")), ("shifted:shifted_model", ("features",))],
    ids=["cell", "blocks"],
)
def test_the_models_of_the_page_keep_the_rules(
    package: str, factory: str, accepts: tuple[str, ...]
) -> None:
    spec = ModelSpec(
        name="owl",
        summary="An owl.",
        config=f"{package}.configs:OwlConfig",
        factory=f"{package}.{factory}",
        accepts=accepts,
    )
    groups: list[tuple[Sequence[Check], Callable[[], Iterable[Case]]]] = [
        (specs.CHECKS + specs.CONFIG_CHECKS, lambda: [specs.SpecCase(spec)]),
        (CHECKS, lambda: model_cases(spec)),
    ]
    failed = [
        result for result in CheckedPart("owl", groups).results() if result.verdict == "failed"
    ]
    assert not failed


def test_the_trainer_of_the_page_learns_values_and_keeps_the_best_by_its_own_metric(
    package: str,
) -> None:
    module = importlib.import_module(f"{package}.within")
    owl = importlib.import_module(f"{package}.models")
    settings = importlib.import_module(f"{package}.configs").OwlConfig(hidden_size=16)
    signature = Signature(inputs=Features(1), outputs=Values(1, per="sequence"))
    inputs = torch.rand(32, 4, 1, generator=torch.Generator().manual_seed(0))
    batch = Batch(inputs, inputs.mean(dim=1))
    torch.manual_seed(0)
    model = owl.owl_model(settings, signature)
    trainer = module.WithinTrainer(module.WithinConfig(learning_rate=0.02), signature)
    step = TrainStep(model, trainer, steps=60, device="cpu", precision="fp32")
    shares = []
    for _ in range(60):
        result = step(batch, None)
        totals: dict[str, float] = {}
        sums = {name: value.item() for name, value in trainer.sums(result.output, batch).items()}
        add_sums(totals, result.loss.item(), sums)
        shares.append(trainer.metrics(totals)["met"])
    assert trainer.objective.is_better(shares[-1], shares[0])
    assert trainer.metrics(totals).keys() == trainer.objective.directions.keys()


@pytest.fixture
def catalog_of_page(package: str, catalog: Catalog) -> Catalog:
    """The installed plugins and what the page declares: a model, data of values and a trainer."""
    specs_of_page: list[ModelSpec | DatasetSpec | TrainerSpec] = [
        ModelSpec(
            name="owl",
            summary="An owl.",
            config=f"{package}.configs:OwlConfig",
            factory=f"{package}.models:owl_model",
            accepts=("tokens", "features"),
        ),
        DatasetSpec(
            name="fading",
            summary="Sounds that fade away.",
            config=f"{package}.fading:FadingConfig",
            factory=f"{package}.fading:FadingDataset",
            default_trainer="regression",
        ),
        TrainerSpec(
            name="within",
            summary="Values within a tolerance.",
            config=f"{package}.within:WithinConfig",
            factory=f"{package}.within:WithinTrainer",
            outputs=("values",),
        ),
    ]
    plugin = Plugin("zoo-plugin-owl", package, "zoo-plugin-owl", "0.1.0")
    entries = [CatalogEntry(plugin, spec) for spec in specs_of_page]
    return catalog._replace(entries=(*catalog.entries, *entries))


@pytest.mark.parametrize("trainer", ["regression", "within"])
def test_the_data_of_the_page_is_learned_by_its_model(
    catalog_of_page: Catalog, tmp_path: Path, trainer: str
) -> None:
    resolved = resolve_run(catalog_of_page, "owl", dataset="fading", trainer=trainer)
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 16},
        "trainer": {"epochs": 12, "learning_rate": 0.02, "batch_size": 16},
    }
    list(Run(catalog_of_page, resolved.run_config(settings), tmp_path / "run").events())
    checkpoint = read_checkpoint(catalog_of_page, tmp_path / "run")
    if trainer == "regression":
        assert checkpoint.metrics["test"]["mae"] < 0.05
        answer = checkpoint.dataset.decode(
            checkpoint.model(checkpoint.dataset.encode("1 0.8 0.64"))
        )
        assert answer.startswith("rate 0.")
    else:
        assert checkpoint.metrics["test"]["met"] > 0.3


def test_the_data_of_the_page_keeps_the_rules(catalog_of_page: Catalog) -> None:
    plugin, spec = catalog_of_page.find(DatasetSpec, "fading")
    # In a process of its own, the fingerprint would need an installed plugin.
    checks = [item for item in datasets.CHECKS if item is not datasets.fingerprint]
    groups: list[tuple[Sequence[Check], Callable[[], Iterable[Case]]]] = [
        (specs.CHECKS + specs.CONFIG_CHECKS, lambda: [specs.SpecCase(spec)]),
        (checks, lambda: [DatasetCase(spec, FreshProcess((plugin,)))]),
    ]
    results = list(CheckedPart("fading", groups).results())
    assert {result.verdict for result in results} == {"ok"}
