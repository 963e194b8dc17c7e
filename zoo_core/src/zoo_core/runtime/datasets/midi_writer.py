"""The interface of a dataset whose keys are those of an instrument."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence


class AbstractMidiWriter(ABC):
    """A capability of a dataset, beside AbstractDataset: to write keys as a MIDI file."""

    @abstractmethod
    def midi(self, steps: Sequence[Sequence[int]]) -> bytes:
        """Returns a MIDI file.

        Args:
            steps: The keys that sound at every step, as the signature numbers them.
        """
