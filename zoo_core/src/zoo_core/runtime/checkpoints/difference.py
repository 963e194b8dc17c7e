"""The differences between two checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, final

from torch import Tensor

from zoo_core.escaping import quoted
from zoo_core.run_folder.local_paths import without_local_paths
from zoo_core.run_folder.manifest import MANIFEST, read_manifest
from zoo_core.runtime.building.build import local_paths
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


@final
class Difference(NamedTuple):
    """One value that differs between two checkpoints.

    Args:
        what: The name of the value.
        first: The value in the first checkpoint; empty if it has none.
        second: The value in the second one.
    """

    what: str
    first: str
    second: str


def differences(first: Checkpoint, second: Checkpoint) -> list[Difference]:
    """Returns the settings, data, versions, metrics and weights that differ, in this order."""
    before, after = _describe(first), _describe(second)
    rows = [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]
    return rows + list(_compare_weights(first.weights, second.weights))


def _describe(checkpoint: Checkpoint) -> dict[str, str]:
    """Returns everything but the weights as text, by dotted name."""
    paths = local_paths(checkpoint.catalog, checkpoint.run_config)
    values = _flatten("", without_local_paths(checkpoint.run_config, paths).to_json())
    values |= {"data": checkpoint.fingerprint, "signature": checkpoint.signature.describe()}
    vocabulary = checkpoint.signature.vocabulary
    values["vocabulary"] = quoted("".join(vocabulary.symbols)) if vocabulary else ""
    if (checkpoint.folder / MANIFEST).exists():
        manifest = read_manifest(checkpoint.folder)
        values |= _flatten("versions.", manifest.versions)
        values |= {"epochs": str(manifest.epochs), "steps": str(manifest.steps)}
    return values | _flatten("metrics.", checkpoint.metrics)


def _flatten(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flatten(f"{prefix}{key}.", value)
        else:
            flat[prefix + key] = f"{value:.6g}" if isinstance(value, float) else str(value)
    return flat


def _compare_weights(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*first, *second)):
        before, after = first.get(name), second.get(name)
        what = f"weights.{name}"
        if before is None or after is None or not _is_comparable(before, after):
            yield Difference(what, _describe_tensor(before), _describe_tensor(after))
        elif not before.equal(after):
            gap = (before.double() - after.double()).abs()
            distance = f"at most {gap.max():.3g} apart, {gap.mean():.3g} on average"
            yield Difference(what, _describe_norm(before), f"{_describe_norm(after)}, {distance}")


def _is_comparable(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and first.dtype == second.dtype


def _describe_norm(tensor: Tensor) -> str:
    return f"norm {tensor.double().norm():.6g}"


def _describe_tensor(tensor: Tensor | None) -> str:
    if tensor is None:
        return ""
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
