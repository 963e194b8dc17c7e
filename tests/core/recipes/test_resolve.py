"""Resolving a run: which parts it has, and which source decides a setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.nearest import nearest_recipe
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import RunConfig

TomlWriter = Callable[[str], Path]


@pytest.fixture
def toml(tmp_path: Path) -> TomlWriter:
    """``toml(text)``: a file for ``--config``."""

    def write(text: str) -> Path:
        path = tmp_path / "given.toml"
        path.write_text(text)
        return path

    return write


def test_no_tag_means_the_default_recipe(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny").run_config()
    assert (run_config.recipe, run_config.dataset, run_config.trainer) == (
        "tiny.first",
        "alpha",
        "fancy",
    )
    assert run_config.configs["model"] == {"width": 16, "depth": 1}


def test_a_tag_chooses_the_recipe(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny.second").run_config()
    assert (run_config.recipe, run_config.dataset) == ("tiny.second", "alpha")
    assert run_config.configs["model"]["width"] == 8


def test_a_recipe_that_names_no_trainer_takes_the_datasets(catalog: Catalog) -> None:
    assert resolve_run(catalog, "tiny.second").run_config().trainer == "plain"


def test_a_run_config_is_complete(catalog: Catalog) -> None:
    assert resolve_run(catalog, "little:tiny").run_config().configs == {
        "model": {"width": 16, "depth": 1},
        "dataset": {"length": 6},
        "trainer": {"epochs": 4, "gain": 0.5},
    }


def test_a_run_config_names_the_plugin_of_each_part(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny").run_config()
    assert run_config.plugins == dict.fromkeys(["model", "dataset", "trainer"], "little")


def test_flag_beats_file_beats_recipe_beats_default(catalog: Catalog, toml: TomlWriter) -> None:
    file = toml("[model]\nwidth = 32\n[trainer]\nepochs = 5")
    run_config = resolve_run(catalog, "tiny", file=file).run_config({"model": {"width": 64}})
    assert run_config.configs["model"] == {"width": 64, "depth": 1}  # flag, default
    assert run_config.configs["trainer"] == {"epochs": 5, "gain": 0.5}  # file, recipe


@pytest.fixture
def origin(catalog: Catalog) -> RunConfig:
    """The run config of a checkpoint that was trained with other settings than the defaults."""
    model, data, trainer = {"width": 20}, {"path": "a.txt"}, {"gain": 2.0}
    return resolve_run(catalog, "tiny", dataset="beta").run_config(
        {"model": model, "dataset": data, "trainer": trainer}, seed=8
    )


def test_a_checkpoint_gives_its_whole_run_config(catalog: Catalog, origin: RunConfig) -> None:
    resolved = resolve_run(catalog, "tiny", origin=origin)
    assert resolved.run_config() == origin
    assert not resolved.uses_defaults


def test_flag_file_and_names_beat_the_checkpoint(
    catalog: Catalog, toml: TomlWriter, origin: RunConfig
) -> None:
    resolved = resolve_run(
        catalog,
        "tiny",
        dataset="alpha",
        file=toml("seed = 9\n[model]\ndepth = 3"),
        origin=origin,
    )
    run_config = resolved.run_config({"trainer": {"epochs": 2}})
    assert (run_config.dataset, run_config.trainer, run_config.seed) == ("alpha", "fancy", 9)
    assert run_config.configs == {
        "model": {"width": 20, "depth": 3},
        "dataset": {"length": 5},
        "trainer": {"epochs": 2, "gain": 2.0},
    }


def test_a_typed_recipe_takes_the_model_settings_of_the_checkpoint_alone(
    catalog: Catalog, origin: RunConfig
) -> None:
    run_config = resolve_run(catalog, "tiny.first", origin=origin).run_config()
    assert (run_config.recipe, run_config.dataset, run_config.seed) == ("tiny.first", "alpha", 3)
    assert run_config.configs["model"] == {"width": 20, "depth": 1}
    assert run_config.configs["trainer"] == {"epochs": 4, "gain": 0.5}


def test_defaults_shown_are_those_that_hold_without_a_flag(catalog: Catalog) -> None:
    shown = {
        setting.key: setting.default for setting in resolve_run(catalog, "tiny").settings("model")
    }
    assert shown == {"width": 16, "depth": 1}


def test_the_recipes_seed_holds_unless_one_is_given(catalog: Catalog, toml: TomlWriter) -> None:
    assert resolve_run(catalog, "tiny").run_config().seed == 3
    assert resolve_run(catalog, "tiny").run_config(seed=None).seed == 3
    assert resolve_run(catalog, "tiny", file=toml("seed = 5")).run_config().seed == 5
    assert resolve_run(catalog, "tiny", file=toml("seed = 5")).run_config(seed=0).seed == 0


@pytest.mark.parametrize("seed", [-5, 2**32, 2**70])
def test_a_seed_out_of_bounds_is_refused_from_every_source(
    catalog: Catalog, toml: TomlWriter, seed: int
) -> None:
    message = rf"^seed = '{seed}': expected an integer >= 0 and < 4294967296$"
    with pytest.raises(ConfigError, match=message):
        resolve_run(catalog, "tiny", file=toml(f"seed = {seed}")).run_config()
    with pytest.raises(ConfigError, match=message):
        resolve_run(catalog, "tiny").run_config(seed=seed)


@pytest.mark.parametrize("seed", [True, 1.0, "1"])
def test_a_seed_that_is_not_an_integer_is_refused(catalog: Catalog, seed: object) -> None:
    with pytest.raises(ConfigError, match=rf"seed = '{seed}': expected an integer"):
        resolve_run(catalog, "tiny").run_config(seed=seed)


def test_the_largest_seed_is_taken(catalog: Catalog) -> None:
    assert resolve_run(catalog, "tiny").run_config(seed=2**32 - 1).seed == 2**32 - 1


def test_without_any_seed_it_is_zero(catalog: Catalog) -> None:
    assert resolve_run(catalog, "tiny.second").run_config().seed == 0


def test_options_of_the_run_reach_the_run_config(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny").run_config(device="cpu", threads=2, budget=1.5)
    assert (run_config.device, run_config.threads, run_config.budget) == ("cpu", 2, 1.5)


def test_another_dataset_drops_the_whole_recipe(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny", dataset="beta").run_config(
        {"dataset": {"path": "a.txt"}}
    )
    assert (run_config.recipe, run_config.seed, run_config.trainer) == ("", 0, "fancy")
    assert run_config.configs["model"] == {"width": 8, "depth": 1}
    assert run_config.configs["dataset"] == {"path": "a.txt", "length": 7}
    assert run_config.configs["trainer"] == {"epochs": 10, "gain": 1.0}


def test_a_recipe_that_was_named_keeps_model_and_trainer_on_another_dataset(
    catalog: Catalog,
) -> None:
    resolved = resolve_run(catalog, "tiny.first", dataset="beta")
    run_config = resolved.run_config({"dataset": {"path": "a.txt"}})
    assert (run_config.recipe, run_config.seed, run_config.trainer) == ("tiny.first", 3, "fancy")
    assert run_config.configs == {
        "model": {"width": 16, "depth": 1},
        "dataset": {"path": "a.txt", "length": 7},
        "trainer": {"epochs": 4, "gain": 0.5},
    }


def test_a_recipe_that_was_named_keeps_the_default_trainer_of_its_dataset(
    catalog: Catalog,
) -> None:
    resolved = resolve_run(catalog, "tiny.second", dataset="beta")
    assert (resolved.recipe, resolved.entries["trainer"].spec.name) == ("tiny.second", "plain")


@pytest.mark.parametrize(
    ("model", "dataset", "uses_defaults"),
    [("tiny", "beta", True), ("bare", "alpha", True), ("tiny", "", False)],
)
def test_a_run_without_settings_of_a_recipe_uses_defaults(
    catalog: Catalog, model: str, dataset: str, uses_defaults: bool
) -> None:
    assert resolve_run(catalog, model, dataset=dataset).uses_defaults is uses_defaults


@pytest.mark.parametrize(
    ("dataset", "trainer", "nearest"),
    [
        ("alpha", "plain", "tiny.second"),  # the same dataset and trainer
        ("beta", "fancy", "tiny.first"),  # no recipe has this dataset, this one has the trainer
    ],
)
def test_the_nearest_recipe_has_the_same_trainer(
    catalog: Catalog, dataset: str, trainer: str, nearest: str
) -> None:
    flags = {"dataset": {"path": "a.txt"}} if dataset == "beta" else {}
    resolved = resolve_run(catalog, "tiny", dataset=dataset, trainer=trainer)
    assert nearest_recipe(catalog, resolved.run_config(flags)) == nearest


def test_a_model_without_recipes_has_no_nearest_one(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "bare", dataset="alpha").run_config()
    assert nearest_recipe(catalog, run_config) == ""


@pytest.mark.parametrize("dataset", ["alpha", "little:alpha"])
def test_the_recipes_own_dataset_keeps_the_recipe(catalog: Catalog, dataset: str) -> None:
    run_config = resolve_run(catalog, "tiny", dataset=dataset).run_config()
    assert (run_config.recipe, run_config.configs["dataset"]) == ("tiny.first", {"length": 6})


def test_a_dataset_of_the_file_drops_the_recipe_too(catalog: Catalog, toml: TomlWriter) -> None:
    file = toml('[model]\nwidth = 32\n[dataset]\nname = "beta"\npath = "a.txt"')
    run_config = resolve_run(catalog, "tiny", file=file).run_config()
    assert (run_config.recipe, run_config.dataset, run_config.trainer) == ("", "beta", "fancy")
    assert run_config.configs["model"] == {"width": 32, "depth": 1}


def test_a_flag_chooses_the_dataset_against_the_file(catalog: Catalog, toml: TomlWriter) -> None:
    file = toml('[dataset]\nname = "beta"\nlength = 99')
    run_config = resolve_run(catalog, "tiny", dataset="alpha", file=file).run_config()
    assert (run_config.dataset, run_config.configs["dataset"]) == ("alpha", {"length": 6})


def test_a_table_without_a_name_applies_to_the_chosen_part(
    catalog: Catalog, toml: TomlWriter
) -> None:
    file = toml('[dataset]\nlength = 99\npath = "a.txt"')
    run_config = resolve_run(catalog, "bare", dataset="beta", file=file).run_config()
    assert run_config.configs["dataset"] == {"path": "a.txt", "length": 99}


def test_another_trainer_leaves_the_recipes_trainer_table(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "tiny", trainer="plain").run_config()
    assert (run_config.recipe, run_config.trainer) == ("tiny.first", "plain")
    assert run_config.configs["trainer"] == {"epochs": 10}
    assert run_config.configs["model"]["width"] == 16


def test_a_trainer_of_the_file_beats_the_recipes(catalog: Catalog, toml: TomlWriter) -> None:
    run_config = resolve_run(
        catalog, "tiny", file=toml('[trainer]\nname = "plain"\nepochs = 2')
    ).run_config()
    assert (run_config.trainer, run_config.configs["trainer"]) == ("plain", {"epochs": 2})


def test_a_model_without_recipe_needs_a_dataset(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="bare has no default recipe: name a dataset"):
        resolve_run(catalog, "bare")


def test_a_model_without_recipe_takes_the_datasets_trainer(catalog: Catalog) -> None:
    run_config = resolve_run(catalog, "bare", dataset="alpha").run_config()
    assert (run_config.recipe, run_config.trainer) == ("", "plain")


@pytest.mark.parametrize(
    ("model", "parts", "message"),
    [
        ("tinny", {}, r"no model 'tinny'; did you mean tiny\?"),
        ("tiny.frist", {}, r"no recipe 'tiny\.frist'; did you mean tiny\.first"),
        ("tiny", {"dataset": "alhpa"}, r"no dataset 'alhpa'; did you mean alpha\?"),
        ("tiny", {"trainer": "plian"}, r"no trainer 'plian'; did you mean plain\?"),
        ("hub:owner/repo", {}, "to start from it: zoo train MODEL --from hub:owner/repo$"),
        ("./folder", {}, r"'./folder' is a checkpoint; .* --from ./folder$"),
    ],
)
def test_a_mistyped_name_is_not_found(
    catalog: Catalog, model: str, parts: dict[str, str], message: str
) -> None:
    with pytest.raises(NotFoundError, match=message):
        resolve_run(
            catalog, model, dataset=parts.get("dataset", ""), trainer=parts.get("trainer", "")
        )


def test_the_models_name_is_resolved_first(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no model 'tinny'"):
        resolve_run(catalog, "tinny", dataset="none", file=tmp_path / "gone.toml")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"model": {"widht": 1}}, r"model\.widht: no such setting; did you mean width\?"),
        ({"model": {"width": 0}}, r"model\.width = '0': expected an integer >= 1"),
        ({"models": {"width": 1}}, "models: no such section; there are model, dataset, trainer"),
    ],
)
def test_a_wrong_flag_is_refused(
    catalog: Catalog, flags: dict[str, dict[str, object]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_run(catalog, "tiny").run_config(flags)


def test_the_source_of_a_wrong_value_is_named(catalog: Catalog, toml: TomlWriter) -> None:
    resolved = resolve_run(catalog, "tiny", file=toml("[model]\nwidth = 0"))
    with pytest.raises(ConfigError, match=r"^model\.width = '-1'"):
        resolved.run_config({"model": {"width": -1}})
    assert resolved.run_config({"model": {"width": 3}}).configs["model"]["width"] == 3


def test_a_missing_required_setting_is_named(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.path must be given: The file\."):
        resolve_run(catalog, "bare", dataset="beta").run_config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nwidht = 1", r"given\.toml: model\.widht: no such setting; did you mean width"),
        ("[model]\nwidth = 'a'", r"given\.toml: model\.width = 'a': expected an integer >= 1"),
        ("[model]\nname = 'tiny'", r"given\.toml: model\.name: no such setting"),
        ("sede = 1", r"given\.toml: sede: no such key; did you mean seed"),
        ("[model", r"given\.toml: not valid TOML"),
        ("[dataset]\nname = 3", "3"),
        ("[trainer]\nname = 3", "3"),
    ],
)
def test_a_wrong_file_is_refused(
    catalog: Catalog, toml: TomlWriter, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_run(catalog, "tiny", dataset="alpha", trainer="plain", file=toml(text)).run_config()


def test_a_file_may_begin_with_a_byte_order_mark(catalog: Catalog, toml: TomlWriter) -> None:
    assert resolve_run(catalog, "tiny", file=toml("\ufeffseed = 5")).run_config().seed == 5


def test_a_missing_file_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*gone\.toml: No such file"):
        resolve_run(catalog, "tiny", file=tmp_path / "gone.toml")


def test_a_file_that_is_not_text_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "given.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"cannot read .*given\.toml: not UTF-8: byte 0xff at"):
        resolve_run(catalog, "tiny", file=tmp_path / "given.toml")
