"""The sample of zoo-music, and the files that its reader is tested with; scipy writes both.

uv run --with scipy python -m tests.plugins.music.made
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zoo_music.dataset import SAMPLE
from zoo_music.notes import LOWEST, NAMES
from zoo_music.rolls import VARIABLES

FILES = Path(__file__).with_name("files")
PLAIN, PACKED = FILES / "plain.mat", FILES / "packed.mat"
"""The same songs of another type each, as a file that is not compressed and as one that is."""
KINDS = ("u1", "f8", "i4", "f4", "?", "i2")
"""The types of the songs of the test's files."""
SONGS = {"train": 40, "validation": 10, "test": 10}
"""The songs of each split of the sample."""
CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (-3, 0, 4))
"""Tonic, subdominant, dominant and the parallel minor, as semitones above the root."""
FOLLOWING = {0: (1, 2, 3, 1), 1: (2, 0, 2), 2: (0, 0, 3), 3: (1, 2)}
"""The chords that may follow each."""
STEPS_PER_CHORD = 4


def roll(number: int) -> NDArray[np.uint8]:
    """Returns the song of a number as a piano roll, one key a step, by a rule."""
    steps = 2 + number
    song = np.zeros((steps, len(NAMES)), dtype=np.uint8)
    song[np.arange(steps), (11 * number + 7 * np.arange(steps)) % len(NAMES)] = 1
    return song


def cadence(draw: random.Random) -> NDArray[np.uint8]:
    """Returns chords over a bass, with a melody that moves through their notes."""
    root, chord = draw.choice((53, 55, 57, 60, 62)), 0
    steps: list[list[int]] = []
    for _ in range(draw.randint(3, 7)):
        notes = [root + note for note in CHORDS[chord]]
        bass = notes[0] - 12
        for _ in range(STEPS_PER_CHORD):
            steps.append([bass, *notes, draw.choice(notes) + 12])
        chord = draw.choice(FOLLOWING[chord])
    notes = [root + note for note in CHORDS[0]]
    steps += [[notes[0] - 12, *notes, notes[0] + 12]] * STEPS_PER_CHORD
    song = np.zeros((len(steps), len(NAMES)), dtype=np.uint8)
    for step, keys in enumerate(steps):
        song[step, np.array(keys) - LOWEST] = 1
    return song


def cells(songs: list[NDArray[np.uint8]], *, is_row: bool = True) -> NDArray[np.object_]:
    """Returns songs as scipy writes a cell array, a row or a column."""
    array = np.empty((1, len(songs)) if is_row else (len(songs), 1), dtype=object)
    for number, song in enumerate(songs):
        array.flat[number] = song
    return array


def main() -> None:
    """Writes the files."""
    from scipy.io import savemat
    from scipy.sparse import eye

    draw = random.Random(1)
    sample = {
        VARIABLES[split]: cells([cadence(draw) for _ in range(count)])
        for split, count in SONGS.items()
    }
    savemat(SAMPLE, sample, do_compression=True)
    songs = [roll(number).astype(kind) for number, kind in enumerate(KINDS)]
    content = {
        "note": "other variables",
        "shape": {"a": 1},
        "sparse": eye(3).tocsc(),
        "traindata": cells(songs),
        "validdata": cells(songs[:2], is_row=False),
        "testdata": cells(songs[2:3]),
    }
    FILES.mkdir(exist_ok=True)
    savemat(PLAIN, content)
    savemat(PACKED, content, do_compression=True)


if __name__ == "__main__":
    main()
