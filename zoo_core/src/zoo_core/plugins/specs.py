"""Specs: what a plugin declares, frozen and free of torch.

Import strings read ``package.module:Name``. They are resolved when the object is used, never when
it is listed.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform, final

API_VERSION = 3
"""The plugin interface of this core. A plugin's ``ZOO_API`` names the one it was built for."""
REQUIRED: Any = object()
"""The default of a field that has none."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class AbstractDeclaration:
    """A record that behaves like a frozen dataclass with keyword arguments.

    All subclasses share these methods. ``dataclasses`` would compile six methods for each class,
    which takes longer than importing ten plugins.
    """

    defaults: ClassVar[dict[str, Any]] = {}
    """The default of every field, in the order of declaration."""
    annotations: ClassVar[dict[str, str]] = {}
    """The annotation of every field, as it is written."""

    def __init_subclass__(cls) -> None:
        own = {name: hint for name, hint in cls.__annotations__.items() if "ClassVar" not in hint}
        cls.annotations = cls.annotations | own
        cls.defaults = cls.defaults | {name: vars(cls).get(name, REQUIRED) for name in own}

    def __init__(self, **values: Any) -> None:
        fields = self.defaults | values
        if len(fields) > len(self.defaults):
            (name, *_) = (name for name in values if name not in self.defaults)
            raise TypeError(f"{type(self).__name__} has no field {name!r}")
        for name, value in fields.items():
            if value is REQUIRED:
                raise TypeError(f"{type(self).__name__} needs the field {name!r}")
        self.__dict__.update(fields)

    def replace(self, **values: Any) -> Self:
        """Returns a spec with other values in some fields."""
        return type(self)(**vars(self) | values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name!r}: a {type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r}: a {type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class AbstractSpec(AbstractDeclaration):
    """The fields of every spec.

    Args:
        name: The short name that people type: lower case, words joined by hyphens.
        summary: One line, for lists.
    """

    noun: ClassVar[str]
    """What messages call a spec of this class: ``model``."""

    name: str
    summary: str


@final
class ModelSpec(AbstractSpec):
    """A model architecture.

    Args:
        config: Import string of the config class.
        factory: Import string of a callable ``(config, signature) -> AbstractModel``.
        accepts: Kinds of input that it takes: ``tokens``, ``features``, ``grid``.
        per: What it predicts a label for: every ``step``, the whole ``sequence``, or either.
        default_recipe: The tag that ``zoo train NAME`` means; empty if it has none.
        source: Source of the equations.
        tags: Words to find it by.
        context: Whether it takes the further inputs of a signature's ``context``.
        cell: Name of the model's cell, if it is another than the model's and the one that people
            know it by: ``lstm``. A model that takes the cell of another by name accepts either.
    """

    noun: ClassVar[str] = "model"

    config: str
    factory: str
    accepts: tuple[str, ...] = ("tokens",)
    per: tuple[str, ...] = ("step", "sequence")
    default_recipe: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    context: bool = False
    cell: str = ""


@final
class DatasetSpec(AbstractSpec):
    """A dataset.

    Args:
        config: Import string of the config class.
        factory: Import string of a callable ``(config, vocabulary | None) -> AbstractDataset``.
        default_trainer: The trainer of a run that names none.
        source: Source of the data.
        license: SPDX identifier of its licence.
        languages: Codes of its languages, such as ``en``.
        tags: Words to find it by.
        sample_settings: Import string of a callable ``() -> dict`` that returns settings for small
            data that comes with the plugin, such as a path. The conformance checks use it where the
            defaults lead to no data or to much; empty if they do not.
    """

    noun: ClassVar[str] = "dataset"

    config: str
    factory: str
    default_trainer: str
    source: str = ""
    license: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sample_settings: str = ""


@final
class TrainerSpec(AbstractSpec):
    """A trainer: the objective of a run.

    Args:
        config: Import string of the config class, an ``AbstractTrainerConfig``.
        factory: Import string of a callable ``(config, signature) -> AbstractTrainer``.
        tags: Words to find it by.
        outputs: Kinds of outputs that it trains: ``classes``, ``values``, ``keys``, ``custom``.
        next_token: Whether the targets must be the inputs one step later.
    """

    noun: ClassVar[str] = "trainer"

    config: str
    factory: str
    tags: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("classes",)
    next_token: bool = False


@final
class KernelSpec(AbstractSpec):
    """A faster way to run cells over time.

    Args:
        factory: Import string of a callable ``() -> AbstractKernel``.
        cells: Names of the cells that it can run.
        priority: Of two kernels, the backend ``auto`` tries the one with the higher number first.
    """

    noun: ClassVar[str] = "kernel"

    factory: str
    cells: tuple[str, ...]
    priority: int = 0


@final
class TokenizerSpec(AbstractSpec):
    """A way to cut texts into symbols.

    Args:
        train: Import string of a callable ``(texts, size, min_count) -> Vocabulary`` that learns
            from an iterable of texts: at most ``size`` symbols (None for its default) of pairs
            that occur ``min_count`` times.
        load: Import string of a callable ``(content) -> Vocabulary`` that reads the JSON text
            of a tokenizer, as a file or a checkpoint holds it.
    """

    noun: ClassVar[str] = "tokenizer"

    train: str
    load: str


@final
class LoggerSpec(AbstractSpec):
    """A logger: it receives the events of a run.

    Args:
        factory: Import string of a callable ``(target) -> AbstractLogger``, whose argument is the
            ``LogTarget`` of a run.
    """

    noun: ClassVar[str] = "logger"

    factory: str


@final
class CommandSpec(AbstractSpec):
    """A command: ``zoo NAME``.

    Args:
        target: Import string of a click command.
        functions: Import strings of functions that other commands call; each is known by the name
            behind its colon.
    """

    noun: ClassVar[str] = "command"

    target: str
    functions: tuple[str, ...] = ()


@final
class ExporterSpec(AbstractSpec):
    """A format of ``zoo export``; its name is what ``--format`` takes.

    Args:
        factory: Import string of a callable ``() -> AbstractExporter``.
        options: The options of ``zoo export`` that it takes: ``int8``, ``with_sampler``,
            ``runtime``.
    """

    noun: ClassVar[str] = "exporter"

    factory: str
    options: tuple[str, ...] = ()


@final
class EngineSpec(AbstractSpec):
    """An engine: it carries out the runs of a sweep; its name is what ``--engine`` takes.

    Args:
        factory: Import string of a callable ``(options) -> AbstractEngine``, whose argument is an
            ``EngineOptions``.
    """

    noun: ClassVar[str] = "engine"

    factory: str


SPEC_CLASSES: tuple[type[AbstractSpec], ...] = (
    ModelSpec,
    DatasetSpec,
    TrainerSpec,
    KernelSpec,
    TokenizerSpec,
    LoggerSpec,
    CommandSpec,
    ExporterSpec,
    EngineSpec,
)
"""Every class of specs; the hook ``zoo_<noun>s`` returns its specs."""
