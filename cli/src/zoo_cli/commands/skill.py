"""``zoo skill``: the command line in one file, for assistants that write commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from zoo_cli.parsing.folder import FolderPath
from zoo_cli.terminal.output import echo
from zoo_core import errors
from zoo_core.errors import TargetError, ZooError

SKILLS = Path("~/.agents/skills")
"""Where assistants of several makers look for skills."""
FILE = Path("zoo") / "SKILL.md"
GENERATOR = "generator: zoo-cli"
"""The line of a skill that this command wrote, and may replace."""
ANSWERS = {
    "list models": "[{kind, name, summary, plugin, version, tags}]",
    "list recipes": "[{..., published: {metric, split, low, high, source} or null, seconds}]",
    "list checkpoints": "[{..., source, metrics, parameters, size, seconds, license}]",
    "show MODEL": "{name, plugin, settings: [{key, default, unit, meaning}], recipes, ...}",
    "show RUN": "{name, folder, state, model, dataset, trainer, seed, metrics, parameters, ...}",
    "train MODEL": (
        "{checkpoint, model, recipe, dataset, trainer, metrics: {SPLIT: {NAME: value}}, epochs, "
        "tokens, tokens_per_second, seconds, backend, seed}"
    ),
    "evaluate RUN": "{SPLIT: {loss, accuracy, ...}}",
    "predict RUN INPUT": "[{input, prediction}]",
    "generate RUN": "{prompt, text}",
    "runs": "[{name, path, model, recipe, state, metrics}]",
    "compare RUN RUN": (
        "{dataset, split, metric, higher_is_better, target, rows: [{model, differences, seeds, "
        "mean, deviation, ...}], remarks}"
    ),
    "verify RUN": "[{what, verdict, said}]",
    "show MODEL --shapes": "[{name, kind, shape, axes}]",
    "resume RUN": "as train",
    "sweep RECIPE": (
        "{sweep, threads, runs: [{name, path, model, recipe, dataset, seed, settings, state, "
        "reason, metrics, epochs, tokens, seconds, tokens_per_second, trained}]}"
    ),
    "runs --sweep DIR": (
        "[{name, path, model, recipe, dataset, seed, settings, state, reason, metrics, epochs, "
        "tokens, seconds, tokens_per_second}]"
    ),
    "inspect RUN": (
        "{model, layer, gate, unit, predicts, symbols: [{text, known, surprise, guesses, value}], "
        "probes, correlations}"
    ),
    "diff RUN RUN": "[{what, first, second}]",
    "reproduce RECIPE": (
        "[{recipe, metric, split, published, ours, measured, verdict, seconds, seed, date, ...}]"
    ),
    "export RUN": "{folder, format, files, difference, comparisons, metrics, notes}",
    "pull CHECKPOINT": "{checkpoint, ...}",
    "push RUN OWNER/REPO": "{repo, revision, url, entry}",
    "push RUN OWNER/REPO --to DIR": "{folder, files: {NAME: bytes}}",
    "data check": (
        "{dataset, inputs, outputs, vocabulary, splits: {SPLIT: {rows, targets, ...}}, sample, "
        "suspicions}"
    ),
    "data": "[{name, kind, path, size}]",
    "data remove": "{removed, size}",
    "plugins": (
        "[{name, module, distribution, version, state, location, contributes, reason, remedy}]"
    ),
    "plugins new NAME": "{folder, brings, files}",
    "plugins check NAME": "[{check, subject, verdict, ...}]",
    "plugins search": "[{name, distribution, installed, summary, ...}]",
    "plugins install DIST": "{installer, changes: [{name, before, after}], plugins}",
    "plugins uninstall NAME": "{installer, changes: [{name, before, after}]}",
    "plugins trace": "{calls, plugins: [{plugin, seconds}], exit}",
    "registry verify": "[{name, verdict, said}]",
    "registry publish": "[{name, repo, revision}]",
    "doctor": "[{subject, verdict, said, remedy, facts}]",
}
"""What a command prints with ``--json``: the keys of its value, those of interest at least."""


@click.command()
@click.option(
    "--install",
    "folder",
    is_flag=False,
    flag_value=str(SKILLS),
    metavar="[FOLDER]",
    type=FolderPath(is_target=True),
    help=f"Write zoo/SKILL.md into a folder of skills, {SKILLS} by default.",
)
def skill(folder: Path | None) -> None:
    """Print what a coding assistant needs to use the zoo: commands, JSON and exit codes.

    Claude Code looks for skills in ~/.claude/skills: zoo skill --install ~/.claude/skills
    """
    text = skill_text()
    if folder is None:
        echo(text, nl=False)
        return
    from zoo_core.storage.atomic import make_folder, target_errors, write_file

    path = folder / FILE
    with target_errors(path):
        if path.exists() and GENERATOR not in path.read_text("utf-8", errors="replace"):
            raise TargetError(f"{path} is not of zoo skill; move it away")
        make_folder(path.parent)
    write_file(path, text.encode())
    echo(f"wrote {path}", err=True)


def skill_text() -> str:
    """Returns the skill: what there is, how to call it, what it answers."""
    from zoo_cli.main import zoo

    with click.Context(zoo, info_name="zoo") as context:
        commands = [line for name in zoo.list_commands(context) for line in _usages(context, name)]
    answers = [f"- `zoo {call} --json`: `{answer}`" for call, answer in ANSWERS.items()]
    codes = [f"- {code}: {meaning}" for code, meaning in _exit_codes()]
    return TEXT.format(
        version=version("zoo-cli"),
        generator=GENERATOR,
        commands="\n".join(commands),
        answers="\n".join(answers),
        codes="\n".join(codes),
    )


def _usages(parent: click.Context, name: str) -> Iterator[str]:
    """Yields a line for a command, and one for each of its subcommands."""
    group = parent.command
    assert isinstance(group, click.Group)
    try:
        command = group.get_command(parent, name)
    except ZooError:  # of a plugin that is broken
        return
    assert command is not None
    with click.Context(command, info_name=name, parent=parent) as context:
        if isinstance(command, click.Group):
            for subcommand in command.list_commands(context):
                yield from _usages(context, subcommand)
            if not command.invoke_without_command:
                return
        pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
        usage = " ".join([context.command_path, *pieces])
        options = [
            max(param.opts, key=len)
            for param in command.params
            if isinstance(param, click.Option) and not param.hidden
        ]
        end = f" Options: {' '.join(options)}" if options else ""
        summary = inspect.cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " ")
        yield f"- `{usage}`: {summary}{end}"


def _exit_codes() -> list[tuple[int, str]]:
    """Returns the exit codes, each with what the class of its errors says."""
    meanings = {0: "Success.", 1: "Failure; a recipe that missed its published result."}
    meanings[2] = "Wrong usage."
    meanings |= {129: "Stopped by SIGHUP.", 130: "Stopped by Ctrl+C.", 143: "Stopped by SIGTERM."}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.ZooError):
            summary = inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]
            meanings.setdefault(kind.exit_code, summary)
    return sorted(meanings.items())


TEXT = """\
---
name: zoo
description: >-
  Train, evaluate, compare, inspect, reproduce, export and share recurrent sequence models (RNN,
  LSTM, GRU, minGRU, S6, xLSTM, DeltaNet, ...) with the command line zoo. Use it for recurrent
  networks, character models, small forecasting models and their published results.
metadata:
  {generator}
  version: {version}
---

# zoo {version}

A catalog of recurrent models, datasets and trainers, each in a plugin. Ask the catalog before you
write a command: names and settings differ between installations.

1. `zoo list --json` names the models, `zoo list recipes --json` the recipes: a model with a dataset
   and settings that are known to work.
2. `zoo show NAME --json` has the settings of a model, dataset, trainer or recipe. A setting is an
   option of `zoo train`: `hidden_size` of a model is `--model.hidden-size`; the others begin with
   `--dataset.` and `--trainer.`.
3. `zoo train lstm-embed.hello --out ./run --json` trains a recipe offline in seconds.
4. `zoo evaluate ./run --json`, `zoo predict ./run INPUT --json`; with a model of text,
   `zoo generate ./run --prompt TEXT`.
5. `zoo sweep RECIPE --seeds 0-2 --model.hidden-size 64,128 --out ./sweep`, then
   `zoo compare ./sweep --json`.

Own data, of which `zoo data check --dataset NAME --dataset.path FILE --json` says what is
suspicious:

- text: `zoo train lstm-embed --dataset text --dataset.path FILE --out ./run`, then
  `zoo generate ./run --prompt TEXT`
- texts with labels, in the columns text and label of a CSV, TSV or JSON Lines file:
  `zoo train gru-embed --dataset labelled --dataset.path FILE --out ./run`, then
  `zoo predict ./run TEXT --json`
- time series, the time in the first column of a CSV file:
  `zoo train lstm-stacked --dataset series --dataset.path FILE --out ./run`, then
  `zoo forecast ./run --json`
- pairs to translate, a tab between source and target:
  `zoo train seq2seq --dataset translation-pairs --dataset.path FILE --out ./run`, then
  `zoo predict ./run TEXT --json`

A run is named by its folder, which has a slash (`./run`), or by the name that `zoo runs` prints.
Data is on stdout, messages and progress on stderr. An error is one line with the remedy; names that
are nearly right are suggested. `zoo resume ./run` continues a run that was interrupted, bit for
bit. `zoo COMMAND --help` explains every argument and option; with a model, as in
`zoo train MODEL --help`, every setting too. Only pull, push, plugins install and datasets that
are downloaded use the network.

## Commands

{commands}

## Answers in JSON

{answers}

## Exit codes

{codes}
"""
