"""The choice of the kernel that runs a model's recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

import torch

from zoo_core.data.signature import Tokens
from zoo_core.errors import Interrupted, NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.kernels.unavailable import UnavailableKernel
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.torch_modes import autocasts

KNOWN_BACKENDS = {
    "native": "zoo-kernels",
    "linear-scan": "zoo-linear",
    "matrix-chunks": "zoo-matrix",
}
"""Backends that may not be installed, and the distributions that bring them."""


def kernels(catalog: Catalog, backend: str = "auto") -> Sequence[AbstractKernel]:
    """Returns the kernels to try, the fastest first and the reference last.

    They include the kernels that a plugin cannot create, which support no cell.

    Args:
        catalog: The installed plugins.
        backend: ``auto``, or the name of the first kernel to try.

    Raises:
        NotFoundError: No kernel has the backend's name.
        PluginError: The kernel of that name is not installed, or cannot be created.
    """
    entries = sorted(catalog.of(KernelSpec), key=lambda entry: entry.spec.priority, reverse=True)
    chain = [_create(entry) for entry in entries]
    chain += [PortableKernel(), TorchKernel(), ReferenceKernel()]
    if backend == "auto":
        return chain
    names = [kernel.name for kernel in chain]
    if backend in names:
        chain = chain[names.index(backend) :]
        if isinstance(chain[0], UnavailableKernel):
            raise PluginError(chain[0].reason)
        return chain
    if backend in KNOWN_BACKENDS:
        distribution = KNOWN_BACKENDS[backend]
        remedy = catalog.how_to_get(distribution)
        raise PluginError(f"backend {backend!r} needs the plugin {distribution}: {remedy}")
    raise NotFoundError(f"no backend {backend!r}; there are: {', '.join(['auto', *names])}")


def _create(entry: CatalogEntry[KernelSpec]) -> AbstractKernel:
    """Creates a plugin's kernel, or a stand-in that has the reason why it cannot be created."""
    kernel = _from_factory(entry)
    if not isinstance(kernel, UnavailableKernel):  # a broken one is named whatever the cell is
        kernel.cells = entry.spec.cells
    return kernel


def _from_factory(entry: CatalogEntry[KernelSpec]) -> AbstractKernel:
    """Returns what the factory of a kernel returns, or the stand-in."""
    owner, name = entry.plugin.distribution, entry.spec.name
    try:
        kernel = resolve(entry.spec.factory)()
    except Interrupted:
        raise
    except BaseException as error:  # SystemExit too: it is a failure of the plugin
        kind = "" if isinstance(error, PluginError) else f"{type(error).__name__}: "
        return UnavailableKernel(name, f"{owner}: {kind}{' '.join(str(error).split()):.300}")
    if not isinstance(kernel, AbstractKernel):
        return UnavailableKernel(name, f"{owner}: {entry.spec.factory!r} returns no kernel")
    return kernel


@final
class Backend(NamedTuple):
    """The kernel that runs a model's recurrence.

    Args:
        name: The name that ``--backend`` takes.
        details: How it runs here, such as the instructions that it uses.
        passed: Why the kernels before it are not used, in words; empty if it is the first.
        broken: Which of them their plugins cannot create, in words.
        unsuited: The part of ``passed`` on kernels that run this cell in other cases, in words.
    """

    name: str
    details: str
    passed: str
    broken: str = ""
    unsuited: str = ""

    @property
    def why(self) -> str:
        """How it runs, and why it was chosen."""
        if self.unsuited:
            reason = f"not {self.unsuited}"
        else:
            reason = "the first that runs this cell" if self.passed else "the first choice"
        return f"{self.details}; {reason}" if self.details else reason

    def warning(self, asked: str) -> str:
        """Returns why this is not the kernel asked for, or which kernel is broken; mostly empty."""
        if asked not in ("auto", self.name) and not self.passed:
            return f"backend {asked} has nothing to run: {self.details}"
        if asked not in ("auto", self.name):
            return f"{self.name} stands in, not {self.passed}"
        return f"passed over: {self.broken}" if self.broken else ""


def backend_of(
    model: AbstractModel,
    batch_size: int,
    batch: Batch | None = None,
    *,
    trains: bool = True,
    in_numpy: bool = False,
) -> Backend:
    """Returns the kernel that runs a model, on its device and in the present precision.

    Args:
        model: The model.
        batch_size: B.
        batch: A batch of the data, which makes the answer exact; None if the data is not available.
        trains: Whether gradients are recorded.
        in_numpy: Whether the backend ``portable`` takes the training step in NumPy.
    """
    layer = next((m for m in model.modules() if isinstance(m, Recurrent)), None)
    if layer is None:
        return Backend("torch", "no recurrent layer", "")
    like = next(layer.parameters())
    case = _case(model, layer, batch_size, batch, trains=trains)
    used = layer.kernel_for(case._replace(in_numpy=in_numpy))
    before = layer.kernels[: layer.kernels.index(used)]
    passed, unsuited = [], []
    for kernel in before:
        reason = kernel.unsupported_reason(layer.cell, like)
        passed.append(f"{kernel.name}: {reason or f'{used.name} is faster at this size'}")
        if not reason or kernel.cells is None or layer.cell.name in kernel.cells:
            unsuited.append(passed[-1])
    broken = [kernel.reason for kernel in before if isinstance(kernel, UnavailableKernel)]
    parts = (passed, broken, unsuited)
    return Backend(used.name, used.details, *("; ".join(part) for part in parts))


def fix_backend(model: AbstractModel, backend: Backend) -> None:
    """Makes one kernel run all batches of a training, whatever their size.

    A run records its kernel by name, so this makes a resumed run compute the same.
    """
    for module in model.modules():
        if isinstance(module, Recurrent):
            names = [kernel.name for kernel in module.kernels]
            module.kernels = module.kernels[names.index(backend.name) :]
            module.chooses_by_size = False


def _case(
    model: AbstractModel, layer: Recurrent, batch_size: int, batch: Batch | None, *, trains: bool
) -> ScanCase:
    like = next(layer.parameters())
    is_tokens = isinstance(model.signature.inputs, Tokens)
    if not isinstance(model, RecurrentModel) and layer.input_size != model.signature.input_size:
        is_tokens = False  # the model embeds them
    if batch is not None and isinstance(model, RecurrentModel) and model.embedding is not None:
        # too few tokens for a folded table are embedded, and reach the kernel as features
        is_tokens = model.embedding.can_fold(batch.inputs)
    return ScanCase(
        cell=layer.cell,
        batch_size=batch_size,
        steps=None if batch is None else batch.inputs.shape[1],
        symbols=model.signature.input_size if is_tokens else 0,
        padded=batch is not None and batch.lengths is not None,
        dtype=like.dtype,
        input_dtype=torch.int64 if is_tokens else like.dtype,
        device=like.device.type,
        needs_grad=trains,
        autocast=autocasts(like.device.type),
    )
