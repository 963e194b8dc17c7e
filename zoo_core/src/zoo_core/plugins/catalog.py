"""The catalog: every spec of every installed plugin, whose it is, and which plugins are broken."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, final

from zoo_core.errors import (
    AmbiguousError,
    IncompatibleError,
    Interrupted,
    NotFoundError,
    PluginError,
    suggest,
)
from zoo_core.plugins.discovery import UNKNOWN, Plugin, installed_plugins
from zoo_core.plugins.loading import contributions, make_manager
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec

S = TypeVar("S", bound=AbstractSpec)


@final
class CatalogEntry(NamedTuple, Generic[S]):
    """A spec and the plugin it comes from."""

    plugin: Plugin
    spec: S


@final
class BrokenPlugin(NamedTuple):
    """A plugin that could not be loaded: why, what to do, and where it happened.

    Args:
        plugin: Which one.
        reason: What it raised, in one line.
        remedy: The command that may mend it.
        traceback: Of what it raised.
        incompatible: Whether it is whole, and built for another plugin API.
    """

    plugin: Plugin
    reason: str
    remedy: str
    traceback: str
    incompatible: bool = False


@final
class Catalog(NamedTuple):
    """What is installed: offers sorted by name, plugins that work, plugins that do not."""

    entries: tuple[CatalogEntry[Any], ...]
    plugins: tuple[Plugin, ...]
    broken: tuple[BrokenPlugin, ...]
    registries: tuple[Path, ...]

    def of(self, kind: type[S]) -> tuple[CatalogEntry[S], ...]:
        """The offers of one kind."""
        return tuple(entry for entry in self.entries if isinstance(entry.spec, kind))

    def named(self, kind: type[S], name: str) -> list[CatalogEntry[S]]:
        """Every offer of a kind and a name."""
        return [entry for entry in self.of(kind) if entry.spec.name == name]

    def find(self, kind: type[S], reference: str) -> CatalogEntry[S]:
        """The one offer of a name; ``plugin:name`` chooses between plugins.

        Raises:
            AmbiguousError: Two plugins offer it.
            NotFoundError: None does.
        """
        owner, _, name = reference.rpartition(":")
        found = [entry for entry in self.named(kind, name) if entry.plugin.is_meant_by(owner)]
        if not found:
            from zoo_core.plugins.index import who_brings

            known = [entry.spec.name for entry in self.of(kind)]
            hint = self._elsewhere(kind, name) or who_brings(name, self.registries)
            hint = hint or suggest(name, known) or f"try: zoo list {kind.noun}s"
            raise NotFoundError(f"no {kind.noun} {reference!r}; {hint}{self._excuse()}")
        if len(found) > 1:
            check_unique(kind.noun, name, [entry.plugin for entry in found])
        return found[0]

    def _elsewhere(self, kind: type[AbstractSpec], name: str) -> str:
        """Of which other plugin, or of which other kind, there is such a name, in words."""
        owners = [f"{entry.plugin.name}:{name}" for entry in self.named(kind, name)]
        if owners:
            return f"write {' or '.join(owners)}"
        for other in (DatasetSpec, TrainerSpec):
            if self.named(other, name):
                return f"it is a {other.noun}: zoo train MODEL --{other.noun} {name}"
        return f"it is a model: zoo show {name}" if self.named(ModelSpec, name) else ""

    def _excuse(self) -> str:
        names = ", ".join(each.plugin.name for each in self.broken)
        return f" (broken, so not searched: {names}; see: zoo plugins)" if names else ""


def check_unique(noun: str, name: str, owners: Iterable[Plugin]) -> None:
    """Says who claims a name, and how to choose.

    Raises:
        AmbiguousError: Always.
    """
    plugins = list(owners)
    unique = len({plugin.name for plugin in plugins}) == len(plugins)
    choices = [f"{plugin.name if unique else plugin.distribution}:{name}" for plugin in plugins]
    raise AmbiguousError(f"{noun} {name!r} is offered twice: write {' or '.join(choices)}")


def load_catalog(plugins: Iterable[Plugin] | None = None) -> Catalog:
    """Loads the given plugins, or all that are installed; one that fails is a row in ``broken``."""
    entries: list[CatalogEntry[Any]] = []
    registries: list[Path] = []
    working, broken = [], []
    manager = make_manager()
    for plugin in installed_plugins() if plugins is None else plugins:
        try:
            found = contributions(plugin, manager)
        except Interrupted:
            raise
        except BaseException as error:  # SystemExit and KeyboardInterrupt raised by a plugin too
            broken.append(_broken(plugin, error))
            continue
        working.append(plugin)
        entries += [CatalogEntry(plugin, each) for each in found if isinstance(each, AbstractSpec)]
        registries += [each for each in found if isinstance(each, Path)]
    entries.sort(key=lambda entry: (entry.spec.name, entry.plugin))
    return Catalog(tuple(entries), tuple(working), tuple(broken), tuple(registries))


def _broken(plugin: Plugin, error: BaseException) -> BrokenPlugin:
    try:
        said = " ".join(str(error).split())
    except Exception:  # an error that cannot even say what it is
        said = ""
    ours = isinstance(error, PluginError)  # which says it in words
    kind = type(error).__name__
    reason = said if ours and said else f"{kind}: {said}" if said else kind
    remedy = (
        f"upgrade it: zoo plugins install --upgrade {plugin.distribution}; "
        f"or remove it: zoo plugins uninstall {plugin.name}"
    )
    if plugin.distribution == UNKNOWN:
        remedy = f"its metadata is gone: remove what is left of {plugin.module} by hand"
    import traceback

    told = "".join(traceback.format_exception(error))
    return BrokenPlugin(plugin, reason, remedy, told, isinstance(error, IncompatibleError))
