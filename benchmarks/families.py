"""Families of models that no library has as a layer, against the same networks in plain torch.

The zoo runs a model with its trainer's step, as ``zoo train`` does; a peer takes the step that a
careful user writes. All take it on one batch of random numbers, on which their speed does not
depend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from benchmarks.benchmark import Setup
from benchmarks.measurement import Measurement, measurements
from benchmarks.peers.plain_networks import (
    AbstractLanguageModel,
    AttentiveTranslator,
    BareMatrices,
    CharLoop,
    Convolutions,
    EmbeddedRnn,
    OneHotLayer,
    ResidualLstm,
    SegmentedGru,
    Translator,
    TwoLinearMaps,
)
from benchmarks.timing import Work, interleave
from zoo_core import Classes, Features, Grid, Signature, Tokens, Values, Vocabulary
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_model, make_trainer
from zoo_core.runtime.building.kernel_choice import backend_of, fix_backend
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.nn import AbstractModel, Batch
from zoo_core.runtime.training.step import StepResult, TrainStep

ZOO, LOOP, LAYER = "zoo", "plain loop", "torch.nn"
TRAINING, EVALUATION, GENERATION = "training", "evaluation", "generation"
LENGTH, QUICK_LENGTH = 200, 50
"""Symbols that are generated in one call."""
LEARNING_RATE, CLIP_NORM = 1e-4, 1.0


@final
@dataclass(frozen=True)
class FamilyCase:
    """A model of a family, and the peers that compute the same network.

    Args:
        family: The plugin's name without ``zoo-``.
        model: The model.
        sizes: The sizes, in words.
        trainer: The zoo's trainer.
        signature: The inputs and outputs.
        batch: The batch; the inputs of a peer are its inputs, and its source if it has one.
        settings: The model's settings.
        peers: A function for each peer that creates it, by the peer's name.
    """

    family: str
    model: str
    sizes: str
    trainer: str
    signature: Signature
    batch: Batch
    settings: Mapping[str, Any]
    peers: Mapping[str, Callable[[], nn.Module]]

    @property
    def unit(self) -> str:
        """What is counted: the targets of a sequence, or the sequences."""
        return "tokens/s" if self.signature.outputs.per == "step" else "rows/s"

    @property
    def amount(self) -> int:
        """The number of them in the batch."""
        per_step = self.signature.outputs.per == "step"
        return self.batch.inputs.numel() if per_step else len(self.batch.inputs)

    @property
    def uses(self) -> tuple[str, ...]:
        """What is measured: generation only of a language model that carries its state."""
        generates = self.trainer == "next-token" and self.signature.outputs.per == "step"
        return (TRAINING, EVALUATION, GENERATION) if generates else (TRAINING, EVALUATION)


def cases() -> tuple[FamilyCase, ...]:
    """Returns the cases, in the order of the families."""
    return (*_chars(), *_cnn(), *_deep(), *_scratch(), *_seq2seq(), *_series())


def _chars() -> Iterator[FamilyCase]:
    """Yields a model with a label per sequence and one per step, in the sizes of the lesson."""
    widths = {"embedding_size": 42, "hidden_size": 256}
    yield FamilyCase(
        "chars", "char-loop", "B 512, T 8, H 256", "next-token",
        _symbols(84, per="sequence"), _tokens(84, 512, 8, per="sequence"), widths,
        {LOOP: partial(CharLoop, 84, 42, 256)},
    )  # fmt: skip
    yield FamilyCase(
        "chars", "char-seq-rnn", "B 512, T 8, H 256", "next-token",
        _symbols(84), _tokens(84, 512, 8), widths,
        {LAYER: partial(EmbeddedRnn, 84, 42, 256)},
    )  # fmt: skip


def _cnn() -> Iterator[FamilyCase]:
    """Yields a classifier of texts, of images and of videos, in the sizes of the recipes."""
    text = Signature(inputs=Tokens(96), outputs=Classes(2), vocabulary=_vocabulary(96))
    yield FamilyCase(
        "cnn", "cnn1d", "B 32, T 64, 32 channels", "supervised",
        text, Batch(_random(96, 32, 64), _random(2, 32)),
        {"embedding_size": 32, "channels": 32, "kernel_size": 5, "padding": 2},
        {LAYER: partial(
            Convolutions, (64,), (32, 32, 64), kernel=5, inner=64, classes=2, symbols=96
        )},
    )  # fmt: skip
    sizes = {2: (8, 8), 3: (6, 16, 16)}
    for dimensions, channels, classes in ((2, 32, 10), (3, 8, 8)):
        grid = sizes[dimensions]
        yield FamilyCase(
            "cnn", f"cnn{dimensions}d",
            f"B 32, {' × '.join(map(str, grid))}, {channels} channels", "supervised",
            Signature(inputs=Grid(1, grid), outputs=Classes(classes)),
            Batch(torch.rand(32, 1, *grid), _random(classes, 32)),
            {"channels": channels, "dropout": 0.0},
            {LAYER: partial(
                Convolutions, grid, (1, channels, 2 * channels),
                kernel=3, inner=64, classes=classes,
            )},
        )  # fmt: skip


def _deep() -> Iterator[FamilyCase]:
    yield FamilyCase(
        "deep", "deep", "2 blocks of LSTM, B 32, T 64, H 128", "next-token",
        _symbols(96), _tokens(96, 32, 64),
        {"cell": "lstm", "hidden_size": 128, "depth": 2},
        {LAYER: partial(ResidualLstm, 96, 128, 2)},
    )  # fmt: skip


def _scratch() -> Iterator[FamilyCase]:
    """Yields every cell in the sizes of the book."""
    for cell in ("rnn", "lstm", "gru"):
        peers: dict[str, Callable[[], nn.Module]] = {LOOP: partial(BareMatrices, cell, 28, 256)}
        if cell != "gru":  # that of torch.nn has its reset gate behind the product
            peers[LAYER] = partial(OneHotLayer, cell, 28, 256)
        yield FamilyCase(
            "scratch", f"{cell}-scratch", "B 32, T 35, H 256", "next-token",
            _symbols(28), _tokens(28, 32, 35), {"hidden_size": 256}, peers,
        )  # fmt: skip


def _seq2seq() -> Iterator[FamilyCase]:
    """Yields both models in the sizes of the recipes, of GRUs and without padding."""
    signature = replace(
        _symbols(40), context={"source": Tokens(40)}, vocabularies={"source": _vocabulary(40)}
    )
    batch = _tokens(40, 64, 8)._replace(context={"source": _random(40, 64, 8)})
    for model, peer, both in (
        ("seq2seq", Translator, False), ("seq2seq-attention", AttentiveTranslator, True)
    ):  # fmt: skip
        yield FamilyCase(
            "seq2seq", model, "B 64, S 8, T 8, H 64", "translation", signature, batch,
            {"cell": "gru", "embedding_size": 32, "hidden_size": 64, "bidirectional": both},
            {LAYER: partial(peer, 40, 32, 64)},
        )  # fmt: skip


def _series() -> Iterator[FamilyCase]:
    """Yields both models in the sizes of the recipes on etth1."""
    names = tuple(f"v{number}" for number in range(7))
    ahead = tuple(f"{name}+{row}" for row in range(1, 97) for name in names)
    signature = Signature(inputs=Features(7, names), outputs=Values(len(ahead), names=ahead))
    batch = Batch(torch.randn(32, 96, 7), torch.randn(32, len(ahead)))
    yield FamilyCase(
        "series", "segrnn", "B 32, T 96, 96 rows ahead, 7 values, H 512", "regression",
        signature, batch, {"cell": "gru", "hidden_size": 512, "segment": 24, "dropout": 0.0},
        {LAYER: partial(SegmentedGru, 7, 96, 24, 512)},
    )  # fmt: skip
    yield FamilyCase(
        "series", "dlinear", "B 32, T 96, 96 rows ahead, 7 values", "regression",
        signature, batch, {"window": 96, "average": 25},
        {LAYER: partial(TwoLinearMaps, 96, 96, 25)},
    )  # fmt: skip


def _vocabulary(symbols: int) -> Vocabulary:
    return Vocabulary(tuple(map(chr, range(33, 33 + symbols))))


def _random(below: int, *shape: int) -> Tensor:
    return torch.randint(below, shape)


def _symbols(symbols: int, per: Any = "step") -> Signature:
    outputs = Classes(symbols, per=per, next_token=True)
    return Signature(inputs=Tokens(symbols), outputs=outputs, vocabulary=_vocabulary(symbols))


def _tokens(symbols: int, rows: int, steps: int, per: str = "step") -> Batch:
    targets = (rows, steps) if per == "step" else (rows,)
    return Batch(_random(symbols, rows, steps), _random(symbols, *targets))


def families(setup: Setup) -> Iterator[list[Measurement]]:
    """A step of training, an evaluation and a generated text of every case."""
    keep_freed_memory()  # as the commands do
    length = QUICK_LENGTH if setup.quick else LENGTH
    for case in cases():
        for use in case.uses:
            name = f"{case.model} {use}"
            if not setup.wants(name):
                continue
            samples = interleave(works(setup.catalog, case, use, length), setup.effort)
            unit = "tokens/s" if use == GENERATION else case.unit
            yield measurements("families", name, unit, samples)


def works(catalog: Catalog, case: FamilyCase, use: str, length: int) -> dict[str, Work]:
    """Returns the work of the peers of a case, and of the zoo.

    Args:
        catalog: The installed plugins.
        case: The case.
        use: What to do: ``training``, ``evaluation`` or ``generation``.
        length: Symbols to generate in one call.
    """
    networks = {name: make() for name, make in case.peers.items()}
    model = zoo_model(catalog, case)
    zoo: Work
    if use == TRAINING:
        found = {name: _repeat(peer_step(net, case), case) for name, net in networks.items()}
        zoo = _repeat(zoo_step(catalog, model, case), case)
    elif use == EVALUATION:
        found = {
            name: _repeat(_forward(network.eval(), inputs_of(case)), case)
            for name, network in networks.items()
        }
        zoo = _repeat(_forward(model.eval(), (case.batch,)), case)
    else:
        found = {name: _peer_texts(net.eval(), length) for name, net in networks.items()}
        zoo = _zoo_texts(model.eval(), length)
    return {**found, ZOO: zoo}


def zoo_model(catalog: Catalog, case: FamilyCase) -> AbstractModel:
    """Returns the zoo's model of a case, with the backend that ``auto`` chooses."""
    torch.manual_seed(0)
    run_config = resolve_run(catalog, case.model).run_config({"model": dict(case.settings)})
    return make_model(catalog, run_config, case.signature)


def inputs_of(case: FamilyCase) -> tuple[Tensor, ...]:
    """Returns the inputs of a peer."""
    return (case.batch.inputs, *(case.batch.context or {}).values())


def _repeat(work: Callable[[], object], case: FamilyCase) -> Work:
    def repeated(count: int) -> float:
        for _ in range(count):
            work()
        return float(count * case.amount)

    return repeated


def zoo_step(catalog: Catalog, model: AbstractModel, case: FamilyCase) -> Callable[[], StepResult]:
    """Returns the step of the zoo's trainer on the batch of a case, with the kernels of a run."""
    options = {
        "optimizer": "Adam",
        "learning_rate": LEARNING_RATE,
        "schedule": "none",
        "clip_norm": CLIP_NORM,
    }
    resolved = resolve_run(catalog, case.model, trainer=case.trainer)
    trainer = make_trainer(catalog, resolved.run_config({"trainer": options}), case.signature)
    fix_backend(model, backend_of(model, len(case.batch.inputs), case.batch))
    trainer.use_kernel(model)
    step = TrainStep(model, trainer, steps=1, device="cpu", precision="fp32")
    return partial(step, case.batch, None)


def peer_step(network: nn.Module, case: FamilyCase) -> Callable[[], float]:
    """Returns the step of a peer on the batch of a case; it returns the loss before the step."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
    targets, is_regression = case.batch.targets, isinstance(case.signature.outputs, Values)

    def step() -> float:
        optimizer.zero_grad()
        logits = logits_of(network(*inputs_of(case)))
        if is_regression:
            loss = mse_loss(logits, targets)
        else:
            loss = cross_entropy(logits.flatten(0, -2), targets.flatten())
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        return float(loss.item())  # as the zoo does, to see whether the training diverges

    return step


def logits_of(output: Any) -> Tensor:
    """Returns the logits of an output that may have a state behind them."""
    logits: Tensor = output if isinstance(output, Tensor) else output[0]
    return logits


def _forward(network: nn.Module, inputs: tuple[Any, ...]) -> Callable[[], object]:
    def forward() -> None:
        with torch.inference_mode():
            network(*inputs)

    return forward


def _peer_texts(network: nn.Module, length: int) -> Work:
    assert isinstance(network, AbstractLanguageModel), "only these have a case of generation"

    def generated(count: int) -> float:
        with torch.inference_mode():
            return float(sum(len(network.generate(length)) for _ in range(count)))

    return generated


def _zoo_texts(model: AbstractModel, length: int) -> Work:
    first = Batch(torch.zeros(1, 1, dtype=torch.long))

    def generated(count: int) -> float:
        texts = (generate(model, first, Sampler(temperature=0)) for _ in range(count))
        return float(sum(len(list(islice(text, length))) for text in texts))

    return generated
