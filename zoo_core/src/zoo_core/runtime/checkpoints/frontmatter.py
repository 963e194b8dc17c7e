"""The YAML front matter of a card, which the Hub reads."""

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
"""The license identifiers of the Hub; any other must be written as ``other`` with a name."""


def split_card(card: str) -> tuple[dict[str, Any], str]:
    """Returns the values of a card's YAML and the text below it; no values if the YAML is bad."""
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
    """Returns the license that the card of a checkpoint states; ``other`` if it states none."""
    try:
        values, _ = split_card((folder / CARD).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return "other"
    return str(values.get("license_name") or values.get("license") or "other")


def front_matter(manifest: Manifest, task: str, terms: Terms, kept: Mapping[str, Any]) -> str:
    """Returns the YAML of a card.

    Args:
        manifest: The manifest of the checkpoint.
        task: The Hub's name of the model's task.
        terms: The license and the languages.
        kept: What the user wrote there. Keys that the zoo does not set are kept, tags are added.
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
            metric_value=values[name],
        )
        for split, values in manifest.metrics.items()
        for name in manifest.objective.in_order(values)
    ]
    fixed = {
        "library_name": "zoo-core",
        "pipeline_tag": task,
        "datasets": [run_config.dataset],
        "tags": list(dict.fromkeys(["recurrent", run_config.model, *_texts(kept.get("tags"))])),
        "eval_results": results or None,
        "model_name": run_config.recipe or run_config.model,
    }
    defaults = _license(terms.license) | _languages(terms.languages) | _base(run_config.source)
    users = {str(key): value for key, value in kept.items() if key != "model-index"}
    return str(ModelCardData(**(defaults | users | fixed)).to_yaml())


def _license(name: str) -> dict[str, str]:
    identifier = name.lower()
    if identifier in LICENSES or not name:
        return {"license": identifier or "other"}
    return {"license": "other", "license_name": identifier.replace(" ", "-")}


def _languages(codes: tuple[str, ...]) -> dict[str, list[str]]:
    return {"language": list(codes)} if codes else {}


def _base(source: str) -> dict[str, str]:
    """Returns the Hub repo that the weights started from, if there is one."""
    try:
        parsed = parse_reference(source)
    except NotFoundError:
        return {}
    return {"base_model": parsed.repo} if isinstance(parsed, HubRepo) else {}


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
