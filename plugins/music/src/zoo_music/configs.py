"""Settings of the songs."""

from __future__ import annotations

from pathlib import Path

from zoo_core import config, setting


@config
class AbstractMusicConfig:
    """Settings that all songs share."""

    max_steps: int | None = setting(
        default=None,
        unit="steps",
        at_least=1,
        help="Most steps of a row in training; longer songs are cut, and every piece starts with a "
        "fresh state. An evaluation is always of whole songs.",
    )


@config
class JsbChoralesConfig(AbstractMusicConfig):
    """Settings of jsb-chorales: chorales by J. S. Bach."""

    path: Path | None = setting(default=None, help="A local copy, used instead of a download.")


@config
class NottinghamConfig(AbstractMusicConfig):
    """Settings of nottingham: folk tunes with chords."""

    path: Path | None = setting(default=None, help="A local copy, used instead of a download.")


@config
class PianoRollsConfig(AbstractMusicConfig):
    """Settings of piano-rolls: songs in a MATLAB 5 file."""

    path: Path = setting(
        help="The file to read: MATLAB 5 with the cell arrays traindata, validdata and testdata, "
        "a matrix of steps × 88 keys for each song."
    )


@config
class CadencesConfig(AbstractMusicConfig):
    """Settings of cadences: short songs of chords over a bass, with a melody."""
