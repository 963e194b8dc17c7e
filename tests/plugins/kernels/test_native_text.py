"""Text by the native kernel's own loop, held to the loop of the core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.kernels.test_native import LEVELS, built
from tests.runtime.building.sharpened import letters, sharpened
from zoo_core import Classes, Tokens
from zoo_core.errors import IntegrityError, MisfitError
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.int8 import with_int8_weights
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.texts import generate_texts
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import State, rebuild
from zoo_gru.configs import GruEmbedConfig, GruStackedConfig
from zoo_gru.models import gru_embed, gru_stacked
from zoo_kernels import kernel as native
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, NativeLibrary, native_library
from zoo_kernels.text import MAX_PROMPT_IN_LOOP, NativeText
from zoo_kernels.text_weights import sources, text_weights
from zoo_lstm.configs import LstmEmbedConfig
from zoo_lstm.models import lstm_embed
from zoo_rnn.configs import RnnEmbedConfig, RnnStackedConfig
from zoo_rnn.models import rnn_embed, rnn_stacked

V, COUNT, LONG = 11, 150, 10_000  # so long a text shows what rounding does
SIGNATURE = letters(V)
SMALL: dict[str, Any] = {"hidden_size": 19, "embedding_size": 5}
MODELS: dict[str, Any] = {
    "rnn": lambda: rnn_embed(RnnEmbedConfig(**SMALL), SIGNATURE),
    "relu": lambda: rnn_stacked(
        RnnStackedConfig(hidden_size=19, nonlinearity="relu", num_layers=2), SIGNATURE
    ),
    "lstm": lambda: lstm_embed(LstmEmbedConfig(**SMALL, num_layers=3), SIGNATURE),
    "lstm-max-norm": lambda: lstm_embed(LstmEmbedConfig(**SMALL, max_norm=0.5), SIGNATURE),
    "gru": lambda: gru_embed(GruEmbedConfig(**SMALL, num_layers=2), SIGNATURE),
    "gru-no-bias": lambda: gru_stacked(GruStackedConfig(hidden_size=33, bias=False), SIGNATURE),
}
SAMPLERS: list[dict[str, Any]] = [
    {"temperature": 0},
    {"temperature": 0.7, "seed": 1},
    {"temperature": 1.5, "top_k": 3, "seed": 2},
    {"top_k": 99},
]
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def text(model: RecurrentModel, kernel: Any, count: int = COUNT, **options: Any) -> list[int]:
    """So many symbols after a prompt."""
    model.recurrent.kernels = (kernel,)
    prompt = Batch(torch.tensor([[1, 2, 3]]))
    return list(islice(generate(model, prompt, Sampler(**options)), count))


@built
@every_model
def test_text_equals_that_of_the_core_loop(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    model = sharpened(make)
    for options in SAMPLERS:
        expected = text(model, ReferenceKernel(), **options)
        assert options.get("temperature") == 0 or len(set(expected)) >= 3
        for level in LEVELS:
            monkeypatch.setenv(LEVEL, level)
            assert text(model, NativeKernel(), **options) == expected, (level, options)


@built
def test_more_symbols_to_draw_from_than_64_bits_hold_are_all_symbols() -> None:
    model = sharpened(MODELS["gru"])
    expected = text(model, ReferenceKernel(), seed=1)
    assert text(model, NativeKernel(), top_k=(1 << 64) + 1, seed=1) == expected


@built
@every_model
def test_a_long_prompt_gives_the_state_of_its_pieces(make: Any) -> None:
    """Fed at once, or half by the model and half by the kernel."""
    model = sharpened(make)
    prompt = torch.randint(V, (1, 101), generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        half = model(Batch(prompt[:, :50])).state
    assert half is not None
    starts = [(model.initial_state(1), prompt[0]), (half, prompt[0, 50:])]
    whole, pieces = (NativeKernel().generate(model, *state, Sampler(seed=5)) for state in starts)
    assert whole is not None
    assert pieces is not None
    assert list(islice(whole, COUNT)) == list(islice(pieces, COUNT))


@built
@pytest.mark.parametrize(
    "prompt",
    [
        torch.tensor([[1.0, 2.5]]),
        torch.tensor([[float("nan")]]),
        torch.tensor([[True]]),
        torch.tensor([[-1]]),
        torch.tensor([[V]]),
        torch.full((1, 100), V),
    ],
    ids=["fractions", "nan", "truth-values", "negative", "beyond", "long-beyond"],
)
def test_of_a_prompt_that_is_not_of_symbols_the_model_says_what_is_wrong(prompt: Tensor) -> None:
    model, messages = sharpened(MODELS["lstm"]), []
    for kernel in (NativeKernel(), ReferenceKernel()):
        model.recurrent.kernels = (kernel,)
        with pytest.raises((MisfitError, RuntimeError)) as caught:
            generate_texts(model, [Batch(prompt)], [Sampler()], [5])
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


@built
def test_a_large_vocabulary_with_a_narrow_embedding_is_left_to_the_cores_loop() -> None:
    """The table of all symbols for C++ would be larger than the model."""
    config = LstmEmbedConfig(hidden_size=64, embedding_size=2)
    for symbols, taken in ((10_000, True), (20_000, False)):
        signature = replace(
            SIGNATURE,
            inputs=Tokens(symbols),
            outputs=Classes(symbols, per="step", next_token=True),
            vocabulary=None,
        )
        model = sharpened(partial(lstm_embed, config, signature))
        prompt = torch.tensor([1])
        generated = NativeKernel().generate(model, model.initial_state(1), prompt, Sampler())
        assert (generated is not None) is taken
        actual = text(model, NativeKernel(), 20, seed=3)
        assert actual == text(model, ReferenceKernel(), 20, seed=3)


@built
@pytest.mark.parametrize("more", [1, MAX_PROMPT_IN_LOOP])
@pytest.mark.parametrize("symbol", [-1, V])
def test_a_prompt_of_unknown_symbols_is_left_to_the_model(symbol: int, more: int) -> None:
    """C++ would read beyond its table."""
    model = sharpened(MODELS["lstm"])
    prompt = torch.tensor([symbol] + more * [1])
    assert NativeKernel().generate(model, model.initial_state(1), prompt, Sampler()) is None
    model.recurrent.kernels = (NativeKernel(),)
    with pytest.raises(MisfitError, match=f"has the symbol {symbol}, expected 0 to {V - 1}"):
        next(generate(model, Batch(prompt.unsqueeze(0)), Sampler()))


@built
def test_a_prompt_without_symbols_is_left_to_the_model() -> None:
    """C++ would read before its first symbol."""
    model, nothing = sharpened(MODELS["lstm"]), torch.zeros(0, dtype=torch.long)
    state, kernel = model.initial_state(1), NativeKernel()
    assert kernel.generate(model, state, nothing, Sampler()) is None
    assert kernel.generate_rows(model, [state], [nothing], [Sampler()], [3]) is None


@built
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_an_output_layer_of_another_dtype_is_left_to_the_model(dtype: torch.dtype) -> None:
    """C++ would read beyond its end."""
    model = sharpened(MODELS["lstm"])
    model.output.to(dtype)
    model.recurrent.kernels = (NativeKernel(),)
    with pytest.raises(RuntimeError, match="dtype"):
        next(generate(model, Batch(torch.tensor([[1]])), Sampler()))


@built
def test_a_model_that_moves_between_two_symbols_leaves_the_text_alone() -> None:
    """C++ reads the memory of the first call until the end, so that memory must stay."""
    expected = text(sharpened(MODELS["gru"]).float(), NativeKernel(), seed=6)
    model = sharpened(MODELS["gru"]).float()
    model.recurrent.kernels = (NativeKernel(),)
    symbols = generate(model, Batch(torch.tensor([[1, 2, 3]])), Sampler(seed=6))
    first = next(symbols)
    model.double()
    others = [torch.full((V,), 100.0) for _ in range(500)]  # some where the bias was
    assert [first, *islice(symbols, COUNT - 1)] == expected
    assert len(others) == 500


@built
def test_in_single_precision_text_repeats_and_a_longer_one_begins_alike() -> None:
    model = sharpened(MODELS["lstm"]).float()
    first = text(model, NativeKernel(), seed=3)
    assert text(model, NativeKernel(), seed=3) == first
    assert text(model, NativeKernel(), 20, seed=3) == first[:20]


@built
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("temperature", [1e-320, 1e-3, 0.05, 0.8, 40.0])
def test_every_level_draws_as_the_sampler_does(
    monkeypatch: pytest.MonkeyPatch, temperature: float, dtype: torch.dtype
) -> None:
    # the logits are the biases alone, so that no product rounds them
    model = rnn_embed(RnnEmbedConfig(**SMALL), letters(37)).eval().to(dtype)
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.copy_(torch.linspace(-3, 3, 37)[torch.arange(37) * 5 % 37])
    options = {"temperature": temperature, "seed": 5}
    expected = text(model, ReferenceKernel(), 300, **options)
    least, most = {1e-320: (1, 1), 1e-3: (1, 1), 0.05: (2, 20)}.get(temperature, (16, 37))
    assert least <= len(set(expected)) <= most
    for level in LEVELS:
        monkeypatch.setenv(LEVEL, level)
        assert text(model, NativeKernel(), 300, **options) == expected, level


@built
@pytest.mark.parametrize("symbol", [0, 17, 36])
@pytest.mark.parametrize("logit", [torch.inf, -torch.inf, torch.nan])
def test_every_place_of_a_logit_that_is_not_finite_is_found(symbol: int, logit: float) -> None:
    model = rnn_embed(RnnEmbedConfig(**SMALL), letters(37)).eval()
    model.output.bias.data[symbol] = logit
    with pytest.raises(IntegrityError, match="not finite"):
        text(model, NativeKernel(), 1, temperature=0)


@built
def test_numbers_that_are_not_finite_end_the_text() -> None:
    model = sharpened(MODELS["gru"])
    model.output.bias.data[4] = torch.inf
    model.recurrent.kernels = (NativeKernel(),)
    state = model.initial_state(1)
    symbols = NativeKernel().generate(model, state, torch.tensor([0]), Sampler())
    assert symbols is not None
    with pytest.raises(IntegrityError, match="not finite"):
        next(symbols)


@built
def test_tied_weights_give_the_text_of_the_cores_loop() -> None:
    config = LstmEmbedConfig(hidden_size=19, embedding_size=19, tie_weights=True)
    model = sharpened(lambda: lstm_embed(config, SIGNATURE))
    expected = text(model, ReferenceKernel(), temperature=0.7, seed=1)
    assert text(model, NativeKernel(), temperature=0.7, seed=1) == expected


@built
def test_a_model_of_fewer_classes_than_symbols_keeps_the_cores_loop() -> None:
    fewer = replace(SIGNATURE, outputs=Classes(V - 1, per="step", next_token=True), vocabulary=None)
    model = sharpened(lambda: lstm_embed(LstmEmbedConfig(**SMALL), fewer))
    assert set(text(model, NativeKernel(), temperature=5.0, seed=1)) == set(range(V - 1))


@built
@every_model
def test_autocast_stores_the_weights_in_bfloat16(
    monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    model, rounded_model = sharpened(make).float(), sharpened(make).float()
    for name, parameter in rounded_model.named_parameters():
        if parameter.dim() == 2 and not name.startswith("embedding") and "ih_l0" not in name:
            parameter.data = parameter.data.bfloat16().float()
    with torch.no_grad():
        start = model(Batch(torch.tensor([[1, 2, 3]]))).state
    assert start is not None
    for level in LEVELS:
        monkeypatch.setenv(LEVEL, level)
        bf16 = symbols(model, start, torch.bfloat16)
        assert bf16 == symbols(rounded_model, start, torch.float32), level
        assert bf16 != symbols(model, start, torch.float32), level


def symbols(model: RecurrentModel, start: State, precision: torch.dtype) -> list[int]:
    """By the native kernel, under autocast to a precision but in float32."""
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
        symbols = NativeKernel().generate(model, start, torch.tensor([1]), Sampler())
        assert symbols is not None
        return list(islice(symbols, LONG))


@built
@pytest.mark.parametrize("prompt", [[1], [1, 2, 3]], ids=len)
def test_text_in_bfloat16_is_native_where_training_in_it_is_not(
    monkeypatch: pytest.MonkeyPatch, prompt: list[int]
) -> None:
    monkeypatch.setattr(native, "multiplies_bfloat16", lambda device: True)
    monkeypatch.setenv(LEVEL, "baseline")
    model, kernel = sharpened(MODELS["lstm"]).float(), NativeKernel()
    model.recurrent.kernels = (kernel, ReferenceKernel())
    with torch.autocast("cpu", torch.bfloat16):
        assert model.recurrent.kernel is not kernel
    states: list[State] = []
    loop = NativeKernel.generate

    def noted(
        model: RecurrentModel, state: State, *rest: Any, **options: Any
    ) -> Iterator[int] | None:
        states.append(state)
        return loop(kernel, model, state, *rest, **options)

    monkeypatch.setattr(kernel, "generate", noted)
    symbols = generate(model, Batch(torch.tensor([prompt])), Sampler(), "bf16")
    assert len(set(islice(symbols, 50))) > 3
    assert len(states) == 1


@built
def test_a_state_that_autocast_has_rounded_is_widened() -> None:
    model = sharpened(MODELS["gru"]).float()
    rounded = tuple(
        rebuild(state, (torch.randn_like(tensor).bfloat16() for tensor in state))
        for state in model.initial_state(1)
    )
    widened = tuple(rebuild(state, (tensor.float() for tensor in state)) for state in rounded)
    expected = symbols(model, widened, torch.bfloat16)
    assert symbols(model, rounded, torch.bfloat16) == expected


@built
def test_what_is_in_double_precision_stays_so_under_autocast() -> None:
    model = sharpened(MODELS["lstm"])
    start = model.initial_state(1)
    assert symbols(model, start, torch.bfloat16) == symbols(model, start, torch.float32)


ROWS = 19
"""More texts than are multiplied with a block of weights at once."""


@built
@every_model
@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_each_of_several_texts_is_what_it_is_alone(
    monkeypatch: pytest.MonkeyPatch, make: Any, precision: str
) -> None:
    model = sharpened(make).float()
    model.recurrent.kernels = (NativeKernel(),)
    draw = torch.Generator().manual_seed(7)
    prompts = [
        Batch(torch.randint(V, (1, 70 if row == 4 else 1 + row % 5), generator=draw))
        for row in range(ROWS)
    ]
    lengths = [300 if row == 2 else row for row in range(ROWS)]
    options = [SAMPLERS[row % len(SAMPLERS)] for row in range(ROWS)]
    for level in LEVELS:
        monkeypatch.setenv(LEVEL, level)
        samplers = [Sampler(**each) for each in options]
        together = generate_texts(model, prompts, samplers, lengths, precision)
        for row in (1, 2, 4, 18):
            alone = generate(model, prompts[row], Sampler(**options[row]), precision)
            assert together[row] == list(islice(alone, lengths[row])), (level, row)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The symbols of each text in every call of the library so far."""
    counts_of_calls: list[list[int]] = []
    run = NativeText.generate

    def generate_counts(
        self: NativeText, counts: list[tuple[int, int]]
    ) -> list[tuple[list[int], bool]]:
        counts_of_calls.append([count for _, count in counts])
        return run(self, counts)

    monkeypatch.setattr(NativeText, "generate", generate_counts)
    return counts_of_calls


@built
def test_a_call_for_a_stream_makes_few_symbols_however_fast_they_are(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[int]]
) -> None:
    """Perhaps its reader takes no more of them."""
    monkeypatch.setattr(NativeText, "symbols_per_call", 10_000)
    text(sharpened(MODELS["gru"]).float(), NativeKernel(), 1000)
    assert calls == [[1], [3], [12], [48], [192], [256], [256], [256]]


@built
def test_a_call_for_many_texts_makes_few_symbols_so_that_ctrl_c_ends_it(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[int]]
) -> None:
    model = sharpened(MODELS["gru"]).float()
    model.recurrent.kernels = (NativeKernel(),)
    monkeypatch.setattr(NativeText, "symbols_per_call", 256)
    prompts = [Batch(torch.tensor([[1, 2, 3]]))] * 100
    generate_texts(model, prompts, [Sampler() for _ in prompts], [30] * 99 + [100])
    assert calls == [[8] * 100] * 3 + [[6] * 99 + [8], [68]]


@built
@every_model
def test_int8_text_is_that_of_the_rounded_weights_in_double_precision(
    monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    """States of 16 bits in the products change them by less than their own rounding."""
    model = with_int8_weights(sharpened(make).float())
    exact = with_int8_weights(sharpened(make).float()).double()
    prompt = torch.tensor([1, 2, 3])
    for level in LEVELS:
        monkeypatch.setenv(LEVEL, level)
        library = native_library()
        assert isinstance(library, NativeLibrary)
        weights = text_weights(library, model, sources(model), "int8")
        text = NativeText(model, weights, [model.initial_state(1)], [prompt], [Sampler(seed=1)])
        ((symbols, _),) = text.generate([(0, 60)])
        fed = torch.tensor([[*prompt.tolist(), *symbols[:-1]]])
        with torch.no_grad():
            expected = exact(Batch(fed)).state
        assert expected is not None
        for state, part in zip(text.states, expected, strict=True):
            hidden = state.tensors["hidden"][0, 0].double()
            assert (hidden - part[0][0]).abs().max() < 2e-3, level
        assert len(set(symbols)) >= 3


@built
def test_int8_weights_in_double_precision_keep_the_cores_loop() -> None:
    model = sharpened(MODELS["lstm"])
    prompt = torch.tensor([1])
    state = model.initial_state(1)
    assert NativeKernel().generate(model, state, prompt, Sampler(), int8=True) is None
    rows = NativeKernel().generate_rows(model, [state], [prompt], [Sampler()], [3], int8=True)
    assert rows is None


@built
def test_symbols_of_some_probability_together_are_drawn_by_the_cores_loop() -> None:
    model, prompt = sharpened(MODELS["lstm"]), torch.tensor([1])
    state, kernel, samplers = (
        model.initial_state(1),
        NativeKernel(),
        [Sampler(), Sampler(top_p=0.9)],
    )
    assert kernel.generate(model, state, prompt, samplers[1]) is None
    assert kernel.generate_rows(model, 2 * [state], 2 * [prompt], samplers, [3, 3]) is None


@built
def test_int8_sums_that_32_bits_may_not_hold_are_left_to_the_cores_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, prompt = sharpened(MODELS["lstm"]).float(), torch.tensor([1])
    state, width = model.initial_state(1), SMALL["hidden_size"]
    for limit, is_taken in ((width, True), (width - 1, False)):
        monkeypatch.setattr("zoo_kernels.text.MAX_INT8_WIDTH", limit)
        generated = NativeKernel().generate(model, state, prompt, Sampler(), int8=True)
        assert (generated is not None) is is_taken
