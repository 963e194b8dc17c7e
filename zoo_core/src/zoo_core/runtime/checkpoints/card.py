"""The model card: ``README.md`` of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo_core.data.signature import Classes, Features, Grid, Keys, Signature, Values
from zoo_core.escaping import shell_word
from zoo_core.run_folder.manifest import Manifest
from zoo_core.run_folder.run_config import SECTIONS
from zoo_core.runtime.checkpoints.frontmatter import front_matter, split_card
from zoo_core.runtime.checkpoints.license import NO_TERMS, Terms
from zoo_core.runtime.datasets.memory import MEMORY

METRIC_LABELS = {
    "bits_per_character": "bits per character",
    "bits_per_byte": "bits per byte",
    "unknown_share": "share of unknown words",
}
PROMPTS = ("The ", "the ")
KEPT_BELOW = "<!-- What you write below this line is kept. -->\n"


def user_text(card: str) -> str:
    """Returns what a user wrote into a card: the text below the marker line, or below the YAML."""
    _, mark, text = card.partition(KEPT_BELOW)
    return text if mark else split_card(card)[1]


def card(
    manifest: Manifest,
    own: str = "",
    place: str = "FOLDER",
    *,
    terms: Terms = NO_TERMS,
    kept: Mapping[str, Any] | None = None,
) -> str:
    """Returns the text of a card: YAML front matter for the Hub, usage, metrics and settings.

    What UTF-8 cannot encode, such as a byte of a path, is escaped.

    Args:
        manifest: The manifest of the checkpoint.
        own: What the user wrote, which follows at the end.
        place: What names the checkpoint in a command, such as ``hub:owner/repo``.
        terms: The license and the languages.
        kept: What the user wrote into the YAML.
    """
    run_config, signature = manifest.run_config, manifest.signature
    task = _task(signature)
    sections = [
        f"---\n{front_matter(manifest, task, terms, kept or {})}\n---\n",
        f"# {run_config.recipe or run_config.model}\n",
        f"`{run_config.model}` trained on `{run_config.dataset}` by `{run_config.trainer}`, "
        f"seed {run_config.seed}: "
        f"{manifest.epochs} epochs, {manifest.steps:,} steps.\n",
        "## Use\n",
        "Where the zoo is installed"
        f"{', with this folder as `FOLDER`' if place == 'FOLDER' else ''}:\n",
        f"```console\n{_usage(manifest, place, terms)}\n```\n",
        _plugins(manifest),
        "## Metrics\n",
        _table(manifest),
        "![Loss over epochs](curve.png)\n",
        "## Settings\n",
        _settings(manifest),
        KEPT_BELOW,
    ]
    return ("\n".join(sections) + own).encode(errors="backslashreplace").decode()


def loss_label(signature: Signature) -> str:
    """Returns the name of the loss with its unit, if it has one."""
    return "loss (nats)" if isinstance(signature.outputs, (Classes, Keys)) else "loss"


def _task(signature: Signature) -> str:
    """Returns the Hub's name of the model's task."""
    outputs = signature.outputs
    if signature.predicts_next_symbol:
        return "text-generation"
    if outputs.next_token and signature.vocabularies:
        return "translation"
    if isinstance(signature.inputs, Features):
        of_features = {Classes: "tabular-classification", Values: "tabular-regression"}
        return of_features.get(type(outputs), "other")
    if not isinstance(outputs, Classes):
        return "other"
    if isinstance(signature.inputs, Grid):
        tasks = {2: "image-classification", 3: "video-classification"}
        return tasks.get(len(signature.inputs.sizes), "other")
    of_texts = {"step": "token-classification", "sequence": "text-classification"}
    return of_texts[outputs.per] if signature.vocabulary else "other"


def _usage(manifest: Manifest, place: str, terms: Terms) -> str:
    """Returns a command that works as it is: its input has only symbols of the vocabulary."""
    signature = manifest.signature
    vocabulary = next(iter(signature.vocabularies.values()), signature.vocabulary)
    if vocabulary is None:
        if manifest.run_config.dataset == MEMORY:  # no checkpoint has the data to evaluate on
            return f"zoo predict {place} {shell_word(_numbers(signature))}"
        return f"zoo evaluate {place}"
    symbols = vocabulary.symbols
    letters = [symbol for symbol in symbols if len(symbol) == 1 and symbol.isalnum()]
    example = "".join(letters)[-5:] or symbols[0]
    kind = vocabulary.tokenizer.kind
    if kind == "word":
        example = next((word.strip() for word in symbols if word.strip().isalnum()), example)
    if not manifest.signature.outputs.next_token or terms.answers:
        return f"zoo predict {place} {shell_word(example)}"
    prompt = example
    for text in reversed(PROMPTS):
        if kind == "bpe" or (kind != "word" and set(text) <= set(symbols)):
            prompt = text
    return f"zoo generate {place} --prompt {shell_word(prompt)} --length 200"


def _numbers(signature: Signature) -> str:
    """Returns two steps of numbers as they are typed: tokens or features."""
    width = signature.inputs.size if isinstance(signature.inputs, Features) else 1
    return ("; " if width > 1 else " ").join([" ".join(["0"] * width)] * 2)


def _plugins(manifest: Manifest) -> str:
    """Returns the sentences that name the plugins of model, dataset and trainer."""
    sections: dict[str, list[str]] = {}
    for section in SECTIONS:
        sections.setdefault(manifest.run_config.plugins[section], []).append(section)
    plugins = [
        " ".join([f"`{plugin}`", *_version(manifest, plugin), f"({', '.join(names)})"])
        for plugin, names in sections.items()
    ]
    return (
        f"Plugins that it needs: {'; '.join(plugins)}. "
        "Install a missing one with `zoo plugins install NAME`.\n"
    )


def _version(manifest: Manifest, plugin: str) -> list[str]:
    version = manifest.versions.get(plugin)
    return [version] if version else []


def _table(manifest: Manifest) -> str:
    names = sorted({name for named in manifest.metrics.values() for name in named})
    names = manifest.objective.in_order(names)
    labels = METRIC_LABELS | {"loss": loss_label(manifest.signature)}
    head = ["split", *(labels.get(name, name) for name in names)]
    rows = [
        [split, *(f"{named[name]:.4f}" if name in named else "" for name in names)]
        for split, named in manifest.metrics.items()
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _settings(manifest: Manifest) -> str:
    lines = [
        f"| {section} | `{key}` | {value} |"
        for section, values in manifest.run_config.configs.items()
        for key, value in values.items()
    ]
    return "\n".join(["| section | setting | value |", "| --- | --- | --- |", *lines]) + "\n"
