"""Several texts in one call: each is exactly what its prompt and its sampler give alone."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.runtime.generation.test_text_rows import SIGNATURE, Mixed, Whole, make
from zoo_core import create_model
from zoo_core.errors import ConfigError, IntegrityError, MisfitError
from zoo_core.runtime.generation import texts as several
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.texts import generate_texts
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel

MODELS = ("lstm-embed", "gru-stacked", "rnn-embed", "char-three", "char-rnn", "mgu", "deep")
PROMPTS = [[1, 2, 3], [4, 5, 6, 0, 1], [1, 2, 3], [6, 5, 4], [0, 1, 2, 3, 4, 5]]
LENGTHS = [9, 0, 30, 1, 12]
SAMPLERS: list[dict[str, Any]] = [
    {"seed": 1},
    {"seed": 1},
    {"temperature": 0},
    {"seed": 2, "top_k": 3},
    {"seed": 3, "top_p": 0.9, "temperature": 1.3},
]


def batches(prompts: list[list[int]]) -> list[Batch]:
    return [Batch(torch.tensor([prompt])) for prompt in prompts]


def alone(model: AbstractModel, precision: str = "fp32") -> list[list[int]]:
    """Each text by itself."""
    rows = zip(batches(PROMPTS), SAMPLERS, LENGTHS, strict=True)
    return [
        list(islice(generate(model, prompt, Sampler(**sampler), precision), length))
        for prompt, sampler, length in rows
    ]


def together(model: AbstractModel, precision: str = "fp32") -> list[list[int]]:
    """All texts in one call."""
    samplers = [Sampler(**sampler) for sampler in SAMPLERS]
    return generate_texts(model, batches(PROMPTS), samplers, LENGTHS, precision)


def without_native(model: AbstractModel) -> AbstractModel:
    if isinstance(model, RecurrentModel):
        model.recurrent.kernels = (ReferenceKernel(),)
    return model


@pytest.mark.parametrize("name", MODELS)
def test_each_text_is_what_it_is_alone(name: str) -> None:
    model = make(name)
    found = together(model)
    assert found == alone(model)
    assert [len(text) for text in found] == LENGTHS


@pytest.mark.parametrize("name", ["lstm-embed", "gru-stacked", "mgu"])
def test_the_portable_loop_computes_all_rows_in_one_step(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"model": {"hidden_size": 64}}  # no remainder in torch's vectors
    model = create_model(name, signature=SIGNATURE, seed=1, settings=settings).eval()
    without_native(model)
    expected = alone(model)
    monkeypatch.setattr(several, "generate", None)
    assert together(model) == expected


def test_a_text_that_ended_disturbs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"model": {"hidden_size": 64}}
    model = create_model("lstm-embed", signature=SIGNATURE, seed=1, settings=settings).eval()
    without_native(model)
    prompt = Batch(torch.tensor([[1, 2, 3]]))
    first = {seed: next(generate(model, prompt, Sampler(seed=seed))) for seed in range(30)}
    ended = next(seed for seed, symbol in first.items() if symbol not in (1, 2, 3))
    others = [seed for seed, symbol in first.items() if symbol != first[ended]][:2]
    with torch.no_grad():  # its first symbol is followed by no finite logits
        model.get_parameter("embedding.weight")[first[ended]] = torch.nan
    seeds, lengths = [ended, *others], [1, 2, 2]
    expected = [
        list(islice(generate(model, prompt, Sampler(seed=seed)), length))
        for seed, length in zip(seeds, lengths, strict=True)
    ]
    monkeypatch.setattr(several, "_equals_one_row", lambda *_: True)
    monkeypatch.setattr(several, "generate", None)
    samplers = [Sampler(seed=seed) for seed in seeds]
    assert generate_texts(model, [prompt] * 3, samplers, lengths) == expected


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_each_text_is_what_it_is_alone_in_another_precision(precision: str) -> None:
    for model in (make("lstm-embed"), without_native(make("gru-stacked"))):
        assert together(model, precision) == alone(model, precision)


def test_a_model_whose_rows_change_each_other_gives_each_text_alone() -> None:
    model = make("rnn-embed")
    model.output = Mixed(model.output)
    assert together(model) == alone(model)


def test_a_model_that_reads_the_whole_text_gives_each_text_alone() -> None:
    model = Whole()
    model.anchor = nn.Parameter(torch.zeros(1))
    assert together(model) == alone(model)


def test_no_texts_are_no_texts() -> None:
    assert generate_texts(make("lstm-embed"), [], [], []) == []


def test_a_prompt_shorter_than_the_window_is_refused() -> None:
    with pytest.raises(MisfitError, match="prompt 2 of 2 has 1 symbols, expected >= 3"):
        generate_texts(make("char-three"), batches([[1, 2, 3], [1]]), [Sampler()] * 2, [1, 1])


@pytest.mark.parametrize("steps", [5, 100])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.5, r"{name} is \(1, {steps}\) of torch.float32, expected \(1, T\) of torch.int64"),
        (True, r"{name} is \(1, {steps}\) of torch.bool, expected \(1, T\) of torch.int64"),
        (7, "{name} has the symbol 7, expected 0 to 6"),
        (-1, "{name} has the symbol -1, expected 0 to 6"),
    ],
)
@pytest.mark.parametrize("name", ["lstm-embed", "char-three", "deep"])
def test_a_prompt_of_something_else_than_symbols_is_refused(
    name: str, value: float, message: str, steps: int
) -> None:
    model, wrong = make(name), Batch(torch.full((1, steps), value))
    expected = message.format(name="the prompt", steps=steps)
    with pytest.raises(MisfitError, match=f"^{expected}$"):
        next(generate(model, wrong, Sampler()))
    expected = message.format(name="prompt 2 of 2", steps=steps)
    with pytest.raises(MisfitError, match=f"^{expected}$"):
        generate_texts(model, [*batches(PROMPTS[:1]), wrong], [Sampler(), Sampler()], [1, 1])


def test_an_unknown_precision_is_refused() -> None:
    for model in (make("lstm-embed"), make("char-rnn")):
        with pytest.raises(ConfigError, match="precision = 'fp8': expected fp32, bf16 or int8"):
            together(model, "fp8")


def test_logits_that_are_not_finite_end_all_texts() -> None:
    for model in (make("lstm-embed"), without_native(make("lstm-embed"))):
        with torch.no_grad():
            bias: Tensor = model.get_parameter("output.bias")
            bias[2] = torch.nan
        with pytest.raises(IntegrityError, match="not finite"):
            together(model)
