"""The catalog: specs are found by name, and a name of two plugins is refused."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tests.core.plugins.sample_plugin import PluginWriter
from zoo_core.errors import AmbiguousError, NotFoundError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec

TINY = "@hookimpl\ndef zoo_models(): return [model('tiny')]"


@pytest.fixture
def rivals(write_plugin: PluginWriter) -> Catalog:
    """Two plugins with different names and the same model."""
    names = ("zoo-one", "zoo-two")
    return load_catalog(
        write_plugin(TINY, name=name, distribution=f"dist-{name}") for name in names
    )


@pytest.fixture
def namesakes(write_plugin: PluginWriter) -> Catalog:
    """Two distributions whose plugins have the same name and the same model."""
    return load_catalog(
        write_plugin(TINY, name="zoo-same", distribution=distribution)
        for distribution in ("dist-one", "dist-two")
    )


def test_a_spec_is_found_by_its_name(catalog: Catalog, little: Plugin) -> None:
    entry = catalog.find(ModelSpec, "tiny")
    assert (entry.plugin, entry.spec.name) == (little, "tiny")


@pytest.mark.parametrize("owner", ["zoo-one", "dist-zoo-one"])
def test_plugin_or_distribution_before_a_colon_chooses(rivals: Catalog, owner: str) -> None:
    assert rivals.find(ModelSpec, f"{owner}:tiny").plugin.name == "zoo-one"


def test_duplicate_model_name_names_both_plugins(rivals: Catalog) -> None:
    with pytest.raises(AmbiguousError) as caught:
        rivals.find(ModelSpec, "tiny")
    message = "model 'tiny' is offered twice: write zoo-one:tiny or zoo-two:tiny"
    assert str(caught.value) == message


@pytest.mark.parametrize("reference", ["tiny", "zoo-same:tiny"])
def test_plugins_of_one_name_are_distinguished_by_distribution(
    namesakes: Catalog, reference: str
) -> None:
    with pytest.raises(AmbiguousError, match="write dist-one:tiny or dist-two:tiny"):
        namesakes.find(ModelSpec, reference)


def test_neither_of_two_plugins_of_one_name_is_dropped(namesakes: Catalog) -> None:
    distributions = [entry.plugin.distribution for entry in namesakes.of(ModelSpec)]
    assert distributions == ["dist-one", "dist-two"]


def test_another_plugins_model_is_not_found_under_this_ones_name(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="no model 'zoo-other:tiny'"):
        catalog.find(ModelSpec, "zoo-other:tiny")


def test_unknown_name_suggests_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match=r"no model 'tinny'; did you mean tiny\?"):
        catalog.find(ModelSpec, "tinny")


def test_an_unknown_name_of_a_plugin_suggests_names_of_that_plugin(
    write_plugin: PluginWriter,
) -> None:
    both = load_catalog(
        write_plugin(TINY.replace("tiny", f"tiny-{word}"), name=f"zoo-{word}", distribution=word)
        for word in ("one", "two")
    )
    for reference, names in [("tiny", "tiny-one or tiny-two"), ("zoo-one:tiny", "tiny-one")]:
        with pytest.raises(NotFoundError, match=rf"did you mean {names}\?$"):
            both.find(ModelSpec, reference)


def test_an_unknown_name_without_a_near_one_says_how_to_list(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match=r"no dataset 'xyz'; try: zoo list datasets"):
        catalog.find(DatasetSpec, "xyz")


def test_names_of_another_kind_are_not_found(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="no trainer 'tiny'"):
        catalog.find(TrainerSpec, "tiny")


@pytest.mark.parametrize("reference", ["", ":", "little:", "Tiny", "tiny ", "tin*"])
def test_a_name_that_is_almost_right_is_not_found(catalog: Catalog, reference: str) -> None:
    with pytest.raises(NotFoundError, match="no model"):
        catalog.find(ModelSpec, reference)


def test_entries_are_of_one_kind_and_sorted_by_name(catalog: Catalog) -> None:
    assert [entry.spec.name for entry in catalog.of(ModelSpec)] == ["bare", "tiny"]
    assert [entry.spec.name for entry in catalog.of(AbstractSpec)] == sorted(
        entry.spec.name for entry in catalog.entries
    )


def test_the_order_of_installation_does_not_change_the_entries(rivals: Catalog) -> None:
    assert load_catalog(reversed(rivals.plugins)).entries == rivals.entries


def test_registries_of_plugins_are_gathered(write_plugin: PluginWriter) -> None:
    source = "from pathlib import Path\n@hookimpl\ndef zoo_registries(): return [Path('a.toml')]"
    catalog = load_catalog([write_plugin(source)])
    assert catalog.registries == (Path("a.toml"),)
    assert catalog.entries == ()


def test_no_plugins_make_an_empty_catalog() -> None:
    assert load_catalog([]) == Catalog((), (), (), ())


def test_without_arguments_every_installed_plugin_is_loaded() -> None:
    catalog = load_catalog()
    assert not catalog.broken
    assert catalog.find(ModelSpec, "lstm-embed").plugin.name == "zoo-lstm"


def test_zoo_plugins_limits_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm")
    assert [plugin.name for plugin in load_catalog().plugins] == ["zoo-lstm"]


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (ModelSpec, "hello", "it is a dataset: zoo train MODEL --dataset hello"),
        (ModelSpec, "next-token", "it is a trainer: zoo train MODEL --trainer next-token"),
        (DatasetSpec, "lstm-embed", "it is a model: zoo show lstm-embed"),
        (ModelSpec, "zoo-gru:lstm-embed", "write zoo-lstm:lstm-embed"),
    ],
)
def test_a_name_of_another_kind_is_mentioned(kind: type, name: str, message: str) -> None:
    with pytest.raises(NotFoundError, match=f"no .* '{name}'; {message}$"):
        load_catalog().find(kind, name)


def test_a_name_that_an_installed_plugin_brings_is_not_said_to_be_missing(
    write_plugin: PluginWriter,
) -> None:
    code = (
        "from zoo_core.plugins.specs import TokenizerSpec\n"
        "@hookimpl\n"
        "def zoo_tokenizers():\n"
        "    return [TokenizerSpec(name='bpe', summary='Pairs.', train='a:b', load='a:c')]"
    )
    plugin = write_plugin(code, name="zoo-tokenizers", distribution="zoo-tokenizers")
    catalog = load_catalog([plugin])
    with pytest.raises(NotFoundError) as caught:
        catalog.find(ModelSpec, "bpe")
    assert str(caught.value) == "no model 'bpe'; it is a tokenizer"
    assert catalog.where_to_get("bpe") == ""


@pytest.mark.parametrize("is_enabled", [True, False])
@pytest.mark.parametrize("source", [TINY, "raise SystemExit(3)"])
def test_the_garbage_collector_is_as_it_was_after_loading(
    write_plugin: PluginWriter, source: str, *, is_enabled: bool
) -> None:
    plugin = write_plugin(source)
    try:
        (gc.enable if is_enabled else gc.disable)()
        load_catalog([plugin])
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable()


def test_no_search_for_garbage_interrupts_the_loading(write_plugin: PluginWriter) -> None:
    source = f"import gc\nassert not gc.isenabled()\n{TINY}"
    assert load_catalog([write_plugin(source)]).broken == ()
