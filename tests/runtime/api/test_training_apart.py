"""A training computes what it would in a new process, whatever its caller does with torch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import zoo_core
from zoo_core.runtime.hardware.torch_state import TRAINING
from zoo_core.runtime.training.events import Event

SETTINGS: dict[str, dict[str, Any]] = {"model": {"input_dropout": 0.3}, "trainer": {"epochs": 2}}
Weights = dict[str, Tensor]


def trained(folder: Path, **options: Any) -> Weights:
    """The weights after a training with dropout, which draws random numbers at every step."""
    zoo_core.train("lstm-embed", folder, settings=SETTINGS, device="cpu", threads=1, **options)
    return load_file(folder / "model.safetensors")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The weights of a training whose caller does nothing else."""
    return trained(tmp_path_factory.mktemp("runs") / "plain")


def check_equal(weights: Weights, expected: Weights) -> None:
    """Checks that weights are the same to the last bit."""
    torch.testing.assert_close(weights, expected, rtol=0, atol=0)


def draw(event: Event) -> None:
    """A listener that draws random numbers and seeds them."""
    torch.rand(3)
    torch.manual_seed(7)


def test_a_listener_that_draws_random_numbers_changes_no_bit(
    tmp_path: Path, expected: Weights
) -> None:
    check_equal(trained(tmp_path / "run", listen=draw), expected)


def test_a_training_inside_a_listener_changes_no_bit(tmp_path: Path, expected: Weights) -> None:
    inner: list[Weights] = []

    def train_too(event: Event) -> None:
        if not inner:
            inner.append({})
            inner[0] = trained(tmp_path / "inner")

    check_equal(trained(tmp_path / "outer", listen=train_too), expected)
    check_equal(inner[0], expected)


def test_threads_that_train_take_turns(tmp_path: Path, expected: Weights) -> None:
    results: dict[int, Weights] = {}

    def train(number: int) -> None:
        results[number] = trained(tmp_path / str(number))

    threads = [threading.Thread(target=train, args=(number,)) for number in range(3)]
    with TRAINING.held():
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        check_equal(results[number], expected)


def test_a_thread_that_waits_for_anothers_training_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = threading.Thread(target=trained, args=(tmp_path / "run",))
    with TRAINING.held():
        waiting.start()
        for _ in range(600):
            if "another training runs" in caplog.text:
                break
            waiting.join(0.1)
        assert waiting.is_alive()
    waiting.join()
    assert "another training runs in this process; this one waits" in caplog.text


MODES: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "default device": lambda: torch.device("meta"),
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_modes_of_torch_around_a_training_change_no_bit(
    tmp_path: Path, expected: Weights, mode: Callable[[], AbstractContextManager[object]]
) -> None:
    with mode():
        weights = trained(tmp_path / "run")
    check_equal(weights, expected)


def autocast_to(dtype: torch.dtype) -> None:
    """Turns autocast on, as a context that is entered and never left does."""
    torch.set_autocast_enabled("cpu", True)
    torch.set_autocast_dtype("cpu", dtype)


CHANGES: dict[str, Callable[[], object]] = {
    "no gradients": lambda: torch.set_grad_enabled(False),
    "inference": lambda: entered(torch.inference_mode()),
    "autocast": lambda: entered(torch.autocast("cpu", torch.bfloat16)),
    "autocast without a context": lambda: autocast_to(torch.float16),
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
}


def entered(context: AbstractContextManager[object]) -> AbstractContextManager[object]:
    """Enters a context, which is to be kept: some end with the object."""
    context.__enter__()
    return context


def modes() -> tuple[object, ...]:
    """What torch has of all that a listener changes here."""
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_autocast_dtype("cpu"),
        torch.get_default_dtype(),
        torch.get_default_device(),
    )


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_listener_that_changes_the_modes_of_torch_changes_no_bit(
    tmp_path: Path, expected: Weights, change: Callable[[], object]
) -> None:
    before, kept = modes(), list[object]()
    weights = trained(tmp_path / "run", listen=lambda event: kept.append(change()))
    assert modes() == before
    check_equal(weights, expected)


def test_an_autocast_that_a_listener_leaves_on_keeps_no_weights_of_an_earlier_step(
    tmp_path: Path,
) -> None:
    # The backend torch computes with the weights that autocast rounds, and keeps until its end.
    options = {"precision": "bf16", "backend": "torch"}
    expected, kept = trained(tmp_path / "plain", **options), list[object]()
    weights = trained(
        tmp_path / "run",
        listen=lambda event: kept.append(entered(torch.autocast("cpu", torch.bfloat16))),
        **options,
    )
    check_equal(weights, expected)


def test_a_device_that_a_listener_enters_changes_no_bit(tmp_path: Path, expected: Weights) -> None:
    device = torch.device("meta")
    epochs: list[Event] = []

    def enter_once(event: Event) -> None:
        if not epochs:
            epochs.append(event)
            device.__enter__()

    try:
        check_equal(trained(tmp_path / "run", listen=enter_once), expected)
        assert torch.get_default_device() == torch.device("cpu")
    finally:
        torch.set_default_device(None)
        device.__exit__(None, None, None)


def test_a_default_dtype_changes_no_bit_and_is_kept(tmp_path: Path, expected: Weights) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        check_equal(trained(tmp_path / "run"), expected)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("how", ["train", "load", "create_model"])
def test_the_random_state_of_the_caller_is_kept(tmp_path: Path, hello_once: Path, how: str) -> None:
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    if how == "train":
        trained(tmp_path / "run")
    elif how == "load":
        zoo_core.load(hello_once).model.eval()
    else:
        zoo_core.create_model("lstm-embed")
    assert torch.equal(torch.rand(1), first)
