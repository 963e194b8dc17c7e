"""The processes of ``torch.distributed``: gloo on the CPU, NCCL between GPUs.

Tensors and the bytes of JSON travel between them, never pickle. Sums are computed in an order that
depends on the number of processes alone, so the same number gives the same bits.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, TypeVar, final

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from zoo_core.errors import DeviceError, PeerError, ProcessError, ZooError
from zoo_core.runtime.distributed.launch import peer_timeout
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses

T = TypeVar("T")
SIGNS = (
    "gloo",
    "NCCL",
    "pair closure",
    "Timed out",
    "c10d",
    "Connection closed",
    "Connection reset",
    "process group",
)
"""What the errors of torch's exchange contain, which are plain RuntimeErrors in part."""


@contextlib.contextmanager
def joined_processes() -> Iterator[AbstractProcesses]:
    """Joins the processes that torch's launcher started, until the end of the context.

    A single one is an ordinary run.

    Raises:
        ConfigError: The environment variable of the timeout is not a number above 0.
        PeerError: Another process cannot be reached.
    """
    if int(os.environ["WORLD_SIZE"]) == 1:
        yield ONE_PROCESS
        return
    timeout = timedelta(seconds=peer_timeout())
    backend = "gloo"
    if torch.cuda.is_available() and dist.is_nccl_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
        backend = "cpu:gloo,cuda:nccl"
    with _peer_errors(timeout):
        store, rank, size = next(rendezvous("env://", timeout=timeout))
        if os.environ.get("GROUP_WORLD_SIZE") == "1":
            # The launcher keeps the addresses of processes that have died in the same store.
            store = PrefixStore(f"start {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=timeout)
    try:
        yield TorchProcesses(timeout)
    finally:
        with contextlib.suppress(RuntimeError):
            dist.destroy_process_group()


@contextlib.contextmanager
def _peer_errors(timeout: timedelta) -> Iterator[None]:
    """Turns the errors of torch's exchange into a PeerError."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        if not isinstance(error, dist.DistError) and not any(sign in reason for sign in SIGNS):
            raise
        raise PeerError(
            "another process of the run has ended, or has not answered for "
            f"{timeout.total_seconds():g} s; the last saved state is intact"
        ) from error


@final
class TorchProcesses(AbstractProcesses):
    """The processes of the default process group.

    Args:
        timeout: The time after which a process that does not answer counts as lost.
    """

    def __init__(self, timeout: timedelta) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._timeout = timeout

    def check_device(self, device: str) -> None:
        """Checks that every process on this host has a device of its own."""
        if device not in ("cpu", "cuda"):
            raise DeviceError(f"several processes train on cpu or cuda, not on {device}")
        local = int(os.environ["LOCAL_WORLD_SIZE"])
        if device == "cuda" and local > torch.cuda.device_count():
            raise DeviceError(
                f"{local} processes and {torch.cuda.device_count()} GPUs on "
                f"{socket.gethostname()}: start one for each GPU, or choose --device cpu"
            )

    def together(self, action: Callable[[], T]) -> T:
        """Does something on every process; the error of one is that of all."""
        result, failure = None, None
        try:
            result = action()
        except PeerError:
            raise
        except ZooError as error:
            failure = {"message": str(error), "code": error.exit_code}
        if not any(self.largest(int(failure is not None))):
            return result  # type: ignore[return-value]  # the action has returned it
        failures = self.collect(failure)
        rank = next(rank for rank, failure in enumerate(failures) if failure)
        message, code = failures[rank]["message"], failures[rank]["code"]
        # The first process prints the error, and what failed there needs no address.
        where = "" if all(failures) or rank == 0 else f"process {rank}: "
        raise ProcessError(f"{where}{message}", code)

    def decide(self, value: int) -> int:
        """Returns the value of the first process."""
        tensor = torch.tensor([value])
        with self.errors():
            dist.broadcast(tensor, src=0)
        return int(tensor.item())

    def largest(self, *values: int) -> list[int]:
        """Returns the largest of each value."""
        tensor = torch.tensor(values)
        with self.errors():
            dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return tensor.tolist()

    def collect(self, value: Any) -> list[Any]:
        """Returns the values of all processes."""
        data = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        (longest,) = self.largest(len(data))
        # the length first, because JSON may be of any
        row = torch.zeros(8 + longest, dtype=torch.uint8)
        row[:8] = torch.tensor([len(data)]).view(torch.uint8)
        row[8 : 8 + len(data)] = data
        rows = [torch.empty_like(row) for _ in range(self.size)]
        with self.errors():
            dist.all_gather(rows, row)
        texts = [bytes(row[8 : 8 + int(row[:8].view(torch.int64))].tolist()) for row in rows]
        return [json.loads(text) for text in texts]

    def broadcast(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the tensors of the first process, on the CPU."""
        forms = {
            name: [str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]
            for name, tensor in tensors.items()
        }
        received: dict[str, Tensor] = {}
        for name, (dtype, shape) in self.collect(forms if self.is_first else None)[0].items():
            if self.is_first:
                tensor = tensors[name].cpu().contiguous()
            else:
                tensor = torch.empty(shape, dtype=getattr(torch, dtype))
            with self.errors():
                dist.broadcast(tensor, src=0)
            received[name] = tensor
        return received

    def add(self, tensor: Tensor) -> Tensor:
        """Returns the sum over all processes."""
        total = tensor.clone()
        with self.errors():
            dist.all_reduce(total)
        return total

    def join_rows(self, tensor: Tensor, counts: list[int]) -> Tensor:
        """Returns the rows of all processes, on the CPU."""
        own = counts[self.rank]
        row = torch.zeros((max(counts), *tensor.shape[1:]), dtype=tensor.dtype)
        row[:own] = tensor[:own].cpu()
        rows = [torch.empty_like(row) for _ in range(self.size)]
        with self.errors():
            dist.all_gather(rows, row)
        return torch.cat([part[:count] for part, count in zip(rows, counts, strict=True)])

    def wrap(self, model: nn.Module) -> nn.Module:
        """Returns the model in torch's DistributedDataParallel.

        It looks for parameters without a gradient in every step, and so never changes the order in
        which it sums: that order would not be the same after a resume.
        """
        with self.errors():
            return DistributedDataParallel(model, find_unused_parameters=True)

    def without_exchange(self, model: nn.Module) -> AbstractContextManager[object]:
        """Returns DistributedDataParallel's own context."""
        assert isinstance(model, DistributedDataParallel), "wrap made it"
        context: AbstractContextManager[object] = model.no_sync()
        return context

    def errors(self) -> AbstractContextManager[object]:
        """Returns a context that reports a lost process."""
        return _peer_errors(self._timeout)
