"""Recipes: found beside ``plugin.py``, refused when they are not well-formed."""

from __future__ import annotations

import sys
from importlib import invalidate_caches
from pathlib import Path

import pytest

from tests.core.plugins.sample_plugin import PluginWriter
from zoo_core.errors import AmbiguousError, ConfigError, NotFoundError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.recipes.recipe import choose_recipes, find_recipe, list_recipes, parse_recipe
from zoo_core.references import Named

TINY = "@hookimpl\ndef zoo_models(): return [model('tiny')]"
FIRST = Named("", "tiny", "first")


def test_a_recipe_is_found_by_model_and_tag(catalog: Catalog, little: Plugin) -> None:
    recipe = find_recipe(catalog, FIRST)
    assert (recipe.name, recipe.plugin, recipe.summary) == ("tiny.first", little, "The first.")
    assert recipe.tables["model"] == {"width": 16}


def test_a_recipe_without_summary_has_an_empty_one(catalog: Catalog) -> None:
    assert find_recipe(catalog, Named("", "tiny", "second")).summary == ""


def test_recipes_of_every_plugin_are_listed_by_name(write_plugin: PluginWriter) -> None:
    one = write_plugin(TINY, name="zoo-one", recipes={"b.x": "", "d.x": "", "a.x": ""})
    two = write_plugin(TINY, name="zoo-two", recipes={"c.x": "", "e.x": "", "a.y": ""})
    for plugins in ([one, two], [two, one]):
        names = [recipe.name for recipe in list_recipes(load_catalog(plugins))]
        assert names == ["a.x", "a.y", "b.x", "c.x", "d.x", "e.x"]


def test_recipes_lie_beside_the_module_of_the_hooks_whatever_its_form(
    write_plugin: PluginWriter,
) -> None:
    plugin = write_plugin(TINY, recipes={"tiny.first": ""})
    package, _, _ = plugin.module.partition(".")
    in_package = plugin._replace(module=package)
    load_catalog([plugin])  # imports the package
    folder = Path(str(sys.modules[package].__file__)).parent
    (folder / "__init__.py").write_bytes((folder / "plugin.py").read_bytes())
    del sys.modules[package], sys.modules[plugin.module]
    invalidate_caches()
    assert [recipe.name for recipe in list_recipes(load_catalog([in_package]))] == ["tiny.first"]


def test_a_plugin_may_bring_recipes_for_anothers_model(
    little: Plugin, write_plugin: PluginWriter
) -> None:
    other = write_plugin(TINY, name="zoo-other", recipes={"tiny.third": "seed = 9"})
    catalog = load_catalog([little, other])
    assert find_recipe(catalog, Named("", "tiny", "third")).plugin == other


def test_recipe_of_two_plugins_names_both(little: Plugin, write_plugin: PluginWriter) -> None:
    other = write_plugin(TINY, name="zoo-other", recipes={"tiny.first": "seed = 9"})
    with pytest.raises(AmbiguousError) as caught:
        find_recipe(load_catalog([little, other]), FIRST)
    message = (
        "recipe 'tiny.first' is offered twice: write little:tiny.first or zoo-other:tiny.first"
    )
    assert str(caught.value) == message


def test_an_owner_chooses_between_recipes(little: Plugin, write_plugin: PluginWriter) -> None:
    other = write_plugin(TINY, name="zoo-other", recipes={"tiny.first": "seed = 9"})
    recipe = find_recipe(load_catalog([little, other]), FIRST._replace(owner="zoo-other"))
    assert recipe.tables == {"seed": 9}


def test_unknown_recipe_suggests_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match=r"no recipe 'tiny.frist'; did you mean tiny\.first\?$"):
        find_recipe(catalog, Named("", "tiny", "frist"))


def test_a_recipe_of_another_plugin_is_mentioned(catalog: Catalog, little: Plugin) -> None:
    message = f"no recipe 'zoo-other:tiny.first'; write {little.name}:tiny.first$"
    with pytest.raises(NotFoundError, match=message):
        find_recipe(catalog, FIRST._replace(owner="zoo-other"))


def test_an_unknown_recipe_without_a_near_one_says_how_to_list(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match=r"no recipe 'xyz\.q'; try: zoo list recipes"):
        find_recipe(catalog, Named("", "xyz", "q"))


def test_recipes_of_a_broken_plugin_are_not_found(write_plugin: PluginWriter) -> None:
    broken = write_plugin("raise ValueError", recipes={"tiny.first": "seed = 9"})
    with pytest.raises(NotFoundError, match="no recipe"):
        find_recipe(load_catalog([broken]), FIRST)


def test_a_plugin_that_is_a_single_module_has_no_recipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = "ModelSpec(name='solo', summary='', config='', factory='')"
    source = f"""
from zoo_core import ModelSpec, hookimpl
ZOO_API = 3
@hookimpl
def zoo_models(): return [{spec}]
"""
    (tmp_path / "solo_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "solo_module", raising=False)
    catalog = load_catalog([Plugin("solo", "solo_module", "solo", "1.0")])
    assert [entry.spec.name for entry in catalog.entries] == ["solo"]
    assert list_recipes(catalog) == []


def test_a_malformed_recipe_is_refused_by_name(write_plugin: PluginWriter) -> None:
    plugin = write_plugin(TINY, recipes={"tiny.first": "seed = \n"})
    with pytest.raises(ConfigError, match=r"^zoo-test:tiny\.first: not valid TOML: .*line 1"):
        find_recipe(load_catalog([plugin]), FIRST)


def test_a_recipe_that_is_not_text_is_refused_by_name(write_plugin: PluginWriter) -> None:
    plugin = write_plugin(TINY, recipes={"tiny.first": b"note = '\xff'"})
    with pytest.raises(ConfigError, match=r"^zoo-test:tiny\.first: "):
        find_recipe(load_catalog([plugin]), FIRST)


def test_a_malformed_recipe_does_not_hide_the_others(write_plugin: PluginWriter) -> None:
    recipes = {"tiny.first": "seed = 9", "tiny.other": "seed = "}
    catalog = load_catalog([write_plugin(TINY, recipes=recipes)])
    assert find_recipe(catalog, FIRST).tables == {"seed": 9}
    assert [recipe.name for recipe in choose_recipes(catalog, ["tiny.first"])] == ["tiny.first"]


def test_a_list_leaves_out_a_malformed_recipe_and_names_its_plugin(
    little: Plugin, write_plugin: PluginWriter, caplog: pytest.LogCaptureFixture
) -> None:
    other = write_plugin(TINY, name="zoo-other", recipes={"tiny.bad": "seed = "})
    catalog = load_catalog([little, other])
    recipes = list_recipes(catalog, skip_broken=True)
    assert [recipe.name for recipe in recipes] == ["tiny.first", "tiny.second"]
    (message,) = caplog.messages
    assert message.startswith("recipe zoo-other:tiny.bad: not valid TOML: ")
    assert message.endswith("; it is left out")
    with pytest.raises(ConfigError, match=r"^zoo-other:tiny\.bad: "):
        list_recipes(catalog)


@pytest.mark.parametrize("references", [[], ["tiny"], ["tiny.*"]], ids=str)
def test_a_choice_of_many_leaves_out_a_malformed_recipe(
    write_plugin: PluginWriter, references: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    recipes = {"tiny.first": "seed = 9", "tiny.other": "seed = "}
    catalog = load_catalog([write_plugin(TINY, recipes=recipes)])
    chosen = choose_recipes(catalog, references)
    assert [recipe.name for recipe in chosen] == ["tiny.first"]
    assert len(caplog.messages) == 1


def test_a_malformed_recipe_that_is_named_in_full_is_refused(write_plugin: PluginWriter) -> None:
    catalog = load_catalog([write_plugin(TINY, recipes={"tiny.first": "seed = "})])
    with pytest.raises(ConfigError, match=r"^zoo-test:tiny\.first: "):
        choose_recipes(catalog, ["tiny.first"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede = 1", r"a: sede: no such key; did you mean seed\?"),
        ("[models]", r"a: models: no such key; did you mean model\?"),
        ("xyz = 1", r"a: xyz: no such key; there are: seed, seconds, summary"),
        ("seed = '1'", r"a: seed = '1': expected an integer"),
        ("seed = 1.0", r"a: seed = 1\.0: expected an integer"),
        ("seed = true", r"a: seed = True: expected an integer"),
        ("summary = 1", r"a: summary = 1: expected text"),
        ("model = 'tiny'", r"a: model = 'tiny': expected a table"),
        ("[[trainer]]", r"a: trainer = \[\{\}\]: expected a table"),
        ("seed = " + "9" * 5000, "a: not valid TOML"),
        ("seed = 1\nseed = 2\n", r"a: not valid TOML: .*line 2"),
    ],
)
def test_wrong_key_or_type_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        parse_recipe(text, "a")


def test_every_key_of_the_format_is_taken() -> None:
    text = 'seed=1\nsummary=""\nnote=""\n[model]\n[dataset]\n[trainer]\n[published]'
    keys = ["seed", "summary", "note", "model", "dataset", "trainer", "published"]
    assert list(parse_recipe(text, "a")) == keys
