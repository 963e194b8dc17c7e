"""The generated parts of ``hooks.md``, ``cli.md``, ``files.md``, ``api.md`` and ``inspect.md``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields

import click

from zoo_cli.main import COMMANDS, zoo
from zoo_core.plugins import hookspecs
from zoo_core.plugins.loading import HOOKS, item_class
from zoo_core.plugins.specs import REQUIRED, AbstractSpec

PLUGIN_COMMANDS = ("forecast",)
"""Commands of plugins that every checkout has."""
API: dict[str, tuple[str, ...]] = {
    "Use a model": (
        "train", "resume", "evaluate", "predict", "probabilities", "values", "generate", "stream",
        "inspect", "Inspection", "states", "embeddings",
    ),
    "Find, load and share": (
        "list_models", "list_datasets", "list_checkpoints", "create_model", "load", "Checkpoint",
        "pull", "push", "Publication", "verify", "VerifiedItem", "export", "ExportResult",
        "__version__",
    ),
    "Compare": (
        "sweep", "SweepResult", "compare", "Comparison", "check_data", "DataReport",
    ),
    "Declare a plugin": (
        "hookimpl", "config", "setting", "ModelSpec", "DatasetSpec", "TrainerSpec", "TokenizerSpec",
        "KernelSpec", "CommandSpec", "ExporterSpec", "LoggerSpec", "EngineSpec",
        "AbstractRecurrentConfig", "AbstractEmbeddingConfig", "AbstractEmbeddedRecurrentConfig",
        "AbstractTiedEmbeddingConfig", "AbstractTokensConfig", "AbstractTrainerConfig",
    ),
    "Describe data": (
        "Signature", "Tokens", "Features", "Grid", "Classes", "Values", "Keys", "Custom",
        "Vocabulary", "Unknown", "AbstractTokenizer", "Objective",
    ),
    "Errors": (
        "ZooError", "NotFoundError", "AmbiguousError", "IntegrityError", "NetworkError",
        "AnswerError", "DeniedError", "RefusedError", "ConfigError", "DataError", "MisfitError",
        "TargetError", "DeviceError", "ResumeError", "PluginError", "IncompatibleError",
        "ExportError", "ProcessError", "DivergedError", "PeerError",
    ),
}  # fmt: skip
"""The names of ``zoo_core``, by what they are for."""
ARGUMENT = re.compile(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", re.M | re.S)


def hooks_page() -> str:
    """Returns every hook with its signature, its docstring and the fields of its specs."""
    return "\n".join(line for hook in HOOKS for line in _hook(hook))


def commands_page() -> str:
    """Returns every command with its usage, text, options and subcommands."""
    names = (*COMMANDS, *PLUGIN_COMMANDS)
    with click.Context(zoo, info_name="zoo") as context:
        return "\n".join(line for name in names for line in _command(context, name, 2))


def probes_table() -> str:
    """Returns the probes of ``zoo inspect --top``."""
    from zoo_core.runtime.inspection.probes import PROBES

    rows = [f"| {probe.name} | {probe.description} |" for probe in PROBES]
    return "\n".join(["| probe | value at a symbol |", "| --- | --- |", *rows])


def manifest_table() -> str:
    """Returns the entries of ``config.json``."""
    from zoo_core.run_folder.manifest import Manifest
    from zoo_core.run_folder.run_config import RunConfig

    texts = _argument_descriptions(RunConfig) | _argument_descriptions(Manifest)
    names = [field.name for kind in (RunConfig, Manifest) for field in fields(kind)]
    rows = [f"| `{name}` | {_to_cell(texts[name])} |" for name in names if name != "run_config"]
    head = ["| entry | what it is |", "| --- | --- |", "| `format` | The version of the format. |"]
    return "\n".join([*head, *rows])


def api_page() -> str:
    """Returns a directive of mkdocstrings for every public name of ``zoo_core``."""
    return "\n".join(
        f"## {title}\n\n" + "\n".join(f"::: zoo_core.{name}\n" for name in names)
        for title, names in API.items()
    )


def nn_page() -> str:
    """Returns a directive of mkdocstrings for every public name of ``zoo_core.runtime.nn``."""
    from zoo_core.runtime import nn

    return "\n".join(f"::: zoo_core.runtime.nn.{name}\n" for name in nn.__all__)


def _hook(name: str) -> Iterator[str]:
    function = getattr(hookspecs, name)
    yield f"## `{name}`\n"
    signature = str(inspect.signature(function)).replace("'", "")  # annotations are strings
    yield f"```python\ndef {name}{signature}: ...\n```\n"
    yield f"{_to_markdown(inspect.getdoc(function) or '')}\n"
    kind = item_class(name)
    if issubclass(kind, AbstractSpec):
        yield from _spec(kind)


def _spec(kind: type[AbstractSpec]) -> Iterator[str]:
    descriptions = _argument_descriptions(AbstractSpec) | _argument_descriptions(kind)
    yield f"| `{kind.__name__}` | default | what it is |"
    yield "| --- | --- | --- |"
    for name, value in kind.defaults.items():
        default = "must be given" if value is REQUIRED else f"`{value!r}`"
        yield f"| `{name}` | {default} | {_to_cell(descriptions[name])} |"
    yield ""


def _argument_descriptions(kind: type[object]) -> dict[str, str]:
    """Returns the entries of the ``Args`` section of a docstring."""
    return dict(ARGUMENT.findall((inspect.getdoc(kind) or "").partition("Args:\n")[2]))


def _command(parent: click.Context, name: str, level: int) -> Iterator[str]:
    group = parent.command
    assert isinstance(group, click.Group)
    command = group.get_command(parent, name)
    assert command is not None
    with click.Context(command, info_name=name, parent=parent) as context:
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield f"{'#' * level} `{context.command_path}`\n"
        yield f"```text\n{usage}\n```\n"
        yield f"{_to_markdown(inspect.cleandoc(command.help or ''))}\n"
        options = [param for param in command.params if isinstance(param, click.Option)]
        records = [record for option in options if (record := option.get_help_record(context))]
        if records:
            yield "| option | what it does |\n| --- | --- |"
            for names, text in records:
                remarks = _to_cell(text).replace("] [", "; ")  # two brackets would be a link
                yield f"| `{_to_cell(names)}` | {remarks} |"
            yield ""
        if isinstance(command, click.Group):
            for subcommand in command.list_commands(context):
                yield from _command(context, subcommand, level + 1)


def _to_markdown(text: str) -> str:
    """Converts a docstring, which marks code with two backticks where Markdown has one."""
    return text.replace("``", "`")


def _to_cell(text: str) -> str:
    """Converts text to a cell of a table."""
    return _to_markdown(" ".join(text.split())).replace("|", r"\|")
