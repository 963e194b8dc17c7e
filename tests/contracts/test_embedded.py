"""Every checkpoint that a plugin ships: complete, small and reproducible from its recipe."""

from __future__ import annotations

import pytest

import zoo_core
from tests.contracts.cases import grouped
from tests.contracts.conftest import TrainHello
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.file import PACKAGE, Pretrained
from zoo_core.runtime.checkpoints.verification import verify
from zoo_core.runtime.locate import entry_folder, find_folder

SHIPPED = [
    e for e in load_registry(load_catalog().registries).values() if PACKAGE.fullmatch(e.source)
]
LARGEST = 2_000_000
every_shipped = pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
every_hello = pytest.mark.parametrize(
    "entry", [grouped(e, e.name, f"hello {e.name}") for e in SHIPPED if e.name.endswith(".hello")]
)


@every_shipped
def test_a_shipped_checkpoint_has_its_hashes_and_is_small(entry: Pretrained) -> None:
    assert entry_folder(entry).is_dir()
    assert len(entry.files) == 3
    assert sum(record.size for record in entry.files.values()) <= LARGEST


@every_shipped
def test_a_shipped_checkpoint_passes_verification(catalog: Catalog, entry: Pretrained) -> None:
    results = list(verify(catalog, find_folder(catalog, entry.name)))
    assert {result.verdict for result in results} <= {"ok", "skipped"}, results


@every_hello
def test_a_shipped_hello_spells_ohlol_without_training(entry: Pretrained) -> None:
    assert zoo_core.predict(zoo_core.load(entry.name), "hello") == "ohlol"


@every_hello
def test_retraining_gives_what_is_shipped_within_a_hundredth(
    entry: Pretrained, train_hello: TrainHello
) -> None:
    shipped = zoo_core.load(entry.name)
    run = train_hello(entry.name, shipped.run_config.seed)
    loss = shipped.metrics["train"]["loss"]
    assert run.metrics["train"]["loss"] == pytest.approx(loss, rel=0.01)
