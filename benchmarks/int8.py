"""The loss of the pretrained checkpoints with weights in 8 bits: ``docs/results/int8.json``.

``python -m benchmarks.int8`` measures them.
"""

from __future__ import annotations

import json
from pathlib import Path

from zoo_core import evaluate, load
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.registry.checkpoints import load_registry
from zoo_core.storage.atomic import write_file

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "int8.json"


def measure(reference: str) -> dict[str, dict[str, float]]:
    """Returns the loss of a checkpoint by split and precision; empty if it has no such weights."""
    checkpoint = load(reference)
    try:
        rounded = evaluate(checkpoint, precision="int8")
    except MisfitError:
        return {}
    full = evaluate(checkpoint)
    return {
        split: {"fp32": full[split]["loss"], "int8": metrics["loss"]}
        for split, metrics in rounded.items()
    }


def table(path: Path = RESULTS) -> str:
    """Returns the stored results as a table in Markdown."""
    lines = [
        "| checkpoint | split | loss, fp32 | loss, int8 | difference |",
        "| --- | --- | --- | --- | --- |",
    ]
    for reference, splits in json.loads(path.read_bytes()).items():
        lines += [
            f"| `{reference}` | {split} | {loss['fp32']:.4f} | {loss['int8']:.4f} | "
            f"{loss['int8'] - loss['fp32']:+.5f} |"
            for split, loss in splits.items()
        ]
        if not splits:
            lines.append(f"| `{reference}` | refused | | | |")
    return "\n".join(lines)


def main() -> None:
    """Measures every pretrained checkpoint, and writes the results after each."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for reference in sorted(load_registry(load_catalog().registries)):
        results[reference] = measure(reference)
        write_file(RESULTS, f"{json.dumps(results, indent=1)}\n".encode())


if __name__ == "__main__":
    main()
