"""Digits, moving digits, prose or code: counts, splits, typed input."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.plugins.text.texts import same_batches, targets_of
from zoo_cnn.configs import DigitsConfig, MovingDigitsConfig
from zoo_cnn.dataset import GridDataset
from zoo_cnn.digits import DIRECTIONS, digits, load_digits, moving_digits
from zoo_core import Grid, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Output
from zoo_text.configs import ProseOrCodeConfig
from zoo_text.prose_or_code import ProseOrCodeDataset

SPLITS = ("train", "validation", "test")
DATASETS: dict[str, AbstractDataset] = {
    "digits": digits(DigitsConfig(), None),
    "moving-digits": moving_digits(MovingDigitsConfig(), None),
    "prose-or-code": ProseOrCodeDataset(ProseOrCodeConfig(), None),
}
every_dataset = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)


def rows(dataset: AbstractDataset, split: str) -> list[tuple[bytes, int]]:
    """Returns inputs and labels in the order of the data."""
    batches = list(dataset.batches(split, 100, seed=0, epoch=0))
    inputs = [row.contiguous().numpy().tobytes() for batch in batches for row in batch.inputs]
    return list(zip(inputs, [int(t) for batch in batches for t in targets_of(batch)], strict=True))


@every_dataset
def test_no_input_is_in_two_splits(dataset: AbstractDataset) -> None:
    train, validation, test = ({inputs for inputs, _ in rows(dataset, split)} for split in SPLITS)
    assert not train & validation
    assert not train & test
    assert not validation & test


@every_dataset
def test_another_seed_or_epoch_has_another_order(dataset: AbstractDataset) -> None:
    first = list(dataset.batches("train", 32, seed=1, epoch=1))
    assert not same_batches(first, list(dataset.batches("train", 32, seed=1, epoch=2)))
    assert not same_batches(first, list(dataset.batches("train", 32, seed=2, epoch=1)))


@every_dataset
def test_every_class_is_in_every_split(dataset: AbstractDataset) -> None:
    for split in SPLITS:
        labels = {label for _, label in rows(dataset, split)}
        assert labels == set(range(dataset.signature.outputs.size))


@every_dataset
def test_an_unknown_split_is_an_error(dataset: AbstractDataset) -> None:
    with pytest.raises(DataError, match="no split 'dev'; it has train, validation, test"):
        list(dataset.batches("dev", 8, seed=0, epoch=0))


@pytest.mark.parametrize("held_out", [{"test": 0}, {"validation": 0}, {"test": 0, "validation": 0}])
def test_the_example_is_in_an_existing_split(held_out: dict[str, float]) -> None:
    dataset = digits(DigitsConfig(**held_out), None)
    assert dataset.encode(dataset.example).inputs.shape == (1, 1, 8, 8)


def test_digits_are_1797_images_from_0_to_1() -> None:
    images, labels = load_digits()
    assert images.shape == (1797, 1, 8, 8)
    assert (images.min().item(), images.max().item()) == (0.0, 1.0)
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_a_grid_can_be_typed_as_numbers_or_as_a_position() -> None:
    dataset = DATASETS["digits"]
    by_position = dataset.encode("test:3").inputs
    typed = " ".join(str(number) for number in by_position.flatten().tolist())
    assert torch.equal(dataset.encode(typed).inputs, by_position)
    assert torch.equal(dataset.encode(typed.replace(" ", ", ")).inputs, by_position)


@pytest.mark.parametrize("value", ["", "7", "test:", "test:-1", "1 " * 63, "nan " * 64])
def test_other_input_is_an_error_that_says_what_is_expected(value: str) -> None:
    with pytest.raises(
        DataError, match="expected 64 numbers from 0 to 1, or a position in the data"
    ):
        DATASETS["digits"].encode(value)


def test_a_position_beyond_the_data_is_an_error() -> None:
    with pytest.raises(DataError, match="digits has no 'test:9999': test has 360 grids"):
        DATASETS["digits"].encode("test:9999")


def test_an_empty_split_is_an_error_that_names_it() -> None:
    dataset = digits(DigitsConfig(validation=0.0001), None)
    with pytest.raises(DataError, match=r"digits: split validation is empty; .*--dataset\."):
        dataset.batch_count("validation", 8, seed=0, epoch=0)


def moved(video: Tensor, direction: tuple[int, int]) -> Tensor:
    """Returns all frames but the last (frames - 1, side, side), moved by the direction."""
    return video[:-1].roll(direction, dims=(1, 2))


def test_every_video_moves_in_the_direction_of_its_label() -> None:
    for batch in DATASETS["moving-digits"].batches("test", 400, seed=0, epoch=0):
        for video, label in zip(batch.inputs[:, 0], targets_of(batch), strict=True):
            direction = list(DIRECTIONS.values())[int(label)]
            assert torch.equal(moved(video, direction), video[1:])
            assert video.sum(dim=(1, 2)).unique().numel() <= 2  # nothing leaves the canvas


def test_a_video_may_fill_its_canvas() -> None:
    dataset = moving_digits(MovingDigitsConfig(frames=3, canvas=10), None)
    (batch,) = dataset.batches("test", 400, seed=0, epoch=0)
    for video in batch.inputs[:, 0]:
        assert video.sum(dim=(1, 2)).unique().numel() <= 2  # nothing leaves the canvas


@pytest.mark.parametrize(("frames", "canvas", "max_frames"), [(4, 10, 3), (12, 16, 9)])
def test_frames_that_leave_the_canvas_are_an_error(
    frames: int, canvas: int, max_frames: int
) -> None:
    message = (
        f"dataset.frames = {frames}: on dataset.canvas = {canvas} a digit of 8 cells moves for at "
        f"most {max_frames} frames"
    )
    with pytest.raises(DataError, match=message):
        moving_digits(MovingDigitsConfig(frames=frames, canvas=canvas), None)


def test_decode_returns_the_name_of_the_class() -> None:
    logits = torch.eye(10)
    dataset = DATASETS["digits"]
    assert [dataset.decode(Output(row.unsqueeze(0), None)) for row in logits] == list("0123456789")
    right = torch.eye(8)[2].unsqueeze(0)
    assert DATASETS["moving-digits"].decode(Output(right, None)) == "right"


def test_signature_and_typed_numbers_need_no_data() -> None:
    def fail() -> tuple[Tensor, Tensor]:
        raise DataError("no data here")

    dataset = GridDataset("missing", DigitsConfig(), Grid(1, (2, 2)), ("a", "b"), fail)
    assert dataset.signature.outputs.size == 2
    assert dataset.encode("0 1 0 1").inputs.shape == (1, 1, 2, 2)
    with pytest.raises(DataError, match="no data here"):
        dataset.encode("test:0")


def test_prose_and_code_have_the_same_length() -> None:
    dataset = ProseOrCodeDataset(ProseOrCodeConfig(), None)
    prose, code = dataset.texts
    assert len(prose) == len(code) > 100_000
    labels = [label for _, label in rows(dataset, "test")]
    assert labels.count(0) == labels.count(1)


def test_a_vocabulary_is_enough_to_encode_and_decode_text() -> None:
    dataset = ProseOrCodeDataset(ProseOrCodeConfig(), Vocabulary(("a", "b")))
    assert dataset.encode("abba").inputs.tolist() == [[0, 1, 1, 0]]
    assert dataset.decode(Output(torch.tensor([[0.0, 1.0]]), None)) == "code"
    assert "texts" not in vars(dataset)


def test_a_window_longer_than_a_split_is_an_error() -> None:
    dataset = ProseOrCodeDataset(ProseOrCodeConfig(steps=10_000_000), None)
    with pytest.raises(DataError, match=r"choose a smaller --dataset\.steps"):
        dataset.batch_count("test", 8, seed=0, epoch=0)
