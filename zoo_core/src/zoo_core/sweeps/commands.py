"""The shell command that trains a run of a sweep, for a batch scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo_core.configs.settings import option_words
from zoo_core.escaping import shell_command
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.differences import default_value
from zoo_core.recipes.resolve import ResolvedRun, resolve_run
from zoo_core.run_folder.run_config import DEFAULT_UNKNOWN, SECTIONS, RunConfig
from zoo_core.sweeps.question import PlannedRun
from zoo_core.sweeps.run_states import SweepRun


def run_command(
    catalog: Catalog,
    folder: Path,
    run: PlannedRun,
    state: SweepRun,
    loggers: Sequence[str] = (),
) -> str:
    """Returns the command that trains a run, or continues it where there is a saved state.

    Args:
        catalog: The installed plugins.
        folder: The folder of the sweep.
        run: The run.
        state: How far it is.
        loggers: The names of the loggers of the run.
    """
    log_words = [word for name in loggers for word in ("--logger", name)]
    target = str((folder / run.name).absolute())
    if state.state in ("interrupted", "unfinished"):
        return shell_command("zoo", "resume", target, *log_words)
    words = ["zoo", "train", *train_arguments(catalog, run.run_config)]
    if run.extends_vocabulary:
        words.append("--extend-vocabulary")
    return shell_command(*words, *log_words, "--out", target)


def train_arguments(catalog: Catalog, run_config: RunConfig) -> list[str]:
    """Returns the arguments with which ``zoo train`` makes a run config.

    Raises:
        NotFoundError: A plugin of the run is not installed.
    """
    name = run_config.recipe or run_config.name("model")
    dataset, trainer = run_config.name("dataset"), run_config.name("trainer")
    resolved = resolve_run(catalog, name, dataset=dataset, trainer=trainer)
    words = [name]
    if not run_config.recipe or not _is_of_recipe(catalog, run_config):
        words += ["--dataset", dataset, "--trainer", trainer]
    if run_config.source:
        words += ["--from", run_config.source]
        if run_config.unknown != DEFAULT_UNKNOWN:
            words += ["--unknown", run_config.unknown]
    words += _settings(resolved, run_config)
    words += ["--seed", str(run_config.seed)]
    if run_config.threads:
        words += ["--threads", str(run_config.threads)]
    for option, value, default in (
        ("--device", run_config.device, "auto"),
        ("--backend", run_config.backend, "auto"),
        ("--precision", run_config.precision, "fp32"),
    ):
        if value != default:
            words += [option, value]
    if run_config.budget:
        words += ["--budget", f"{run_config.budget:.15g}s"]
    return words


def _is_of_recipe(catalog: Catalog, run_config: RunConfig) -> bool:
    """Whether dataset and trainer are those of the recipe."""
    entries = resolve_run(catalog, run_config.recipe).entries
    return all(
        f"{entries[section].plugin.distribution}:{entries[section].spec.name}"
        == run_config.name(section)
        for section in ("dataset", "trainer")
    )


def _settings(resolved: ResolvedRun, run_config: RunConfig) -> Iterator[str]:
    """Yields the flags of settings other than the recipe's; beside a checkpoint, of all."""
    for section in SECTIONS:
        values = run_config.configs[section]
        for setting in resolved.settings(section):
            value = values.get(setting.key)
            if run_config.source or value != default_value(setting):
                yield from option_words(f"{section}.{setting.key}", value)
