"""Songs: rows and targets, pieces, typed steps, the metric of the literature."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import zoo_core
from tests.plugins.music.made import SONGS, roll
from tests.plugins.music.mat_file import songs_file
from tests.runtime.runs import train
from zoo_core.downloads.download import RemoteFile
from zoo_core.errors import DataError, IntegrityError, NetworkError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.nn import Batch, Output
from zoo_music import dataset as module
from zoo_music.configs import (
    CadencesConfig,
    JsbChoralesConfig,
    NottinghamConfig,
    PianoRollsConfig,
)
from zoo_music.dataset import (
    SAMPLE,
    MusicDataset,
    cadences,
    jsb_chorales,
    nottingham,
    piano_rolls,
)
from zoo_music.notes import HIGHEST, LOWEST, NAMES, name_of, parse_steps


def of(tmp_path: Path, max_steps: int | None = None) -> MusicDataset:
    """Returns songs of 5, 10 and 3 steps, the same in every split."""
    path = tmp_path / "rolls.mat"
    path.write_bytes(songs_file([roll(3), roll(8), roll(1)]))
    return piano_rolls(PianoRollsConfig(path=path, max_steps=max_steps), None)


def lengths_of(*batches: Batch) -> list[int]:
    """Returns the steps of every row."""
    lengths: list[int] = []
    for batch in batches:
        assert batch.lengths is not None
        lengths += batch.lengths.tolist()
    return lengths


def test_every_step_after_the_first_is_predicted_once(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    (batch,) = dataset.batches("test", 3, seed=0, epoch=0)
    assert batch.inputs.shape == batch.targets.shape == (3, 9, 88)
    assert lengths_of(batch) == [4, 9, 2]
    for row, number in enumerate((3, 8, 1)):
        song, steps = torch.from_numpy(roll(number)).float(), 1 + number
        assert torch.equal(batch.inputs[row, :steps], song[:-1])
        assert torch.equal(batch.targets[row, :steps], song[1:])
        assert batch.targets[row, steps:].isnan().all()


def test_training_has_pieces_of_songs_and_evaluation_whole_ones(tmp_path: Path) -> None:
    dataset = of(tmp_path, max_steps=4)
    pieces = list(dataset.batches("train", 2, seed=0, epoch=1))
    assert len(pieces) == dataset.batch_count("train", 2, 0, 1) == 3
    assert sorted(lengths_of(*pieces)) == [1, 2, 4, 4, 4]
    assert dataset.batch_count("train", 2, 0, 0) == 2
    (whole,) = dataset.batches("train", 9, seed=0, epoch=0)
    assert lengths_of(whole) == [4, 9, 2]
    count = sum(int((~batch.targets[..., 0].isnan()).sum()) for batch in pieces)
    assert count == sum(lengths_of(whole))


def test_the_loss_is_the_likelihood_of_a_step_summed_over_its_keys(
    catalog: Catalog, tmp_path: Path
) -> None:
    settings: dict[str, dict[str, object]] = {
        "dataset": {"path": str(SAMPLE)},
        "model": {"hidden_size": 8},
        "trainer": {"epochs": 1, "batch_size": 3},
    }
    resolved = resolve_run(catalog, "gru-stacked", dataset="piano-rolls")
    train(catalog, resolved.run_config(settings), tmp_path / "run")
    checkpoint = zoo_core.load(tmp_path / "run")
    dataset, total, steps = checkpoint.dataset, 0.0, 0
    assert isinstance(dataset, MusicDataset)
    for song in dataset.songs["test"]:
        logits = checkpoint.model(dataset.encode(in_text(song[:-1]))).logits[0].detach()
        p = 1 / (1 + np.exp(-logits.double().numpy()))
        y = song[1:].double().numpy()
        total -= float(np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)))
        steps += len(y)
    assert len(dataset.songs["test"]) == SONGS["test"]
    assert checkpoint.metrics["test"]["loss"] == pytest.approx(total / steps, rel=1e-5)


def in_text(song: torch.Tensor) -> str:
    """Returns a song as a person would type it."""
    steps = [step.nonzero()[:, 0].tolist() for step in song]
    return "; ".join(" ".join(NAMES[key] for key in keys) or "-" for keys in steps)


def test_songs_can_be_typed_and_read_again(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    song = dataset.songs["train"][1]
    assert torch.equal(dataset.encode(in_text(song)).inputs[0], song)
    logits = torch.where(song > 0, 1.0, -1.0)[None]
    assert torch.equal(dataset.encode(dataset.decode(Output(logits, None))).inputs[0], song)


def test_keys_are_named_as_on_a_piano() -> None:
    assert (NAMES[0], NAMES[-1], len(NAMES)) == ("A0", "C8", 88)
    assert (name_of(60), name_of(69), name_of(22)) == ("C4", "A4", "A#0")
    steps = parse_steps("C4, e4 67; -\n–;\nBb3 c♯5 Cb4;")
    assert steps == [[39, 43, 46], [], [], [37, 52, 38]]
    for number in range(LOWEST, HIGHEST + 1):
        assert parse_steps(f"{number}") == parse_steps(name_of(number)) == [[number - LOWEST]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C4 H4", "'H4' is no key; write a name such as C4"),
        ("C4 -", "'-' is no key"),
        ("20", r"the key '20' is outside 21 to 108 \(A0 to C8\), the keys of a piano"),
        ("C#8", "the key 'C#8' is outside 21 to 108"),
        ("G#0", "the key 'G#0' is outside 21 to 108"),
        (" ;\n", "no step; write the keys of at least one"),
    ],
)
def test_what_is_no_key_is_an_error(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_steps(text)


@pytest.mark.parametrize(
    "dataset",
    [jsb_chorales(JsbChoralesConfig(), None), nottingham(NottinghamConfig(), None)],
    ids=lambda dataset: dataset.name,
)
def test_without_its_file_a_dataset_encodes_and_says_where_to_put_a_copy(
    dataset: MusicDataset,
) -> None:
    assert dataset.encode(dataset.example).inputs.sum() == 4
    assert dataset.signature.predicts_next_keys
    with pytest.raises(NetworkError, match=r"may be put at .*/data/.*\.mat"):
        dataset.batch_count("train", 1, seed=0, epoch=1)


def test_a_copy_is_read_and_another_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = of(tmp_path)
    path = tmp_path / "rolls.mat"
    small = RemoteFile(
        name="J.mat", size=path.stat().st_size, sha256=dataset.fingerprint, mirrors=()
    )
    with pytest.raises(IntegrityError, match="for songs of your own: --dataset piano-rolls"):
        _ = jsb_chorales(JsbChoralesConfig(path=path), None).songs
    monkeypatch.setattr(module, "JSB_CHORALES", small)
    copy = jsb_chorales(JsbChoralesConfig(path=path), None)
    assert len(copy.songs["train"]) == 3
    assert copy.fingerprint == dataset.fingerprint


def test_the_cadences_are_the_sample(tmp_path: Path) -> None:
    songs = cadences(CadencesConfig(), None)
    sample = piano_rolls(PianoRollsConfig(path=SAMPLE), None)
    assert songs.fingerprint == sample.fingerprint
    assert {split: len(songs.songs[split]) for split in songs.splits} == SONGS


def test_a_split_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'all'; it has train, validation, test"):
        of(tmp_path).batch_count("all", 1, seed=0, epoch=1)


def test_the_loss_of_even_odds_is_that_of_88_coins(tmp_path: Path) -> None:
    from zoo_train.configs import MultiLabelConfig
    from zoo_train.multi_label import MultiLabelTrainer

    dataset = of(tmp_path)
    trainer = MultiLabelTrainer(MultiLabelConfig(), dataset.signature)
    (batch,) = dataset.batches("test", 3, seed=0, epoch=0)
    loss = trainer.loss(Output(torch.zeros(3, 9, 88), None), batch)
    assert loss.item() == pytest.approx(88 * math.log(2), rel=1e-6)


def test_a_step_of_a_tune_is_half_as_long_as_one_of_a_chorale() -> None:
    steps = [[0], [0, 4]]
    tempo = bytes([0xFF, 0x51, 0x03])
    for dataset, seconds in (
        (nottingham(NottinghamConfig(), None), 0.25),
        (jsb_chorales(JsbChoralesConfig(), None), 0.5),
    ):
        assert tempo + int(seconds * 1e6).to_bytes(3, "big") in dataset.midi(steps)


def test_a_file_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rolls.mat"
    path.write_bytes(bytes(1001))
    monkeypatch.setattr("zoo_music.dataset.MAX_UNPACKED", 1000)
    with pytest.raises(DataError, match="is larger than"):
        _ = piano_rolls(PianoRollsConfig(path=path), None).songs
