"""The keys of a piano and their names: MIDI 21 to 108, A0 to C8."""

from __future__ import annotations

import re

from zoo_core.errors import DataError
from zoo_core.escaping import quoted

LOWEST, HIGHEST = 21, 108
"""The MIDI numbers of the lowest and the highest key."""
PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d{1,3})")
NUMBER = re.compile(r"\d{1,3}")
SILENCE = ("-", "–")
"""What stands for a step at which no key sounds."""


def name_of(number: int) -> str:
    """Returns the name of a MIDI number; 60 is C4."""
    return f"{PITCHES[number % 12]}{number // 12 - 1}"


NAMES = tuple(name_of(number) for number in range(LOWEST, HIGHEST + 1))
"""The names of the 88 keys."""


def parse_steps(text: str) -> list[list[int]]:
    """Returns the keys of every step, each from 0 to 87.

    Steps are separated by ``;`` or line ends, keys by spaces or commas: names (``C4``, ``F#3``,
    ``Bb2``) or MIDI numbers; ``-`` is silence.

    Raises:
        DataError: There is no step, or a word is no key of a piano.
    """
    parts = [part.replace(",", " ").split() for part in re.split(r"[;\n]", text)]
    steps = [
        [] if len(words) == 1 and words[0] in SILENCE else [_parse_key(word) for word in words]
        for words in parts
        if words
    ]
    if not steps:
        raise DataError("no step; write the keys of at least one, such as C4 E4 G4")
    return steps


def _parse_key(word: str) -> int:
    if note := NOTE.fullmatch(word):
        letter, accidental, octave = note.groups()
        number = SEMITONES[letter.upper()] + ACCIDENTALS[accidental] + 12 * (int(octave) + 1)
    elif NUMBER.fullmatch(word):
        number = int(word)
    else:
        raise DataError(
            f"{quoted(word):.80} is no key; write a name such as C4, F#3 or Bb2, or a MIDI number, "
            "and - for silence"
        )
    if not LOWEST <= number <= HIGHEST:
        raise DataError(
            f"the key {quoted(word)} is outside {LOWEST} to {HIGHEST} ({NAMES[0]} to {NAMES[-1]}), "
            "the keys of a piano"
        )
    return number - LOWEST
