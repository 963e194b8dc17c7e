"""The processes of a run: the interface, and the one process of an ordinary run.

Every process holds the whole model and reads the same batches. It computes the gradient of its own
rows, the gradients are summed, and every process takes the same optimizer step. What depends on a
clock is decided by the first process, which alone writes, prints and saves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeVar, final

from torch import Tensor, nn

from zoo_core.runtime.nn.row_cut import cut_rows

T = TypeVar("T")


@final
class Share(NamedTuple):
    """The rows of a batch that a process computes.

    Args:
        first: The first row.
        end: The row after the last one.
        counts: Whether what comes out counts.
    """

    first: int
    end: int
    counts: bool


class AbstractProcesses(ABC):
    """The processes that train one model together.

    Every process must call the methods in the same order.

    Attributes:
        rank: The number of this process, from 0.
        size: The number of processes.
    """

    rank: int
    size: int

    @property
    def is_first(self) -> bool:
        """Whether this process writes, prints and decides."""
        return self.rank == 0

    def share(self, rows: int) -> Share:
        """Returns the rows of this process.

        A process for which none are left computes the first row, which then counts for nothing, so
        that it takes part in every exchange.

        Args:
            rows: The rows of the batch.
        """
        first, end = cut_rows(rows, self.size)[self.rank]
        return Share(first, end, True) if end > first else Share(0, 1, False)

    @abstractmethod
    def check_device(self, device: str) -> None:
        """Checks that the processes can train on a device.

        Raises:
            DeviceError: They cannot.
        """

    @abstractmethod
    def together(self, action: Callable[[], T]) -> T:
        """Does something on every process that may fail on each, such as reading the data.

        Returns:
            What the action returned here.

        Raises:
            ZooError: The action failed on a process; every process raises it then.
        """

    @abstractmethod
    def decide(self, value: int) -> int:
        """Returns the value that the first process gave."""

    @abstractmethod
    def largest(self, *values: int) -> list[int]:
        """Returns for each value the largest that a process gave."""

    @abstractmethod
    def collect(self, value: Any) -> list[Any]:
        """Returns the values of all processes, each of which JSON can hold, in their order."""

    @abstractmethod
    def broadcast(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the tensors of the first process; the others give any, such as none."""

    @abstractmethod
    def add(self, tensor: Tensor) -> Tensor:
        """Returns the sum of the tensors of all processes, which have one shape."""

    @abstractmethod
    def join_rows(self, tensor: Tensor, counts: list[int]) -> Tensor:
        """Returns the rows of all processes, one after the other.

        Args:
            tensor: The rows of this process; those beyond its count are left out.
            counts: The number of rows of each process.
        """

    @abstractmethod
    def wrap(self, model: nn.Module) -> nn.Module:
        """Returns a model whose backward pass averages the gradients over the processes."""

    @abstractmethod
    def without_exchange(self, model: nn.Module) -> AbstractContextManager[object]:
        """Returns a context in which gradients stay on their process and add up.

        Args:
            model: What ``wrap`` returned.
        """

    @abstractmethod
    def errors(self) -> AbstractContextManager[object]:
        """Returns a context that reports the loss of another process as an error of our own."""


@final
class OneProcess(AbstractProcesses):
    """An ordinary run: one process, which shares nothing."""

    rank = 0
    size = 1

    def check_device(self, device: str) -> None:
        """Accepts every device."""

    def together(self, action: Callable[[], T]) -> T:
        """Returns the result of the action."""
        return action()

    def decide(self, value: int) -> int:
        """Returns the value."""
        return value

    def largest(self, *values: int) -> list[int]:
        """Returns the values."""
        return list(values)

    def collect(self, value: Any) -> list[Any]:
        """Returns the value alone."""
        return [value]

    def broadcast(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the tensors."""
        return tensors

    def add(self, tensor: Tensor) -> Tensor:
        """Returns the tensor."""
        return tensor

    def join_rows(self, tensor: Tensor, counts: list[int]) -> Tensor:
        """Returns the rows."""
        return tensor

    def wrap(self, model: nn.Module) -> nn.Module:
        """Returns the model."""
        return model

    def without_exchange(self, model: nn.Module) -> AbstractContextManager[object]:
        """Returns an empty context."""
        return nullcontext()

    def errors(self) -> AbstractContextManager[object]:
        """Returns an empty context."""
        return nullcontext()


ONE_PROCESS = OneProcess()
"""The processes of an ordinary run."""
