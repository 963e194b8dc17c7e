"""``zoo generate`` of music: MIDI files, lines of keys, seeds, and models that write none."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import mido
import pytest

from tests.cli.command import Zoo
from tests.cli.conftest import zoo
from zoo_cli.main import run
from zoo_music.dataset import SAMPLE
from zoo_music.midi import midi_bytes
from zoo_music.notes import LOWEST, parse_steps

__all__ = ["zoo"]


def notes_of(data: bytes) -> list[tuple[float, float, int]]:
    """Returns the start, the duration and the number of every note of a file, in seconds."""
    notes, struck, now = [], {}, 0.0
    for message in mido.MidiFile(file=io.BytesIO(data)):
        now += message.time
        if message.type == "note_on":
            struck[message.note] = now
        elif message.type == "note_off":
            start = struck.pop(message.note)
            notes.append((round(start, 6), round(now - start, 6), message.note))
    assert not struck
    return sorted(notes)


def test_keys_that_go_on_are_held() -> None:
    data = midi_bytes([[0, 39], [39], [], [39, 87]], seconds=0.25)
    assert notes_of(data) == [(0, 0.25, 21), (0, 0.5, 60), (0.75, 0.25, 60), (0.75, 0.25, 108)]
    assert mido.MidiFile(file=io.BytesIO(data)).length == pytest.approx(1.0)


def test_silence_at_the_end_lasts() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes([[0], [], []], seconds=0.5)))
    assert file.length == pytest.approx(1.5)


@pytest.fixture(scope="module")
def cadences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of the sample."""
    folder = tmp_path_factory.mktemp("music") / "run"
    sizes = ["--model.hidden-size", "8", "--trainer.epochs", "1", "--threads", "1"]
    songs = ["--dataset", "piano-rolls", "--dataset.path", str(SAMPLE)]
    assert run(["train", "gru-stacked", *songs, *sizes, "--out", str(folder)]) == 0
    return folder


def _as_steps(lines: Sequence[str]) -> list[list[int]]:
    return parse_steps("\n".join(lines))


def test_music_is_printed_step_by_step_and_the_seed_decides_it(zoo: Zoo, cadences: Path) -> None:
    result = zoo("generate", cadences, "--length", 12, "--prompt", "C3 E4; -")
    lines = result.stdout.splitlines()
    assert result.code == 0
    assert lines[:2] == ["C3 E4", "–"]
    assert len(_as_steps(lines)) == 14
    assert zoo("generate", cadences, "--length", 12, "--prompt", "C3 E4; -").stdout == result.stdout
    other = zoo("generate", cadences, "--length", 12, "--prompt", "C3 E4; -", "--seed", 1).stdout
    assert other != result.stdout


def test_a_midi_file_has_the_prompt_and_the_steps_that_are_printed(
    zoo: Zoo, cadences: Path, tmp_path: Path
) -> None:
    path = tmp_path / "song.mid"
    lines = zoo("generate", cadences, "--length", 9).stdout.splitlines()
    result = zoo("generate", cadences, "--length", 9, "--midi", path)
    assert (result.code, result.stdout) == (0, f"{path}\n")
    assert notes_of(path.read_bytes()) == notes_of(midi_bytes(_as_steps(lines), seconds=0.5))
    content = zoo("generate", cadences, "--length", 9, "--midi", path, "--overwrite", "--json").json
    assert content["prompt"] == lines[0] == "C3 G3 E4 C5"
    assert [" ".join(keys) or "–" for keys in content["steps"]] == lines[1:]
    assert content["midi"] == str(path)
    first = min(start for start, _, note in notes_of(path.read_bytes()) if note - LOWEST >= 0)
    assert first == 0


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--top-k", 3], 2, "--top-k and --top-p choose among symbols; this model predicts keys"),
        (["--top-p", 0.5], 2, "--top-k and --top-p choose among symbols"),
        (["--midi", "song.mp3"], 2, "'--midi': song.mp3: name a FILE.mid"),
        (["--midi", "none/song.mid"], 6, "there is no folder none"),
        (["--midi", "song.mid", "--length", 200_000], 2, "hold the music in memory: --length <="),
        (["--prompt", "C4 X9"], 6, "'X9' is no key"),
        (["--prompt", "C9"], 6, "the key 'C9' is outside 21 to 108"),
    ],
)
def test_what_music_has_not_is_refused(
    zoo: Zoo,
    cadences: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[object],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = zoo("generate", cadences, *options)
    assert (result.code, result.stdout) == (code, "")
    assert message in result.stderr
    assert not list(tmp_path.glob("*.mid"))


def test_predict_names_the_keys_after_each_step(zoo: Zoo, cadences: Path) -> None:
    result = zoo("predict", cadences, "C3 G3 E4 C5; D4")
    assert result.code == 0
    assert result.stdout.count(";") == 1


def test_data_check_counts_the_songs(zoo: Zoo) -> None:
    result = zoo("data", "check", "--dataset", "piano-rolls", "--dataset.path", SAMPLE)
    assert result.code == 0
    assert "features; next any of 88 keys per step" in result.stdout
    assert "nothing suspicious" in result.stdout


def test_the_pretrained_model_writes_a_midi_file(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "cadence.mid"
    assert zoo("generate", "gru-stacked.cadences", "--length", 16, "--midi", path).code == 0
    assert len(notes_of(path.read_bytes())) > 16
