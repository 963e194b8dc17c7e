"""The interface of a kernel that generates text by a loop of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from torch import Tensor

from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.state import State


class AbstractTextKernel(ABC):
    """A capability of a kernel, beside AbstractKernel: to run the whole loop over symbols."""

    @abstractmethod
    def generate(
        self,
        model: RecurrentModel,
        state: State,
        prompt: Tensor,
        sampler: Sampler,
        *,
        int8: bool = False,
    ) -> Iterator[int] | None:
        """Generates the symbols that follow a prompt.

        The kernel switches gradients off itself, around what it computes and not over a
        ``yield``. Autocast, where it is on during this call, sets the precision of the products.
        It is off again while the caller iterates, so the kernel reads it here.

        Args:
            model: A model with the default forward over tokens, in one direction, whose cell this
                kernel runs.
            state: The state to start from, for one row.
            prompt: The symbols that come first, (T,) with T of at least 1.
            sampler: Chooses each symbol.
            int8: Whether the weights are those of ``with_int8_weights``, which may be stored in
                8 bits.

        Returns:
            The symbols, without end; None if this kernel's loop does not suit the model.
        """

    @abstractmethod
    def generate_rows(
        self,
        model: RecurrentModel,
        states: Sequence[State],
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
        lengths: Sequence[int],
        *,
        int8: bool = False,
    ) -> list[list[int]] | None:
        """Generates several texts, with one step for all of them.

        Each is what ``generate`` gives of it alone, bit for bit.

        Args:
            model: As for ``generate``.
            states: The states to start from, each for one row.
            prompts: The symbols that come first, each (T,) with T of at least 1.
            samplers: Choose the symbols of each text.
            lengths: The number of symbols of each text.
            int8: As for ``generate``.

        Returns:
            The symbols; None if this kernel's loop does not suit the model.

        Raises:
            IntegrityError: The logits are not finite.
        """
