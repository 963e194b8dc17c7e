"""Choosing the kernel that runs a model's recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

from zoo_core.errors import Interrupted, NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.kernels.unavailable import UnavailableKernel
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel

KNOWN = {"native": "zoo-kernels"}
"""Backends that may not be installed, and the distributions that bring them."""


def kernels(catalog: Catalog, backend: str = "auto") -> Sequence[AbstractKernel]:
    """The kernels to try, in their order: the fastest first, the reference last.

    One of a plugin that cannot be made is among them, and refuses every cell.

    Args:
        catalog: What is installed.
        backend: ``auto``, or the name of the kernel to begin with.

    Raises:
        NotFoundError: No kernel has the backend's name.
        PluginError: The one that has it is not installed, or cannot be made.
    """
    offered = [_made(entry) for entry in catalog.of(KernelSpec)]
    tried = [*offered, PortableKernel(), TorchKernel(), ReferenceKernel()]
    if backend == "auto":
        return tried
    names = [each.name for each in tried]
    if backend in names:
        chosen = tried[names.index(backend) :]
        if isinstance(chosen[0], UnavailableKernel):
            raise PluginError(chosen[0].reason)
        return chosen
    if backend in KNOWN:
        distribution = KNOWN[backend]
        remedy = catalog.how_to_get(distribution)
        raise PluginError(f"backend {backend!r} needs the plugin {distribution}: {remedy}")
    raise NotFoundError(f"no backend {backend!r}; there are: {', '.join(['auto', *names])}")


def _made(entry: CatalogEntry[KernelSpec]) -> AbstractKernel:
    """A plugin's kernel; whatever goes wrong in making it is told where it is asked for."""
    owner, name = entry.plugin.distribution, entry.spec.name
    try:
        kernel = resolve(entry.spec.factory)()
    except Interrupted:
        raise
    except BaseException as error:  # SystemExit too: it is the plugin's failure
        kind = "" if isinstance(error, PluginError) else f"{type(error).__name__}: "
        return UnavailableKernel(name, f"{owner}: {kind}{' '.join(str(error).split()):.300}")
    if not isinstance(kernel, AbstractKernel):
        return UnavailableKernel(name, f"{owner}: {entry.spec.factory!r} gives no kernel")
    return kernel


def backends_here(catalog: Catalog) -> dict[str, str]:
    """Every backend with how it runs here, or why it cannot; the fastest first."""
    return {each.name: each.details for each in kernels(catalog)}


@final
class Backend(NamedTuple):
    """The kernel that runs a model's recurrence.

    Args:
        name: What ``--backend`` calls it.
        details: How it runs here, such as on which instructions.
        passed: Why not the ones before it, in words; empty if it is the first.
        broken: Those of them that their plugins cannot make, in words.
    """

    name: str
    details: str
    passed: str
    broken: str = ""

    @property
    def why(self) -> str:
        """How it runs, and why it was taken."""
        reason = f"not {self.passed}" if self.passed else "the first choice"
        return f"{self.details}; {reason}"

    def warning(self, asked: str) -> str:
        """Returns why this is not the kernel asked for, or which kernel is broken; mostly empty."""
        if asked not in ("auto", self.name) and not self.passed:
            return f"backend {asked} has nothing to run: {self.details}"
        if asked not in ("auto", self.name):
            return f"{self.name} stands in, not {self.passed}"
        return f"passed over: {self.broken}" if self.broken else ""


def backend_of(model: AbstractModel) -> Backend:
    """What runs a model on the device where it is."""
    for module in model.modules():
        if isinstance(module, Recurrent):
            used, like = module.kernel, next(module.parameters())
            before = module.kernels[: module.kernels.index(used)]
            reasons = [f"{each.name}: {each.refuses(module.cell, like)}" for each in before]
            broken = [each.reason for each in before if isinstance(each, UnavailableKernel)]
            return Backend(used.name, used.details, "; ".join(reasons), "; ".join(broken))
    return Backend("torch", "no recurrent layer", "")
