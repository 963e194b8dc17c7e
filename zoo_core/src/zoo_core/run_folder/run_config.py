"""The run config: everything that decides a run, complete, so that defaults may change later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, final

from zoo_core.configs.records import Count, Rule, read_record
from zoo_core.configs.settings import as_typed
from zoo_core.data.vocabulary import REFUSE, UNKNOWN_POLICIES, Unknown
from zoo_core.errors import ConfigError

PRECISIONS = ("fp32", "bf16")
"""The precisions of matrix products in training."""
USE_PRECISIONS = (*PRECISIONS, "int8")
"""Those of a trained model: ``int8`` rounds the weights of fp32 products to 8-bit integers."""
NO_INT8_TRAINING = (
    "no model is trained in 8 bits; train in fp32 or bf16, then: zoo generate --precision int8"
)

MAX_THREADS = 1024
"""The most threads of a run, whatever the machine takes."""

TRAINING_SHARE = 0.8
"""The share of a budget after which training stops; the rest is for the evaluation."""

SECTIONS = ("model", "dataset", "trainer")
"""The parts of a run: their names, their tables in a recipe and the words before their flags."""

_SECTIONS_TEXT = "model, dataset and trainer"


DEFAULT_UNKNOWN = str(REFUSE)
LATER_DEFAULTS: dict[str, Any] = {
    "unknown": DEFAULT_UNKNOWN,
    "token_budget": 0,
    "processes": 1,
    "compile": False,
}
"""Fields that older files lack, and what they mean there."""


def _is_policy(text: str) -> bool:
    try:
        Unknown.parse(text)
    except ConfigError:
        return False
    return True


def _has_sections(values: Mapping[str, Any]) -> bool:
    return all(section in values for section in SECTIONS)


@final
@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run.

    Args:
        model: The name of the model.
        dataset: The name of the dataset.
        trainer: The name of the trainer.
        plugins: The distributions of the three, by section.
        configs: All settings of the three, by section.
        recipe: ``model.tag``, or empty.
        seed: The seed of everything random.
        threads: The threads of torch; 0 means one for a tiny model, otherwise torch's default.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        backend: ``auto`` or the name of a kernel.
        precision: ``fp32``, or ``bf16`` for matrix products in bfloat16.
        budget: Seconds of training and evaluation together; 0 for no limit.
        source: The checkpoint that the weights start from, or empty.
        unknown: What to do with symbols of the data that the vocabulary of that checkpoint lacks:
            ``error``, ``skip`` or ``replace=C``.
        token_budget: The targets to predict in training, after which it stops; 0 for no limit.
        processes: The processes that share each batch.
        compile: Whether torch.compile translates the model for training.
    """

    model: str
    dataset: str
    trainer: str
    plugins: Annotated[dict[str, str], Rule(f"a plugin for {_SECTIONS_TEXT}", _has_sections)]
    configs: Annotated[
        dict[str, dict[str, Any]], Rule(f"a table of settings for {_SECTIONS_TEXT}", _has_sections)
    ]
    recipe: str = ""
    seed: int = 0
    threads: int = 0
    device: str = "auto"
    backend: str = "auto"
    precision: str = "fp32"
    budget: float = 0.0
    source: str = ""
    unknown: Annotated[str, Rule(UNKNOWN_POLICIES, _is_policy)] = DEFAULT_UNKNOWN
    token_budget: Count = 0
    processes: Count = 1
    compile: bool = False

    @property
    def training_seconds(self) -> float:
        """Seconds of a run after which training stops; 0 for no limit."""
        return TRAINING_SHARE * self.budget

    def name(self, section: str) -> str:
        """Returns ``distribution:name`` of a section, which the catalog finds."""
        return f"{self.plugins[section]}:{getattr(self, section)}"

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as JSON holds them; later additions only if they are not defaults."""
        values = asdict(self)
        return {
            name: value for name, value in values.items() if value != LATER_DEFAULTS.get(name, ...)
        }

    @classmethod
    def from_json(cls, values: object) -> RunConfig:
        """Returns the run config that ``to_json`` wrote; other keys are ignored.

        Raises:
            IntegrityError: A field is missing or of the wrong type.
        """
        if isinstance(values, Mapping):
            values = {**LATER_DEFAULTS, **values}
        return read_record(cls, values, allow_unknown=True, use_defaults=False)

    def changes_since(self, origin: RunConfig) -> list[str]:
        """Returns what decides the result and differs from another run config, in words.

        Settings of a part are compared only if both run configs have the same part.
        """
        changes = []
        for section in SECTIONS:
            if self.name(section) != origin.name(section):
                changes.append(_change(section, self.name(section), origin.name(section)))
                continue
            before = origin.configs[section]
            changes += [
                _change(f"{section}.{key}", value, before.get(key))
                for key, value in self.configs[section].items()
                if value != before.get(key, value)  # an older zoo may have lacked it
            ]
        for key in ("seed", "precision", "unknown", "token_budget", "compile"):
            if (value := getattr(self, key)) != (old := getattr(origin, key)):
                changes.append(_change(key, value, old))
        return changes


def _change(name: str, value: object, before: object) -> str:
    return f"{name} = {_shown(value)} (was {_shown(before)})"


def _shown(value: object) -> str:
    """Returns a value as it is typed, in quotes where a blank at its end would not be seen."""
    text = as_typed(value)
    return text if text == text.strip() else repr(text)
