"""How to repeat runs: commands, and the whole settings as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

from zoo_core.configs.settings import option_words
from zoo_core.errors import ZooError
from zoo_core.escaping import shell_command
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.recipes.differences import differences_from_recipes
from zoo_core.recipes.recipe import recipe_text
from zoo_core.run_folder.run_config import DEFAULT_UNKNOWN, RunConfig
from zoo_report.groups import Group

CONFIG = "settings.toml"


@final
class Repetition(NamedTuple):
    """How to repeat the runs of a group.

    Args:
        label: The label of the group.
        commands: A command for each run.
        settings: The settings of the first run, as ``zoo train --config`` reads them.
    """

    label: str
    commands: list[str]
    settings: str


def repetitions(catalog: Catalog, groups: Sequence[Group]) -> list[Repetition]:
    """Returns how to repeat the runs of groups."""
    return [
        Repetition(
            group.label,
            [train_command(catalog, run.run_config) for run in group.runs],
            recipe_text(group.runs[0].run_config),
        )
        for group in groups
    ]


def train_command(catalog: Catalog, run_config: RunConfig) -> str:
    """Returns the command that repeats a run.

    It names what the run sets otherwise than its recipe, or a file with all settings where a plugin
    of the run is not installed, so that the recipe is not known. A run with a budget of tokens is
    one of ``zoo compare``, which alone has such a budget.
    """
    reference = run_config.recipe or run_config.model
    words = ["zoo", "train", reference]
    if not _is_known(catalog, run_config):
        words += ["--config", CONFIG, "--seed", str(run_config.seed)]
        return shell_command(*words, *_run_words(run_config))
    (differences,) = differences_from_recipes(catalog, [run_config])
    names = [text.partition(" = ")[0] for text in differences]
    if not run_config.recipe:  # without a dataset, the default recipe would be meant
        names = ["dataset", *names]
    left_out = {"model", "seed"}
    if run_config.token_budget:  # zoo compare takes the trainer of the dataset
        left_out.add("trainer")
    settings = [
        word
        for name in dict.fromkeys(names)
        if name not in left_out
        for word in option_words(name, _value_of(run_config, name))
    ]
    if run_config.token_budget:
        limits = ["--seeds", str(run_config.seed), "--tokens", str(run_config.token_budget)]
        words = ["zoo", "compare", reference, *settings, *limits]
        return shell_command(*words, "--threads", str(run_config.threads))
    words += [*settings, "--seed", str(run_config.seed)]
    return shell_command(*words, *_run_words(run_config))


def _value_of(run_config: RunConfig, name: str) -> object:
    """Returns the value of a setting, such as ``trainer.epochs``, or the name of a section."""
    section, _, key = name.partition(".")
    return run_config.configs[section][key] if key else getattr(run_config, section)


def _is_known(catalog: Catalog, run_config: RunConfig) -> bool:
    try:
        catalog.find(ModelSpec, run_config.name("model"))
        catalog.find(DatasetSpec, run_config.name("dataset"))
        catalog.find(TrainerSpec, run_config.name("trainer"))
    except ZooError:
        return False
    return True


def _run_words(run_config: RunConfig) -> list[str]:
    """Returns the options that no recipe holds."""
    words = ["--threads", str(run_config.threads), "--backend", run_config.backend]
    if run_config.device != "cpu":
        words += ["--device", run_config.device]
    if run_config.precision != "fp32":
        words += ["--precision", run_config.precision]
    if run_config.budget:
        words += ["--budget", f"{run_config.budget:.15g}s"]
    if run_config.processes > 1:
        words += ["--nproc", str(run_config.processes)]
    if run_config.compile:
        words.append("--compile")
    if run_config.source:
        words += ["--from", run_config.source]
    if run_config.unknown != DEFAULT_UNKNOWN:
        words += ["--unknown", run_config.unknown]
    return words
