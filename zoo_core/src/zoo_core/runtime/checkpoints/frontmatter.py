"""The YAML at the head of a card: what the Hub reads of a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo_core.errors import NotFoundError
from zoo_core.references import HubRepo, parse_reference
from zoo_core.run_folder.manifest import CARD, Manifest
from zoo_core.runtime.checkpoints.license import Terms

HEAD = re.compile(r"\A---\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
LICENSES = frozenset(
    {
        *("apache-2.0", "mit", "isc", "bsl-1.0", "artistic-2.0", "zlib", "unlicense", "wtfpl"),
        *("bsd", "bsd-2-clause", "bsd-3-clause", "mpl-2.0", "epl-2.0", "eupl-1.1", "ecl-2.0"),
        *("gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "agpl-3.0", "pddl"),
        *("cc", "cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
        *("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "odbl", "openrail", "other"),
    }
)
"""Identifiers that the Hub knows; it takes any other only as ``other`` with a name beside it."""


def split_card(card: str) -> tuple[dict[str, Any], str]:
    """What stands in a card's YAML, and the text below it; nothing in the place of bad YAML."""
    import yaml

    match = HEAD.match(card)
    if not match:
        return {}, card
    try:
        values = yaml.safe_load(match["yaml"])
    except yaml.YAMLError:
        values = None
    return values if isinstance(values, dict) else {}, card[match.end() :]


def license_of(folder: Path) -> str:
    """The license that the card of a checkpoint states; ``other`` if it states none."""
    try:
        said = split_card((folder / CARD).read_text("utf-8"))[0]
    except (OSError, UnicodeDecodeError):
        said = {}
    return str(said.get("license_name") or said.get("license") or "other")


def front_matter(manifest: Manifest, task: str, terms: Terms, kept: Mapping[str, Any]) -> str:
    """The YAML of a card.

    Args:
        manifest: What the checkpoint is.
        task: The Hub's word for what it does.
        terms: License and languages.
        kept: What a person wrote there: keys beside the zoo's own stand, and tags are joined.
    """
    from huggingface_hub import EvalResult, ModelCardData

    run_config = manifest.run_config
    results = [
        EvalResult(
            task_type=task,
            dataset_type=run_config.dataset,
            dataset_name=run_config.dataset,
            dataset_split=split,
            metric_type=name,
            metric_value=value,
        )
        for split, named in manifest.metrics.items()
        for name, value in named.items()
    ]
    own = {
        "library_name": "zoo-core",
        "pipeline_tag": task,
        "datasets": [run_config.dataset],
        "tags": list(dict.fromkeys(["recurrent", run_config.model, *_words(kept.get("tags"))])),
        "eval_results": results or None,
        "model_name": run_config.recipe or run_config.model,
    }
    said = _license(terms.license) | _languages(terms.languages) | _base(run_config.source)
    others = {str(key): value for key, value in kept.items() if key != "model-index"}
    return str(ModelCardData(**(said | others | own)).to_yaml())


def _license(name: str) -> dict[str, str]:
    known = name.lower()
    if known in LICENSES or not name:
        return {"license": known or "other"}
    return {"license": "other", "license_name": known.replace(" ", "-")}


def _languages(codes: tuple[str, ...]) -> dict[str, list[str]]:
    return {"language": list(codes)} if codes else {}


def _base(source: str) -> dict[str, str]:
    """The repo that the weights started from, if they came from the Hub."""
    try:
        parsed = parse_reference(source)
    except NotFoundError:
        return {}
    return {"base_model": parsed.repo} if isinstance(parsed, HubRepo) else {}


def _words(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
