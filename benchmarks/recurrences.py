"""``python -m benchmarks.recurrences`` measures the modern recurrent models of the catalog.

Each is measured against the plain loop over time, an LSTM of the same width and the libraries that
have the same cell. It writes ``docs/results/recurrences.json``, from which the tables of
``docs/recurrences.md`` are made by cog. A model of the catalog with one of the tags ``FAMILIES``
takes part by itself; ``peers.recurrent_layers`` names the libraries.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import click
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.peers.packages import RECURRENT, install, missing
from benchmarks.peers.recurrent_layers import PEERS, AbstractPeer
from benchmarks.turns import Steps, take_turns
from zoo_core import Classes, Signature, Tokens, Vocabulary
from zoo_core.configs.settings import settings_of
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.building.kernel_choice import backend_of, kernels
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.hardware.machine import machine_facts
from zoo_core.runtime.kernels.scans import AbstractScanKernel
from zoo_core.runtime.nn import AbstractModel, Batch
from zoo_core.storage.atomic import write_file

RESULTS = Path("docs/results/recurrences.json")
FAMILIES = {"gates", "linear", "matrix", "continuous"}
"""The tags of the models that are measured."""
BASELINE, BASELINE_MODEL = "LSTM 256", "lstm-embed"
ZOO, LOOP = "zoo", "plain loop"
WIDTH, SYMBOLS = 256, 96
"""The hidden size and the embedding's width, and V."""
STEPS, QUICK_STEPS = (64, 512, 4096, 16384), (64, 512)
MAX_LOOP_STEPS = 4096
"""The longest sequence of a model that has no other form than the plain loop."""
MAX_SECONDS, MAX_MEGABYTES = 20.0, 6000.0
"""A step that would take more, by what the one on a shorter sequence took, is left out."""
TOKENS = 4096
"""Tokens of a training step, in rows of T; one row if T is greater."""
CONTEXTS, QUICK_CONTEXTS = (64, 16384), (64, 512)
"""Symbols that a model has read before it generates."""
GENERATED = 128
ROUNDS, QUICK_ROUNDS = 3, 2
SECONDS, QUICK_SECONDS = 0.1, 0.03
"""The duration of a turn."""
SCANS: dict[str, tuple[torch.dtype, int]] = {
    "float32": (torch.float32, 256),
    "float64": (torch.float64, 128),
    "complex64": (torch.complex64, 128),
}
"""The dtype of a scan and the width N, with which every tensor has the same number of bytes."""
SCAN_SHAPES, QUICK_SCAN_SHAPES = ((32, 2048), (1, 65536)), ((8, 512),)
"""Rows and steps of a scan: tensors of 64 MiB, twice as large as the largest cache."""


def bandwidth(catalog: Catalog, names: tuple[str, ...], *, quick: bool) -> Iterator[dict[str, Any]]:
    """Yields the bytes per second of scans, and of an addition, which is as fast as the memory."""
    scans = {
        kernel.name: kernel.linear_scan
        for kernel in map(_scan_kernel, kernels(catalog))
        if isinstance(kernel, AbstractScanKernel)
    }
    for dtype_name, (dtype, width) in SCANS.items():
        for rows, steps in QUICK_SCAN_SHAPES if quick else SCAN_SHAPES:
            torch.manual_seed(0)
            decay, added = (torch.rand(rows, steps, width, dtype=dtype) for _ in range(2))
            initial, out = torch.zeros(rows, width, dtype=dtype), torch.empty_like(added)
            size = added.numel() * added.element_size()
            decay.mul_(0.9)
            # three tensors pass the memory: two are read, one is written
            works: dict[str, Callable[[], object]] = {
                "addition": partial(torch.add, decay, added, out=out)
            }
            works |= {
                name: partial(_without_gradient, scan, decay, added, initial)
                for name, scan in scans.items()
            }
            yield from _bandwidths(works, 3 * size, dtype_name, "forward", rows, steps, quick=quick)
            # five: a, h and the gradient of h are read, the gradients of a and b are written
            works = {"addition": partial(torch.add, decay, added, out=out)}
            for name, scan in scans.items():
                arguments = [x.clone().requires_grad_() for x in (decay, added, initial)]
                states = scan(*arguments)
                works[name] = partial(
                    torch.autograd.grad, states, arguments, decay, retain_graph=True
                )
            yield from _bandwidths(
                works, 5 * size, dtype_name, "backward", rows, steps, quick=quick
            )


def _scan_kernel(kernel: object) -> object:
    """Returns the part of a kernel that scans; the native kernel has others."""
    return getattr(kernel, "scans", kernel)


@torch.no_grad()
def _without_gradient(scan: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
    return scan(*arguments)


def _bandwidths(
    works: dict[str, Callable[[], object]],
    size: int,
    dtype: str,
    direction: str,
    rows: int,
    steps: int,
    *,
    quick: bool,
) -> Iterator[dict[str, Any]]:
    """Yields the row of every implementation; ``size`` is the bytes of a scan.

    An addition passes three tensors.
    """
    measured = take_turns(works, *_effort(quick=quick))
    addition = size * 3 // (5 if direction == "backward" else 3)
    for name, taken in measured.items():
        passed = addition if name == "addition" else size
        yield {
            "dtype": dtype,
            "direction": direction,
            "rows": rows,
            "steps": steps,
            "implementation": name,
            "gigabytes_per_second": [passed / seconds / 1e9 for seconds in taken.seconds],
            "megabytes": taken.megabytes,
        }


def training(catalog: Catalog, names: tuple[str, ...], *, quick: bool) -> Iterator[dict[str, Any]]:
    """Yields seconds and memory of a training step by model, length and implementation."""
    for name in _models(catalog, names):
        networks, backends = _zoo_networks(catalog, name)
        networks |= _peers(name)
        takers = {key: _Trainer(network) for key, network in networks.items()}
        before: dict[str, tuple[int, Steps]] = {}
        for steps in QUICK_STEPS if quick else STEPS:
            if LOOP not in networks and steps > MAX_LOOP_STEPS:
                continue
            rows = max(1, TOKENS // steps)
            tokens = torch.randint(SYMBOLS, (rows, steps + 1))
            works = {
                key: partial(taker.step, tokens)
                for key, taker in takers.items()
                if steps <= getattr(networks[key], "max_steps", steps)
                and (key not in before or _is_feasible(*before[key], steps))
            }
            for key, taken in take_turns(works, *_effort(quick=quick)).items():
                before[key] = steps, taken
                yield {
                    "model": name,
                    "steps": steps,
                    "rows": rows,
                    "implementation": key,
                    "backend": backends[key](rows, steps) if key in backends else "",
                    "parameters": sum(p.numel() for p in networks[key].parameters()),
                    **asdict(taken),
                }


def _is_feasible(shorter: int, taken: Steps, steps: int) -> bool:
    """Returns whether a step on a longer sequence takes neither too long nor too much memory."""
    growth = max(steps, TOKENS) / max(shorter, TOKENS)  # of the tokens
    seconds, megabytes = median(taken.seconds) * growth, taken.megabytes * growth
    return seconds <= MAX_SECONDS and megabytes <= MAX_MEGABYTES


def generation(
    catalog: Catalog, names: tuple[str, ...], *, quick: bool
) -> Iterator[dict[str, Any]]:
    """Yields microseconds of a symbol, and memory, by model, context and implementation."""
    for name in _models(catalog, names):
        networks, _ = _zoo_networks(catalog, name)
        contexts = QUICK_CONTEXTS if quick else CONTEXTS
        longest = contexts[-1] if LOOP in networks else MAX_LOOP_STEPS
        networks.pop(LOOP, None)  # a step is a step
        networks |= _peers(name)
        for context in contexts:
            if context > longest:
                continue
            prompt = torch.randint(SYMBOLS, (1, context))
            works = {
                key: _Generator(network.eval(), prompt).symbols
                for key, network in networks.items()
                if isinstance(network, AbstractModel) or context == contexts[0]
            }
            for key, taken in take_turns(works, *_effort(quick=quick)).items():
                yield {
                    "model": name,
                    "context": context,
                    "implementation": key,
                    "microseconds": [1e6 * seconds / GENERATED for seconds in taken.seconds],
                    "megabytes": taken.megabytes,
                }


class _Trainer:
    """A network with its optimizer, warmed up by a small step."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
        self.step(torch.zeros(1, 9, dtype=torch.long))

    def step(self, tokens: Tensor) -> None:
        """Takes a step on tokens (B, T + 1), of which all but the first are the labels."""
        self.optimizer.zero_grad()
        if isinstance(self.network, AbstractModel):
            logits = self.network(Batch(tokens[:, :-1])).logits
        else:
            logits = self.network(tokens[:, :-1])
        loss = cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()


class _Generator:
    """A network that has read a prompt (1, T) and generates the most likely symbols, as ever."""

    def __init__(self, network: nn.Module, prompt: Tensor) -> None:
        if isinstance(network, AbstractModel):
            self.symbols_after: Iterator[int] = generate(
                network, Batch(prompt), Sampler(temperature=0)
            )
        else:
            assert isinstance(network, AbstractPeer), "the rest are peers"
            self.symbols_after = network.generate(prompt)
        next(self.symbols_after)  # reads the prompt

    def symbols(self) -> None:
        """Generates some symbols."""
        for _ in islice(self.symbols_after, GENERATED):
            pass


def _models(catalog: Catalog, names: tuple[str, ...]) -> list[str]:
    """Returns the names of the models to measure."""
    return [
        spec.name
        for _, spec in catalog.of(ModelSpec)
        if FAMILIES & set(spec.tags)
        and "tokens" in spec.accepts
        and (spec.name in names or not names)
    ]


def _zoo_networks(
    catalog: Catalog, name: str
) -> tuple[dict[str, nn.Module], dict[str, Callable[[int, int], str]]]:
    """Returns a model by ``auto``, by the plain loop, and the LSTM, and the backend of each."""
    networks: dict[str, nn.Module] = {}
    backends: dict[str, Callable[[int, int], str]] = {}
    wanted = {ZOO: (name, "auto"), LOOP: (name, "reference"), BASELINE: (BASELINE_MODEL, "auto")}
    for key, (model_name, backend) in wanted.items():
        model = _model(catalog, model_name, backend)
        networks[key], backends[key] = model, partial(_backend, model)
    if backends[ZOO](1, 64) == "reference":  # it has no other kernel
        del networks[LOOP]
    return networks, backends


def _backend(model: AbstractModel, rows: int, steps: int) -> str:
    return backend_of(model, rows, Batch(torch.zeros(rows, steps, dtype=torch.long))).name


def _model(catalog: Catalog, name: str, backend: str) -> AbstractModel:
    torch.manual_seed(0)
    config = resolve(catalog.find(ModelSpec, name).spec.config)
    sizes = {"hidden_size": WIDTH, "embedding_size": WIDTH, "num_layers": 1}
    settings = {key: value for key, value in sizes.items() if key in settings_of(config)}
    run_config = resolve_run(catalog, name).run_config({"model": settings}, backend=backend)
    symbols = tuple(map(chr, range(33, 33 + SYMBOLS)))
    signature = Signature(
        inputs=Tokens(SYMBOLS),
        outputs=Classes(SYMBOLS, per="step", next_token=True),
        vocabulary=Vocabulary(symbols),
    )
    return make_model(catalog, run_config, signature).train()


def _peers(name: str) -> dict[str, nn.Module]:
    absent = missing(RECURRENT)
    return {
        package: make(SYMBOLS, WIDTH)
        for package, make in PEERS.get(name, {}).items()
        if package not in absent
    }


def _effort(*, quick: bool) -> tuple[int, float]:
    return (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)


PARTS: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {
    "bandwidth": bandwidth,
    "training": training,
    "generation": generation,
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="A part; repeatable.")
@click.option("--model", "names", multiple=True, help="A model of the catalog; repeatable.")
@click.option("--quick", is_flag=True, help="Smaller sizes, for a first look.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the results.  [default: docs/results/recurrences.json]",
)
def main(only: tuple[str, ...], names: tuple[str, ...], quick: bool, out: Path | None) -> None:
    """Measure and write the results; what is left out stays as it was."""
    if message := install(RECURRENT):
        click.echo(message, err=True)
    keep_freed_memory()  # as zoo train does
    catalog, path = load_catalog(), out or RESULTS
    results = json.loads(path.read_bytes()) if path.exists() else {}
    for part in only or PARTS:
        stored = results.get(part, {"rows": []})
        results[part] = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": _facts(),
            "quick": quick,
            "rows": [row for row in stored["rows"] if names and row.get("model") not in names],
        }
        for row in PARTS[part](catalog, names, quick=quick):
            click.echo(f"{part}: {_line(row)}")
            results[part]["rows"].append(row)
            write_file(path, (json.dumps(results, indent=1) + "\n").encode())


def _facts() -> dict[str, str]:
    """Returns the machine, threads and versions."""
    threads = torch.get_num_threads()
    facts = machine_facts() | {"threads": f"{threads} thread{'s' if threads > 1 else ''}"}
    facts["zoo-core"] = f"zoo-core {version('zoo-core')}"
    installed = RECURRENT.modules.keys() - missing(RECURRENT)
    return facts | {name: f"{name} {version(name)}" for name in sorted(installed)}


def _line(row: dict[str, Any]) -> str:
    values = {
        key: f"{median(value):.4g}" if isinstance(value, list) else value
        for key, value in row.items()
    }
    return ", ".join(f"{key} {value}" for key, value in values.items())


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
