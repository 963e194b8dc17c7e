"""What torch keeps for a whole process, kept apart for a training and for its caller.

These are the random numbers, and the modes that change what operations compute.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator

import torch

AUTOCAST_DEVICES = ("cpu", "cuda", "mps")
"""The types of devices that a model is trained on, each with an autocast of its own."""

logger = logging.getLogger(__name__)


class _OneAtATime:
    """The lock of the training that runs; its own thread may take it again."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        """Releases the lock in a child process, where the thread that holds it does not run."""
        self.lock = threading.RLock()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Inside, no other thread trains."""
        lock = self.lock
        if not lock.acquire(blocking=False):
            logger.warning("another training runs in this process; this one waits for its end")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


TRAINING = _OneAtATime()


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Puts torch's random state back at the end, that of the CUDA device in use too."""
    has_cuda = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = [torch.cuda.current_device()] if has_cuda else []
    with torch.random.fork_rng(devices):
        yield


@contextlib.contextmanager
def kept_torch_state() -> Iterator[None]:
    """Puts back at the end what foreign code inside changes of torch, such as a listener's.

    These are the random state, whether gradients are recorded, inference mode, autocast with its
    cache of weights, and the default dtype and device.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(kept_random_state())
        stack.callback(_put_default_device_back, torch.get_default_device())
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        has_gradients = torch.is_grad_enabled()
        # The end of an inference mode puts back what was before it, whatever was entered inside.
        stack.enter_context(torch.inference_mode(torch.is_inference_mode_enabled()))
        stack.enter_context(torch.set_grad_enabled(has_gradients))
        stack.enter_context(_kept_autocast())
        yield


def _put_default_device_back(device: torch.device) -> None:
    """Makes a device that was the default one the default again."""
    if torch.get_default_device() != device:
        torch.set_default_device(None)  # a default that is set slows every call, the CPU too
    if torch.get_default_device() != device:
        torch.set_default_device(device)


@contextlib.contextmanager
def _kept_autocast() -> Iterator[None]:
    """Puts autocast back at the end, and forgets weights that were rounded within another one."""
    devices = [name for name in AUTOCAST_DEVICES if torch.amp.is_autocast_available(name)]
    before = [(torch.is_autocast_enabled(name), torch.get_autocast_dtype(name)) for name in devices]
    has_cache, depth = torch.is_autocast_cache_enabled(), _autocast_depth()
    try:
        yield
    finally:
        for name, (is_enabled, dtype) in zip(devices, before, strict=True):
            torch.set_autocast_enabled(name, is_enabled)
            torch.set_autocast_dtype(name, dtype)
        torch.set_autocast_cache_enabled(has_cache)
        if (change := _autocast_depth() - depth) != 0:
            move = (
                torch.autocast_decrement_nesting if change > 0 else torch.autocast_increment_nesting
            )
            for _ in range(abs(change)):
                move()
            torch.clear_autocast_cache()


def _autocast_depth() -> int:
    """Returns how many autocasts are entered; torch keeps its cache until it is back at 0."""
    torch.autocast_increment_nesting()
    return int(torch.autocast_decrement_nesting())


@contextlib.contextmanager
def own_torch_state() -> Iterator[None]:
    """Inside, torch is as in a new process, and no other thread is inside.

    Trainings draw from random numbers of the whole process: of two at once, neither would repeat.
    Autocast, default dtypes and devices, and modes without gradients, such as those of a notebook,
    have no effect inside and are back at the end, as the random state is.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(TRAINING.held())
        stack.enter_context(kept_random_state())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for device in AUTOCAST_DEVICES:
            if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
        yield
