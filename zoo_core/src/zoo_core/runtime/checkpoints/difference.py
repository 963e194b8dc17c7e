"""What differs between two checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, final

from torch import Tensor

from zoo_core.run_folder.manifest import MANIFEST, read_manifest
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


@final
class Difference(NamedTuple):
    """One thing that differs.

    Args:
        what: Its name.
        first: In the first checkpoint; empty where it has no such thing.
        second: In the second one.
    """

    what: str
    first: str
    second: str


def differences(first: Checkpoint, second: Checkpoint) -> list[Difference]:
    """Settings, data, versions, metrics and weights that differ, in this order."""
    told = [_told(each) for each in (first, second)]
    named = [
        Difference(what, told[0].get(what, ""), told[1].get(what, ""))
        for what in dict.fromkeys((*told[0], *told[1]))
        if told[0].get(what) != told[1].get(what)
    ]
    return named + list(_weights(first.weights, second.weights))


def _told(checkpoint: Checkpoint) -> dict[str, str]:
    """Everything but the weights, flat, as text."""
    told = _flat("", checkpoint.run_config.to_json())
    told |= {"data": checkpoint.fingerprint, "signature": checkpoint.signature.describe()}
    vocabulary = checkpoint.signature.vocabulary
    told["vocabulary"] = repr("".join(vocabulary.symbols)) if vocabulary else ""
    if (checkpoint.folder / MANIFEST).exists():
        manifest = read_manifest(checkpoint.folder)
        told |= _flat("versions.", manifest.versions)
        told |= {"epochs": str(manifest.epochs), "steps": str(manifest.steps)}
    return told | _flat("metrics.", checkpoint.metrics)


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    told: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            told |= _flat(f"{prefix}{key}.", value)
        else:
            told[prefix + key] = f"{value:.6g}" if isinstance(value, float) else str(value)
    return told


def _weights(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> Iterator[Difference]:
    for name in dict.fromkeys((*first, *second)):
        one, other = first.get(name), second.get(name)
        if one is None or other is None or one.shape != other.shape or one.dtype != other.dtype:
            yield Difference(f"weights.{name}", _described(one), _described(other))
        elif not one.equal(other):
            gap = (one.double() - other.double()).abs()
            norms = [f"norm {each.double().norm():.6g}" for each in (one, other)]
            far = f", at most {gap.max():.3g} apart, {gap.mean():.3g} on average"
            yield Difference(f"weights.{name}", norms[0], norms[1] + far)


def _described(tensor: Tensor | None) -> str:
    return (
        ""
        if tensor is None
        else f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
    )
