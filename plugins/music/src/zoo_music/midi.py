"""MIDI files of piano rolls."""

from __future__ import annotations

import io
from collections.abc import Sequence

import mido

from zoo_music.notes import LOWEST

TICKS = 480
"""Ticks of a step, which is a quarter note of the file."""
VELOCITY = 80
"""How hard a key is struck, from 1 to 127."""


def midi_bytes(steps: Sequence[Sequence[int]], seconds: float) -> bytes:
    """Returns a MIDI file with one track of a piano.

    A key that sounds in consecutive steps is struck once and held, since a piano roll does not say
    whether it is struck again.

    Args:
        steps: The keys of every step, each from 0 to 87.
        seconds: Duration of a step.
    """
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=round(seconds * 1_000_000)))
    track.append(mido.Message("program_change", program=0))
    held: set[int] = set()
    waiting = 0
    for keys in (*map(set, steps), set[int]()):
        changes = [("note_off", key) for key in sorted(held - keys)]
        changes += [("note_on", key) for key in sorted(keys - held)]
        for kind, key in changes:
            velocity = VELOCITY if kind == "note_on" else 0
            track.append(mido.Message(kind, note=key + LOWEST, velocity=velocity, time=waiting))
            waiting = 0
        held = keys
        waiting += TICKS
    track.append(mido.MetaMessage("end_of_track", time=waiting - TICKS))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()
