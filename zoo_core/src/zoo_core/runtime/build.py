"""Making the model, dataset and trainer that a plan names, and telling whether they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, final

from zoo_core.catalog import Catalog
from zoo_core.errors import MisfitError, NotFoundError, PluginError
from zoo_core.imports import resolve
from zoo_core.plan import Plan
from zoo_core.runtime.dataset import AbstractDataset
from zoo_core.runtime.kernel import AbstractKernel
from zoo_core.runtime.kernels.fused import TorchKernel
from zoo_core.runtime.kernels.reference import ReferenceKernel
from zoo_core.runtime.magnitude import refuse_large
from zoo_core.runtime.model import AbstractModel
from zoo_core.runtime.recurrent import Recurrent
from zoo_core.runtime.trainer import AbstractTrainer
from zoo_core.settings import make
from zoo_core.signature import Signature
from zoo_core.specs import DatasetSpec, KernelSpec, ModelSpec, TrainerSpec
from zoo_core.vocabulary import Vocabulary


def make_dataset(catalog: Catalog, plan: Plan, vocabulary: Vocabulary | None) -> AbstractDataset:
    """The plan's dataset, with a checkpoint's vocabulary or its own."""
    spec = _spec(catalog, DatasetSpec, plan, "dataset")
    dataset: AbstractDataset = resolve(spec.factory)(_config(spec, plan, "dataset"), vocabulary)
    return dataset


def make_model(
    catalog: Catalog, plan: Plan, signature: Signature, *, copies: int = 1
) -> AbstractModel:
    """The plan's model for a signature, with the kernels of its backend.

    Args:
        catalog: What is installed.
        plan: What names the model.
        signature: What goes in and comes out.
        copies: How often memory must hold its weights.

    Raises:
        DeviceError: It is larger than the memory that is free; nothing is allocated then.
        MisfitError: The model takes no such inputs or gives no such labels.
    """
    spec = _spec(catalog, ModelSpec, plan, "model")
    if signature.inputs.kind not in spec.accepts or signature.per not in spec.per:
        takes = f"{' or '.join(spec.accepts)} with a label per {' or '.join(spec.per)}"
        given = f"{plan.dataset} gives {signature.describe()}"
        hint = f"; try --dataset.per {spec.per[0]}" if "per" in plan.configs["dataset"] else ""
        raise MisfitError(f"{spec.name} takes {takes}; {given}{hint}")
    factory, config = resolve(spec.factory), _config(spec, plan, "model")
    refuse_large(lambda: factory(config, signature), spec.name, copies)
    model: AbstractModel = factory(config, signature)
    chosen = kernels(catalog, plan.backend)
    for module in model.modules():
        if isinstance(module, Recurrent):
            module.kernels = tuple(chosen)
    return model


def make_trainer(catalog: Catalog, plan: Plan, signature: Signature) -> AbstractTrainer:
    """The plan's trainer for a signature.

    Raises:
        MisfitError: It has no objective for such data.
    """
    spec = _spec(catalog, TrainerSpec, plan, "trainer")
    trainer: AbstractTrainer = resolve(spec.factory)(_config(spec, plan, "trainer"), signature)
    return trainer


def kernels(catalog: Catalog, backend: str) -> Sequence[AbstractKernel]:
    """The kernels to try, in their order; the reference comes last.

    Raises:
        NotFoundError: No kernel has the backend's name.
    """
    offered = [offer.spec for offer in catalog.of(KernelSpec)]
    core: dict[str, AbstractKernel] = {"torch": TorchKernel(), "reference": ReferenceKernel()}
    if backend == "auto":
        return [*(resolve(spec.factory)() for spec in offered), *core.values()]
    if backend == "reference":
        return [core["reference"]]
    if backend in core:
        return [core[backend], core["reference"]]
    found = [resolve(spec.factory)() for spec in offered if spec.name == backend]
    if not found:
        names = ", ".join(["auto", *core, *(spec.name for spec in offered)])
        raise NotFoundError(f"no backend {backend!r}; there are: {names}")
    return [*found, *core.values()]


@final
class Backend(NamedTuple):
    """The kernel that runs a model's recurrence, and why not the one that was asked for."""

    name: str
    remark: str


def backend_of(model: AbstractModel) -> Backend:
    """What runs a model."""
    for module in model.modules():
        if isinstance(module, Recurrent):
            first, used = module.kernels[0], module.kernel
            reason = first.refuses(module.cell, next(module.parameters()))
            remark = f"{used.name} stands in for {first.name}: {reason}" if reason else ""
            return Backend(used.name, remark)
    return Backend("torch", "")


def _spec(catalog: Catalog, kind: type[Any], plan: Plan, section: str) -> Any:
    try:
        return catalog.find(kind, plan.name(section)).spec
    except NotFoundError as error:
        plugin = plan.plugins[section]
        if plugin in {each.distribution for each in catalog.plugins}:
            raise
        remedy = f"install it: pip install {plugin}"
        if plugin in {each.plugin.distribution for each in catalog.broken}:
            remedy = "it is installed but broken; see: zoo plugins"
        name = getattr(plan, section)
        raise PluginError(f"{section} {name!r} needs the plugin {plugin}: {remedy}") from error


def _config(spec: ModelSpec | DatasetSpec | TrainerSpec, plan: Plan, section: str) -> Any:
    return make(resolve(spec.config), section, plan.configs[section])
