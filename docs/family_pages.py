"""The generated part of the pages of ``models/``: a family of models for each.

Everything on a page that can change is read from where it is declared: specs, configs, docstrings
and code of cells, recipes, measured figures, the registry.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from torch import nn

from docs.equations import block_to_latex, prose_to_latex, symbols_of
from docs.speed_tables import speed
from zoo_cli.commands.show_shapes import find_shapes
from zoo_cli.terminal.output import format_metrics
from zoo_core.configs.settings import as_typed, settings_of, with_unit
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.recipe import Recipe, list_recipes
from zoo_core.recipes.reproduction import ReproductionResult, compare, read_reproduction
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.file import Pretrained
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.runtime.locate import entry_folder
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.shapes.shapes import LETTER_MEANINGS
from zoo_core.storage.capacity import format_bytes
from zoo_core.testing.cases.model_cases import model_cases

DOCS = Path(__file__).parent
PAGES = DOCS / "models"
REPRODUCTION = DOCS / "results" / "reproduction.json"
METHODS = (
    "project",
    "activate",
    "gate_values",
    "candidate",
    "convolve",
    "coefficients",
    "advance",
    "read",
    "step",
    "forecast",
    "forward",
)
"""The methods that hold the equations of a class."""
SHOWN_KINDS = ("input", "state", "parameter")
"""The kinds of tensors whose shapes are shown, beside the logits."""
CALL = re.compile(r"\bself\.(\w+)\(")
SECTIONS = re.compile(r"^(?:Args|Attributes|Returns|Raises):\n", re.M)
Row = Sequence[str]


@final
class Part(NamedTuple):
    """A class that holds equations of a family.

    Args:
        cls: The class.
        models: The models that run it; of a base class, those of its subclasses.
    """

    cls: type[Any]
    models: list[str]

    @property
    def family(self) -> str:
        """The family that the class is of, such as ``rnn``; it may be another than the models'."""
        return self.cls.__module__.partition(".")[0].removeprefix("zoo_")

    def link(self, family: str) -> str:
        """Returns a link to its equations, from the page of a family."""
        name = self.cls.__name__
        page = "" if self.family == family else f"{self.family}.md"
        return f"[`{name}`]({page}#{name.lower()})"


def family_page(plugin: str) -> str:
    """Returns the sections of a family: models, equations, settings, figures, speed, checkpoints.

    Args:
        plugin: The plugin that has the models.
    """
    catalog = load_catalog()
    specs = models_of(catalog, plugin)
    family = plugin.removeprefix("zoo-")
    parts = equations_of(specs)
    sections = (
        ("Models", _models(family, specs, parts)),
        ("Equations", _equations(catalog, [part for part in parts if part.family == family])),
        ("Settings", _settings(specs)),
        ("Published and reached", _figures(catalog, specs)),
        ("Speed", speed(family, {spec.name for spec in specs})),
        ("Pretrained", _checkpoints(catalog, specs)),
    )
    return "\n".join(f"## {title}\n\n{_text(lines)}\n" for title, lines in sections)


def page_link(plugin: str) -> str:
    """Returns the name of a plugin, as a link from ``models.md`` to the page of its models."""
    page = PAGES / f"{plugin.removeprefix('zoo-')}.md"
    return f"[`{plugin}`](models/{page.name})" if page.is_file() else f"`{plugin}`"


def models_of(catalog: Catalog, plugin: str) -> list[ModelSpec]:
    """Returns the models of a plugin, sorted by name."""
    return [spec for owner, spec in catalog.of(ModelSpec) if owner.name == plugin]


def equations_of(specs: Iterable[ModelSpec]) -> list[Part]:
    """Returns the classes of models whose docstrings have equations, bases before subclasses.

    They include those that a model is made of with another setting, such as the GRU of the paper.
    """
    parts: dict[type[Any], Part] = {}
    for spec in specs:
        found = [cls for case in model_cases(spec) for cls in _classes(case.build())]
        bases = [base for cls in dict.fromkeys(found) for base in reversed(cls.__mro__)]
        for base in dict.fromkeys(bases):
            if _blocks(base):
                parts.setdefault(base, Part(base, [])).models.append(spec.name)
    return list(parts.values())


def _classes(model: nn.Module) -> list[type[Any]]:
    """Returns the classes that a model is made of: cells, and modules of plugins."""
    found: dict[type[Any], None] = {}
    for module in model.modules():
        is_layer = isinstance(module, Recurrent)
        found[type(module.cell) if is_layer else type(module)] = None
    return [cls for cls in found if _is_of_plugin(cls)]


def _is_of_plugin(cls: type[Any]) -> bool:
    package = cls.__module__.partition(".")[0]
    return package not in ("builtins", "torch", "typing", "zoo_core")


def _blocks(cls: type[Any]) -> list[str]:
    """Returns the blocks of equations in the docstring of a class of a plugin."""
    if not _is_of_plugin(cls):
        return []
    return [block for block in _description(cls) if block.startswith("    ")]


def _description(cls: type[Any]) -> list[str]:
    """Returns the paragraphs of a docstring before its arguments; doctests are left out."""
    text = SECTIONS.split(inspect.cleandoc(cls.__dict__.get("__doc__") or ""))[0]
    return [part for part in text.rstrip().split("\n\n") if not part.lstrip().startswith(">>>")]


def _models(family: str, specs: Iterable[ModelSpec], parts: Iterable[Part]) -> Iterator[str]:
    rows = []
    for spec in specs:
        cells = [part.link(family) for part in parts if spec.name in part.models]
        rows.append([f"`{spec.name}`", spec.summary, ", ".join(cells), spec.source])
    yield _table(["model", "what it is", "equations", "source"], rows)
    yield ""
    yield (
        "`zoo show MODEL` prints the settings of a model, `zoo show MODEL --shapes` the shape of "
        "every tensor."
    )


def _equations(catalog: Catalog, parts: Iterable[Part]) -> Iterator[str]:
    shown: set[str] = set()
    for part in parts:
        names = ", ".join(f"`{name}`" for name in part.models)
        yield f"### {part.cls.__name__}\n"
        first, *others = _description(part.cls)
        symbols = {s for block in _blocks(part.cls) for s in symbols_of(block.splitlines())}
        yield f"{_markdown(first)} Models: {names}.\n"
        for paragraph in others:
            if paragraph.startswith("    "):
                yield f"{block_to_latex(textwrap.dedent(paragraph).splitlines())}\n"
            elif paragraph.startswith("Source"):
                yield f"{_markdown(paragraph)}\n"
            else:
                yield f"{_markdown(prose_to_latex(paragraph, symbols))}\n"
        yield from _code(part.cls)
        is_base = part.cls.__name__.startswith("Abstract")
        if not is_base and part.models[0] not in shown:
            shown.add(part.models[0])
            yield from _shapes(catalog, part.models[0])


def _code(cls: type[Any]) -> Iterator[str]:
    """Yields the methods of a class that compute its equations."""
    sources = _sources(cls)
    if sources:
        file = inspect.getsourcefile(cls)
        assert file, "the class is written in a file"
        yield f"[`{cls.__module__}`]({_link(file)}):\n"
        yield "```python\n" + "\n\n".join(sources) + "\n```\n"


def _sources(cls: type[Any]) -> list[str]:
    """Returns the code of the methods that compute a class's equations, and of what they call.

    Some may be those of a base in the same file, if the base has no equations of its own.
    """
    owners = [
        base
        for base in cls.__mro__
        if base is cls or (base.__module__ == cls.__module__ and not _blocks(base))
    ]
    methods = {
        name: textwrap.dedent(inspect.getsource(value)).rstrip()
        for owner in reversed(owners)
        for name, value in owner.__dict__.items()
        if inspect.isfunction(value) and not getattr(value, "__isabstractmethod__", False)
    }
    waiting = [name for name in METHODS if name in methods]
    wanted: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            called = [name for name in CALL.findall(methods[name]) if name in methods]
            waiting += [name for name in called if not name.startswith("_check")]
    return [source for name, source in methods.items() if name in wanted]


def _link(file: str) -> str:
    """Returns the path of a source file from the folder of the pages."""
    return "../../" + Path(file).resolve().relative_to(DOCS.parent.resolve()).as_posix()


def _shapes(catalog: Catalog, model: str) -> Iterator[str]:
    """Yields what goes into a model, what comes out, and its parameters, with their axes."""
    shapes, _ = find_shapes(catalog, model, batch_size=2, steps=None)
    rows = [
        [f"`{item.name}`", "output" if item.name == "logits" else item.kind, f"({', '.join(axes)})"]
        for item, axes in shapes.rows
        if item.kind in SHOWN_KINDS or item.name == "logits"
    ]
    used = {letter for row in rows for letter in re.findall("[A-Z]", row[2])}
    letters = (
        f"{letter} {LETTER_MEANINGS[letter]}" for letter in LETTER_MEANINGS if letter in used
    )
    yield f"Shapes of `{model}` ({', '.join(letters)}):\n"
    yield f"{_table(['tensor', 'kind', 'shape'], rows)}\n"


def _settings(specs: Sequence[ModelSpec]) -> Iterator[str]:
    """Yields a table of the settings that all models share, and one for the others of each."""
    tables = {spec.name: _setting_rows(spec) for spec in specs}
    shared = [row for row in tables[specs[0].name] if all(row in rows for rows in tables.values())]
    own: dict[str, list[Row]] = {}
    names: dict[str, list[str]] = {}
    for name, rows in tables.items():
        rest = [row for row in rows if row not in shared]
        key = repr(rest)
        own[key] = rest
        names.setdefault(key, []).append(f"`{name}`")
    header = ["setting", "default", "what it is", "allowed"]
    for key, rest in own.items():
        if rest:
            yield f"{', '.join(names[key])}:\n"
            yield f"{_table(header, rest)}\n"
    if shared:
        yield f"{'All models' if len(specs) > 1 else f'`{specs[0].name}`'}:\n"
        yield _table(header, shared)


def _setting_rows(spec: ModelSpec) -> list[Row]:
    return [
        [
            f"`{setting.key}`",
            with_unit(as_typed(setting.default), setting.info.unit),
            setting.info.help,
            setting.expected(),
        ]
        for setting in settings_of(resolve(spec.config)).values()
    ]


def _figures(catalog: Catalog, specs: Iterable[ModelSpec]) -> Iterator[str]:
    """Yields the recipes of models with what was published and what was measured."""
    names = {spec.name for spec in specs}
    measured = {row.recipe: row for row in read_reproduction(REPRODUCTION)}
    pretrained = load_registry(catalog.registries)
    recipes = [r for r in list_recipes(catalog) if r.name.partition(".")[0] in names]
    rows: list[Row] = []
    sources: dict[str, list[str]] = {}
    for recipe in recipes:
        published = recipe.published
        words = published.in_words() if published else ""
        if published:
            sources.setdefault(published.source, []).append(f"`{recipe.name}`")
        data = str(recipe.tables.get("dataset", {}).get("name", ""))
        figure = _measured(measured.get(recipe.name))
        if not any(figure) and recipe.name in pretrained:
            figure = _of_checkpoint(pretrained[recipe.name], recipe)
        rows.append([f"`{recipe.name}`", f"`{data}`", *figure[:1], words, *figure[1:]])
    yield _table(["recipe", "data", "metric (split)", "published", "ours", "seconds"], rows)
    yield ""
    yield (
        "`zoo reproduce RECIPE` trains a recipe and compares; [the results](../results.md) name "
        "the machine. A figure of a checkpoint is that of the pretrained one below. A recipe "
        "without a figure of ours has not been measured yet."
    )
    if sources:
        yield "\nSources of what was published:\n"
        yield "\n".join(f"- {', '.join(names)}: {text}" for text, names in sources.items())


def _measured(row: ReproductionResult | None) -> list[str]:
    """Returns metric and split, our figure with the verdict, and seconds."""
    if row is None:
        return ["", "", ""]
    verdict = "" if row.verdict == "unpublished" else f", {row.verdict}"
    ours = f"{row.measured_in_words()}{verdict}"
    return [f"{row.metric} ({row.split})", ours, row.seconds_in_words()]


def _of_checkpoint(entry: Pretrained, recipe: Recipe) -> list[str]:
    """Returns the same of a pretrained checkpoint, which its recipe made."""
    manifest = read_manifest(entry_folder(entry))
    row = compare(
        recipe,
        manifest.metrics,
        manifest.objective,
        seconds=entry.seconds or 0.0,
        seed=manifest.run_config.seed,
        date="",
    )
    metric, ours, seconds = _measured(row)
    return [metric, f"{ours}, checkpoint", seconds]


def _checkpoints(catalog: Catalog, specs: Iterable[ModelSpec]) -> Iterator[str]:
    """Yields the pretrained checkpoints of models."""
    names = {spec.name for spec in specs}
    entries = load_registry(catalog.registries).values()
    rows = [
        [
            f"`{entry.name}`",
            format_metrics(entry.metrics),
            "" if entry.parameters is None else f"{entry.parameters:,}",
            format_bytes(entry.size),
            "" if entry.seconds is None else f"{entry.seconds:.3g}",
            entry.license,
        ]
        for entry in entries
        if entry.name.partition(".")[0] in names
    ]
    if not rows:
        yield "There is none yet: `zoo train MODEL` makes one."
        return
    header = ["checkpoint", "metrics", "parameters", "size", "seconds", "license of the weights"]
    yield _table(header, rows)
    yield ""
    yield (
        "The recipe of the same name made each of them. They come with the package, and every file "
        "has the hash that `registry.toml` pins."
    )


def _table(header: Row, rows: Iterable[Row]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _markdown(text: str) -> str:
    """Converts a paragraph of a docstring; equations between dollars stay as they are."""
    parts = text.split("$")
    parts[::2] = [part.replace("*", r"\*").replace("``", "`") for part in parts[::2]]
    return "$".join(parts)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip()
