"""Music: files and keys that are wrong, and models that write none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault
from tests.plugins.music.made import roll
from tests.plugins.music.mat_file import cell_array, mat_file, matrix, songs_file
from zoo_music.dataset import SAMPLE

LEFT = "no run"
WHOLE = SAMPLE.read_bytes()


def train_on(path: Path, out: Path, dataset: str = "piano-rolls") -> list[object]:
    """Returns the arguments of a short training on songs."""
    sizes = ["--model.hidden-size", 4, "--trainer.epochs", 1]
    where = ["--dataset.path", path, "--out", out]
    return ["train", "gru-stacked", "--dataset", dataset, *sizes, *where]


@pytest.mark.parametrize(
    "data",
    [
        case(
            (
                110,
                "songs in a file of another kind",
                "Error: …rolls.mat is no MATLAB 5 file; save it with MATLAB's save FILE -v7, or …",
                6,
                LEFT,
            ),
            b"MThd\0\0\0\6\0\0\0\1\x01\xe0MTrk",
        ),
        case(
            (
                110,
                "songs in a pickle",
                "Error: …rolls.mat is no MATLAB 5 file but a pickle; save it with …",
                6,
                LEFT,
            ),
            b"\x80\x04" + bytes(200),
        ),
        case(
            (
                110,
                "songs in a file of MATLAB 7.3",
                "Error: …rolls.mat is no MATLAB 5 file but one of MATLAB 7.3 (HDF5); save it …",
                6,
                LEFT,
            ),
            mat_file(version=0x0200),
        ),
        case(
            (
                111,
                "a file of songs that is cut off",
                "Error: …rolls.mat is cut off: … bytes are needed in the file, … are left",
                6,
                LEFT,
            ),
            WHOLE[:-100],
        ),
        case(
            (
                111,
                "a file of songs with an altered byte",
                "Error: …rolls.mat is damaged: …",
                6,
                LEFT,
            ),
            WHOLE[:400] + bytes(32) + WHOLE[432:],
        ),
        case(
            (
                112,
                "songs in variables of other names",
                "Error: …rolls.mat has no variable 'traindata'; it has 'songs'",
                6,
                LEFT,
            ),
            mat_file(cell_array("songs", [matrix(roll(3))])),
        ),
        case(
            (
                113,
                "songs with keys outside 21 to 108",
                "Error: …rolls.mat: song 1 of traindata is 9 × 128, expected steps × 88: a column "
                "for each key of a piano, MIDI 21 to 108",
                6,
                LEFT,
            ),
            songs_file([np.zeros((9, 128), dtype=np.uint8)]),
        ),
        case(
            (
                113,
                "songs with other numbers than 0 and 1",
                "Error: …rolls.mat: song 1 of traindata has 64 at step 1 for A0, expected 0 or 1",
                6,
                LEFT,
            ),
            songs_file([np.full((9, 88), 64, dtype=np.uint8)]),
        ),
    ],
)
def test_a_file_that_has_no_songs_is_refused(
    zoo: Zoo, met: Met, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "rolls.mat"
    path.write_bytes(data)
    met(zoo(*train_on(path, tmp_path / "run")))
    assert not (tmp_path / "run").exists()


@fault(
    110,
    "another file in place of JSB Chorales",
    says="Error: …rolls.mat has … bytes with sha256 …, expected 96,095 bytes with sha256 …; for "
    "songs of your own: --dataset piano-rolls --dataset.path FILE",
    code=4,
    left=LEFT,
)
def test_another_file_than_the_published_one_is_refused(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    path = tmp_path / "rolls.mat"
    path.write_bytes(WHOLE)
    met(zoo(*train_on(path, tmp_path / "run", "jsb-chorales")))
    assert not (tmp_path / "run").exists()


@fault(
    114,
    "a MIDI file of a model that writes text",
    says="Error: lstm-embed is trained on …hello, which is no music: leave out --midi",
    code=6,
    left="nothing",
)
def test_a_model_of_text_writes_no_midi_file(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path
) -> None:
    met(zoo("generate", hello, "--midi", tmp_path / "song.mid"))
    assert not (tmp_path / "song.mid").exists()


@fault(
    114,
    "a MIDI file that is in the way",
    says="Error: …song.mid exists already; choose another, or --overwrite",
    code=6,
    left="the file as it was",
)
def test_a_midi_file_that_exists_is_kept(zoo: Zoo, met: Met, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "song.mid").write_text("mine")
    met(zoo("generate", hello, "--midi", tmp_path / "song.mid"))
    assert (tmp_path / "song.mid").read_text() == "mine"


@fault(
    115,
    "a prompt with a key that a piano lacks",
    says="Error: the key 'C9' is outside 21 to 108 (A0 to C8), the keys of a piano",
    code=6,
    left="nothing",
)
def test_a_key_outside_the_piano_is_refused(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    assert zoo(*train_on(SAMPLE, tmp_path / "run")).code == 0
    met(zoo("generate", tmp_path / "run", "--prompt", "C4 C9"))
