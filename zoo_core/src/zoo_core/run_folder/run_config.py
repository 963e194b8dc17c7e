"""The run config: everything that decides a run, written out so that defaults may change later."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, final

from zoo_core.errors import IntegrityError

PRECISIONS = ("fp32", "bf16")
"""What products may be made in."""

SECTIONS = ("model", "dataset", "trainer")
"""The parts of a run: their names, their tables in a recipe and the words before their flags."""


@final
@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run.

    Args:
        model: Name of the model.
        dataset: Name of the dataset.
        trainer: Name of the trainer.
        plugins: The distribution that brings each of the three, by section.
        configs: Every setting of each of the three, by section.
        recipe: ``model.tag``, or empty.
        seed: Seed of everything random.
        threads: Threads of torch; 0 takes one for a tiny model, else what torch would take.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        backend: ``auto`` or the name of a kernel.
        precision: ``fp32``, or ``bf16`` for products in bfloat16.
        budget: Seconds after which to stop; 0 for no limit.
        source: The checkpoint that the weights start from, or empty.
    """

    model: str
    dataset: str
    trainer: str
    plugins: dict[str, str]
    configs: dict[str, dict[str, Any]]
    recipe: str = ""
    seed: int = 0
    threads: int = 0
    device: str = "auto"
    backend: str = "auto"
    precision: str = "fp32"
    budget: float = 0.0
    source: str = ""

    def name(self, section: str) -> str:
        """The name of a section's spec with its distribution, as the catalog finds it."""
        return f"{self.plugins[section]}:{getattr(self, section)}"

    def to_json(self) -> dict[str, Any]:
        """The run config as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> RunConfig:
        """The run config that ``to_json`` wrote; other keys are left aside.

        Raises:
            IntegrityError: A field is missing or of the wrong type.
        """
        given = {field.name: values.get(field.name) for field in fields(cls)}
        if type(given["budget"]) is int:
            given["budget"] = float(given["budget"])
        for field in fields(cls):
            expected = str(field.type).partition("[")[0]
            if type(given[field.name]).__name__ != expected:
                raise IntegrityError(
                    f"{field.name} = {given[field.name]!r:.80}: expected {expected}"
                )
        for section in SECTIONS:
            if not isinstance(given["configs"].get(section), dict):  # type: ignore[union-attr]
                raise IntegrityError(f"configs.{section}: expected a table of settings")
            if not isinstance(given["plugins"].get(section), str):  # type: ignore[union-attr]
                raise IntegrityError(f"plugins.{section}: expected a plugin's name")
        return cls(**given)  # type: ignore[arg-type]  # checked above
