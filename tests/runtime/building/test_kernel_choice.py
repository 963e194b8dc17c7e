"""The kernel that runs a model, and what is reported about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.runtime.runs import finish
from zoo_core import Tokens, Vocabulary
from zoo_core.data.signature import Classes, Signature
from zoo_core.errors import NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog, CatalogEntry, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import KernelSpec
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.building.kernel_choice import (
    Backend,
    backend_of,
    fix_backend,
    kernels,
)
from zoo_core.runtime.kernels.onednn import PORTABLE_FP32
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.numpy_step import NumpyStep

MANY_ROWS = PORTABLE_FP32.max_rows + 1
TOKENS = Signature(
    inputs=Tokens(3), outputs=Classes(3, per="step"), vocabulary=Vocabulary(("a", "b", "c"))
)


@pytest.fixture(scope="module")
def core() -> Catalog:
    """The installed plugins without those that have kernels."""
    known = load_catalog()
    with_kernels = ("zoo-kernels", "zoo-linear", "zoo-matrix")
    return load_catalog([plugin for plugin in known.plugins if plugin.name not in with_kernels])


def bail() -> None:
    """A factory that tries to end the process."""
    raise SystemExit(3)


@pytest.fixture(params=["gone.module:Kernel", f"{__name__}:bail", f"{__name__}:Signature"])
def broken(core: Catalog, request: pytest.FixtureRequest) -> Catalog:
    """The catalog with a kernel that cannot be imported or built, or that is not a kernel."""
    spec = KernelSpec(name="owl", summary="", factory=request.param, cells=())
    owner = Plugin("zoo-owl", "zoo_owl.plugin", "zoo-plugin-owl", "1.0")
    return core._replace(entries=(*core.entries, CatalogEntry(owner, spec)))


def backend(
    catalog: Catalog,
    name: str,
    model: str = "lstm-embed",
    batch_size: int = MANY_ROWS,
    **settings: Any,
) -> Backend:
    """The kernel that runs a model for a backend."""
    run_config = replace(resolve_run(catalog, model).run_config({"model": settings}), backend=name)
    return backend_of(make_model(catalog, run_config, TOKENS), batch_size)


def test_auto_tries_the_fastest_first_and_the_reference_last(core: Catalog) -> None:
    assert [kernel.name for kernel in kernels(core)] == ["portable", "torch", "reference"]


@pytest.mark.parametrize("name", ["portable", "torch", "reference"])
def test_a_backend_is_chosen_by_name(core: Catalog, name: str) -> None:
    chosen = backend(core, name)
    assert (chosen.name, chosen.passed) == (name, "")
    assert chosen.warning(name) == ""


def test_the_next_backend_replaces_one_that_cannot_run(core: Catalog) -> None:
    assert [kernel.name for kernel in kernels(core, "torch")] == ["torch", "reference"]


def test_an_unknown_backend_lists_those_there_are(core: Catalog) -> None:
    message = r"no backend 'fast'; there are: auto, portable, torch, reference"
    with pytest.raises(NotFoundError, match=message):
        kernels(core, "fast")


def test_a_backend_that_is_not_installed_is_named_with_its_remedy(core: Catalog) -> None:
    message = "backend 'native' needs the plugin zoo-kernels: zoo plugins install zoo-kernels"
    with pytest.raises(PluginError, match=message):
        kernels(core, "native")


def test_a_blocked_backend_is_not_called_missing(
    core: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-text")
    with pytest.raises(PluginError, match="it is installed, but ZOO_PLUGINS leaves it out"):
        kernels(core, "native")


def test_a_replacement_kernel_is_logged_with_the_reason(core: Catalog) -> None:
    chosen = backend(core, "torch", "gru-manual", reset_after=False)
    assert chosen.name == "reference"
    message = "reference stands in, not torch: torch.nn has no gru-reset-before"
    assert chosen.warning("torch") == message


def test_a_backend_without_anything_to_run_is_logged(core: Catalog) -> None:
    chosen = Backend("torch", "no recurrent layer", "")
    assert chosen.warning("native") == "backend native has nothing to run: no recurrent layer"
    assert chosen.warning("auto") == ""


def test_auto_logs_nothing_and_keeps_the_reason(core: Catalog) -> None:
    chosen = backend(core, "auto", proj_size=2)
    assert chosen.name == "torch"
    assert chosen.warning("auto") == ""
    message = "torch.nn's own functions; not portable: projections are not written out"
    assert chosen.why == message
    assert backend(core, "auto").why.endswith("; the first choice")
    assert Backend("any", "", "").why == "the first choice"


def test_the_reason_leaves_out_kernels_that_never_run_the_cell(catalog: Catalog) -> None:
    chosen = backend(catalog, "auto", "mgu")
    assert chosen.name == "reference"
    assert "torch: torch.nn has no mgu" in chosen.passed
    assert chosen.why == "step by step, with autograd; the first that runs this cell"
    assert "linear-scan" not in backend(catalog, "auto", "lstm-embed").why


@pytest.mark.parametrize("name", ["auto", "portable", "torch", "reference"])
@pytest.mark.parametrize("settings", [{}, {"proj_size": 2}], ids=str)
def test_products_in_bfloat16_are_made_by_every_backend_or_the_next(
    catalog: Catalog, name: str, settings: dict[str, Any]
) -> None:
    run_config = replace(
        resolve_run(catalog, "lstm-embed").run_config({"model": settings}), backend=name
    )
    model = make_model(catalog, run_config, TOKENS)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(Batch(torch.zeros(2, 4, dtype=torch.int64))).logits
    assert logits.isfinite().all()
    torch.autograd.backward(logits.float().sum())


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch has no oneDNN")  # type: ignore[no-untyped-call]
def test_auto_names_the_kernel_that_is_faster_at_a_size_and_a_name_overrides_it(
    core: Catalog,
) -> None:
    small = backend(core, "auto", batch_size=MANY_ROWS - 1)
    assert small.name == "torch"
    assert small.why.endswith("; not portable: torch is faster at this size")
    assert backend(core, "portable", batch_size=1).name == "portable"


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch has no oneDNN")  # type: ignore[no-untyped-call]
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"model": {"hidden_size": 8}}, "portable"),
        ({"model": {"hidden_size": 64}}, "torch"),
        ({"model": {"hidden_size": 8, "num_layers": 2}}, "torch"),
        ({"model": {"hidden_size": 8}, "trainer": {"optimizer": "RMSprop"}}, "torch"),
        ({"model": {"hidden_size": 8}, "trainer": {"label_smoothing": 0.1}}, "torch"),
        ({"model": {"hidden_size": 8}, "trainer": {"accumulate": 2}}, "torch"),
    ],
    ids=str,
)
def test_an_lstm_whose_steps_fit_numpy_takes_the_portable_kernel(
    core: Catalog, tmp_path: Path, flags: dict[str, Any], expected: str
) -> None:
    trainer = {"epochs": 3} | flags.get("trainer", {})
    run_config = resolve_run(core, "lstm-embed").run_config(flags | {"trainer": trainer})
    run = Run(core, run_config, tmp_path)
    assert run.backend == expected
    finish(run)
    assert isinstance(run.loop.train_step._whole, NumpyStep) is (expected == "portable")


def test_a_run_keeps_its_kernel_at_every_size(core: Catalog) -> None:
    run_config = resolve_run(core, "lstm-embed").run_config()
    model = make_model(core, run_config, TOKENS)
    layers = [module for module in model.modules() if isinstance(module, Recurrent)]
    assert all(layer.chooses_by_size for layer in layers)
    fix_backend(model, backend_of(model, MANY_ROWS, Batch(torch.zeros(9, 9).long())))
    for layer in layers:
        assert [kernel.name for kernel in layer.kernels] == ["portable", "torch", "reference"]
        assert not layer.chooses_by_size


def test_every_backend_says_how_it_runs_here(catalog: Catalog) -> None:
    details = {kernel.name: kernel.details for kernel in kernels(catalog)}
    names = ["native", "linear-scan", "matrix-chunks", "portable", "torch", "reference"]
    assert list(details) == names
    assert all(details.values())


def test_a_broken_kernel_is_skipped_with_a_warning_that_names_its_plugin(
    broken: Catalog,
) -> None:
    chosen = backend(broken, "auto")
    assert chosen.name == "portable"
    assert chosen.warning("auto").startswith("passed over: backend 'owl' of zoo-plugin-owl: ")
    assert "not owl: zoo-plugin-owl: " in chosen.why
    details = {kernel.name: kernel.details for kernel in kernels(broken)}
    assert details["owl"].startswith("zoo-plugin-owl: ")


def test_a_broken_kernel_does_not_affect_the_choice_of_another(broken: Catalog) -> None:
    chosen = backend(broken, "reference")
    assert (chosen.name, chosen.warning("reference")) == ("reference", "")


def test_a_broken_kernel_chosen_by_name_is_exit_7_and_names_its_plugin(broken: Catalog) -> None:
    with pytest.raises(PluginError, match="backend 'owl' of zoo-plugin-owl: ") as caught:
        kernels(broken, "owl")
    assert caught.value.exit_code == 7
