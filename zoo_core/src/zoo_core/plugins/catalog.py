"""The catalog: every spec of every installed plugin, and which plugins are broken."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, final

from zoo_core.errors import (
    AmbiguousError,
    IncompatibleError,
    Interrupted,
    NotFoundError,
    PluginError,
    suggest,
)
from zoo_core.plugins.discovery import Plugin, installed_plugins, is_left_out
from zoo_core.plugins.entry_points import UNKNOWN
from zoo_core.plugins.interrupts import real_interrupts
from zoo_core.plugins.loading import load_plugin
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec

if TYPE_CHECKING:
    from pathlib import Path

S = TypeVar("S", bound=AbstractSpec)


@final
class CatalogEntry(NamedTuple, Generic[S]):
    """A spec and the plugin that it comes from."""

    plugin: Plugin
    spec: S


@final
class BrokenPlugin(NamedTuple):
    """A plugin that could not be loaded.

    Args:
        plugin: The plugin.
        reason: What it raised, in one line.
        remedy: The command that may repair it.
        traceback: The traceback of what it raised.
        incompatible: Whether it is built for another plugin API.
    """

    plugin: Plugin
    reason: str
    remedy: str
    traceback: str
    incompatible: bool = False


@final
class Catalog(NamedTuple):
    """What is installed.

    Args:
        entries: Every spec with its plugin, sorted by name.
        plugins: The plugins that work.
        broken: The plugins that do not.
        registries: The registry files that plugins bring.
    """

    entries: tuple[CatalogEntry[Any], ...]
    plugins: tuple[Plugin, ...]
    broken: tuple[BrokenPlugin, ...]
    registries: tuple[Path, ...]

    def __repr__(self) -> str:
        broken = f", {len(self.broken)} broken" if self.broken else ""
        return f"<Catalog of {len(self.entries)} specs of {len(self.plugins)} plugins{broken}>"

    def of(self, kind: type[S]) -> tuple[CatalogEntry[S], ...]:
        """Returns the entries of one class of specs."""
        return tuple(entry for entry in self.entries if isinstance(entry.spec, kind))

    def named(self, kind: type[S], name: str) -> list[CatalogEntry[S]]:
        """Returns every entry of a class and a name."""
        return [entry for entry in self.of(kind) if entry.spec.name == name]

    def find(self, kind: type[S], reference: str) -> CatalogEntry[S]:
        """Returns the one entry of a name; ``plugin:name`` chooses between plugins.

        Raises:
            AmbiguousError: Two plugins have the name.
            NotFoundError: No plugin has it.
        """
        owner, _, name = reference.rpartition(":")
        found = [entry for entry in self.named(kind, name) if entry.plugin.is_meant_by(owner)]
        if not found:
            entries = self.of(kind)
            owned = [entry for entry in entries if entry.plugin.is_meant_by(owner)]
            known = [entry.spec.name for entry in owned or entries]
            hint = (
                self._similar_entry(kind, name)
                or self.where_to_get(name)
                or suggest(name, known)
                or f"try: zoo list {kind.noun}s"
            )
            broken = ", ".join(row.plugin.name for row in self.broken)
            note = f" (broken, so not searched: {broken}; see: zoo plugins)" if broken else ""
            raise NotFoundError(f"no {kind.noun} {reference!r}; {hint}{note}")
        check_unique(kind.noun, name, [entry.plugin for entry in found])
        return found[0]

    def _similar_entry(self, kind: type[AbstractSpec], name: str) -> str:
        """Says which other plugin, or which other class of specs, has the name."""
        owners = [f"{entry.plugin.name}:{name}" for entry in self.named(kind, name)]
        if owners:
            return f"write {' or '.join(owners)}"
        for other in (DatasetSpec, TrainerSpec):
            if self.named(other, name):
                return f"it is a {other.noun}: zoo train MODEL --{other.noun} {name}"
        if self.named(ModelSpec, name):
            return f"it is a model: zoo show {name}"
        nouns = [entry.spec.noun for entry in self.entries if entry.spec.name == name]
        if not nouns:
            return ""
        return f"it is {'an' if nouns[0][0] in 'aeiou' else 'a'} {nouns[0]}"

    def where_to_get(self, name: str) -> str:
        """Says which known plugin would bring a name, and how to get it.

        Empty if none would, or if an installed plugin has brought it already.
        """
        from zoo_core.plugins.index import known_owner

        if any(entry.spec.name == name for entry in self.entries):
            return ""
        distribution = known_owner(name, self.registries)
        if not distribution:
            return ""
        return f"{name} comes with {distribution}: {self.how_to_get(distribution)}"

    def how_to_get(self, distribution: str) -> str:
        """Says what to do where something of a distribution's plugin is needed and not found."""
        if distribution in {row.plugin.distribution for row in self.broken}:
            return "it is installed but broken; see: zoo plugins"
        if distribution in {plugin.distribution for plugin in self.plugins}:
            return "it is installed without it; see: zoo plugins"
        if is_left_out(distribution):
            return "it is installed, but ZOO_PLUGINS leaves it out"
        return f"zoo plugins install {distribution}"


def check_unique(noun: str, name: str, owners: list[Plugin]) -> None:
    """Checks that one plugin alone has a name.

    Raises:
        AmbiguousError: Several plugins have it; the message says how to choose.
    """
    if len(owners) == 1:
        return
    names_differ = len({plugin.name for plugin in owners}) == len(owners)
    choices = [
        f"{plugin.name if names_differ else plugin.distribution}:{name}" for plugin in owners
    ]
    raise AmbiguousError(f"{noun} {name!r} is offered twice: write {' or '.join(choices)}")


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Keeps Python's cyclic garbage collector from running.

    Modules and specs stay in memory, so there is no garbage to find among them. With hundreds of
    plugins the search takes a tenth of the time to load them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collection()
def load_catalog(plugins: Iterable[Plugin] | None = None) -> Catalog:
    """Loads the given plugins, or all that are installed; those that fail are in ``broken``."""
    entries: list[CatalogEntry[Any]] = []
    registries: list[Path] = []
    working, broken = [], []
    for plugin in installed_plugins() if plugins is None else plugins:
        try:
            with real_interrupts():
                contributed = load_plugin(plugin)
        except Interrupted:
            raise
        except BaseException as error:  # SystemExit and KeyboardInterrupt raised by a plugin too
            broken.append(_broken_plugin(plugin, error))
            continue
        working.append(plugin)
        for item in contributed:
            if isinstance(item, AbstractSpec):
                entries.append(CatalogEntry(plugin, item))
            else:
                registries.append(item)
    entries.sort(key=lambda entry: (entry.spec.name, entry.plugin))
    return Catalog(tuple(entries), tuple(working), tuple(broken), tuple(registries))


def _broken_plugin(plugin: Plugin, error: BaseException) -> BrokenPlugin:
    import traceback

    from zoo_core.installer.editable import editable_folder

    if plugin.distribution == UNKNOWN:
        remedy = f"its metadata is missing: remove what is left of {plugin.module} by hand"
    else:
        porting = error.porting if isinstance(error, IncompatibleError) else ""
        if folder := editable_folder(plugin.distribution):
            remedy = porting or f"repair it in {folder}; zoo plugins -v shows where it fails"
        else:
            remedy = f"upgrade it: zoo plugins install --upgrade {plugin.distribution}"
        remedy += f"; or remove it: zoo plugins uninstall {plugin.name}"
        if porting and not folder:
            remedy += f"; or, if it is yours, {porting}"
    return BrokenPlugin(
        plugin,
        _reason(error),
        remedy,
        "".join(traceback.format_exception(error)),
        isinstance(error, IncompatibleError),
    )


def _reason(error: BaseException) -> str:
    """Describes an exception in one line; the zoo's own errors need no name of their type."""
    try:
        message = " ".join(str(error).split())
    except Interrupted:
        raise
    except BaseException:  # an exception whose __str__ fails
        message = ""
    kind = type(error).__name__
    if not message:
        return kind
    return message if isinstance(error, PluginError) else f"{kind}: {message}"
