"""Every checkpoint that a plugin ships: complete, small and reproducible from its recipe."""

from __future__ import annotations

import pytest

import zoo_core
from tests.contracts.cases import CATALOG, grouped
from tests.contracts.conftest import TrainHello
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.recipe import list_recipes
from zoo_core.recipes.resolve import resolve_run
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.entry import make_entry
from zoo_core.registry.file import PACKAGE, Pretrained
from zoo_core.runtime.checkpoints.verification import verify
from zoo_core.runtime.locate import entry_folder, find_folder
from zoo_text.dataset import TextDataset

SHIPPED = [
    e for e in load_registry(load_catalog().registries).values() if PACKAGE.fullmatch(e.source)
]
LARGEST = 2_000_000
PROSE = ".python-docs"
WRITERS = [entry for entry in SHIPPED if entry.name.endswith(PROSE)]
FAST = WRITERS[:1] + [entry for entry in SHIPPED if entry.name.endswith(".hello")]
every_shipped = pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
every_hello = pytest.mark.parametrize(
    "entry", [grouped(e, e.name, f"hello {e.name}") for e in SHIPPED if e.name.endswith(".hello")]
)


@every_shipped
def test_a_shipped_checkpoint_has_its_hashes_and_is_small(entry: Pretrained) -> None:
    assert entry_folder(entry).is_dir()
    assert len(entry.files) == 3
    assert sum(record.size for record in entry.files.values()) <= LARGEST


def test_every_family_with_a_recipe_of_prose_ships_a_checkpoint_that_it_made() -> None:
    """Its size, its metrics and its numbers are those that every shipped checkpoint has."""
    recipes = [file for file in list_recipes(CATALOG) if file.name.endswith(PROSE)]
    owners = {entry.spec.name: entry.plugin.name for entry in CATALOG.of(ModelSpec)}
    shipped = {owners[entry.name.split(".")[0]] for entry in SHIPPED if entry.name.endswith(PROSE)}
    assert len(recipes) > 8
    assert shipped == {file.plugin.name for file in recipes}


@every_shipped
def test_the_registry_says_what_the_checkpoint_says(catalog: Catalog, entry: Pretrained) -> None:
    folder = find_folder(catalog, entry.name)
    made = make_entry(folder, entry.source)
    assert (entry.metrics, entry.parameters) == (made.metrics, made.parameters)
    assert entry.metrics
    assert entry.parameters
    assert entry.seconds is not None
    recipe = resolve_run(catalog, entry.name).run_config()
    shipped = zoo_core.load(folder).run_config
    for section in ("model", "dataset", "trainer"):
        settings = shipped.configs[section]
        assert {key: recipe.configs[section][key] for key in settings} == settings


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            entry,
            id=entry.name,
            # the others take seconds
            marks=[] if entry in FAST else [pytest.mark.gate],
        )
        for entry in SHIPPED
    ],
)
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


@pytest.mark.parametrize("entry", WRITERS, ids=lambda entry: entry.name)
def test_a_shipped_checkpoint_writes_words_of_the_text_that_it_learned(entry: Pretrained) -> None:
    checkpoint = zoo_core.load(entry.name)
    words = zoo_core.generate(checkpoint, "The ", length=300, temperature=0.7, seed=1).split()[:-1]
    dataset = checkpoint.dataset
    assert isinstance(dataset, TextDataset)
    known = set(dataset.text.split())
    assert len(words) > 20
    assert sum(word in known for word in words) > 0.6 * len(words)
