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
        for device in ("cpu", "cuda", "mps"):
            if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
        yield
