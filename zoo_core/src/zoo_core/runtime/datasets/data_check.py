"""Checking a dataset before training: counts, lengths, balance, duplicates, overlap of splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.configs.settings import build_config
from zoo_core.data.signature import Classes, Outputs, Tokens
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import make, resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import IGNORED, Batch, leaves

BATCH_SIZES = (256, 32, 4, 1)
"""Rows that are read at once: the most that the data allows."""
MIN_BATCHES = 8
"""The batches of a split for which more rows are read at once."""
SHUFFLED_ROWS = 32
"""The rows of the batches whose padding is counted: the default of ``--trainer.batch-size``."""
MAX_OVERLAP = 0.01
"""The share of the rows of a held-out split that may occur in train, by chance or habit."""
MAX_DUPLICATES = 0.1
"""The share of the rows of a split that may repeat another one."""
MAX_UNKNOWN = 0.01
"""The share of the targets that may stand for unknown words."""
MAX_CLASS_SHARE = 0.9
"""The share of the targets that one class may have."""
MAX_PADDING = 0.5
"""The share of the steps of a batch that may be padding."""
MIN_ROWS = 10
"""The rows of a held-out split below which its metrics say little."""
MIN_REPEATED_STEPS = 8
"""The symbols of a text from which it says something that they occur twice.

The end of a piece of a text may be a window of one symbol.
"""
SAMPLE_SYMBOLS = 60


@final
@dataclass(frozen=True)
class SplitReport:
    """What a split holds.

    Args:
        rows: The sequences, or the windows of a text.
        steps: The fewest, the mean and the most steps of a row.
        targets: The targets that count.
        padding: The share of the steps that are padding in shuffled batches of 32 rows.
        unknown: The share of the words that stand for unknown ones: of the targets, or of the
            inputs where the targets are no words.
        duplicates: The rows whose inputs repeat those of another row; of a text whose next symbol
            is predicted, the windows of 8 symbols and more.
        conflicts: The rows whose inputs are those of another row, with another target.
        overlap: The rows whose inputs are in ``train`` too, counted as duplicates are; 0 for
            ``train`` itself.
        classes: How often each class is a target, by its name; empty for other outputs, and where
            the class is the next symbol.
        not_finite: The numbers that are infinite or not a number.
    """

    rows: int
    steps: tuple[int, float, int]
    targets: int
    padding: float
    unknown: float
    duplicates: int
    conflicts: int
    overlap: int
    classes: dict[str, int]
    not_finite: int


@final
@dataclass(frozen=True)
class DataReport:
    """What a dataset holds.

    Args:
        dataset: The name of the dataset.
        inputs: The kind of its inputs: ``tokens``, ``features`` or ``grid``.
        outputs: Its outputs in words.
        vocabulary: The number of symbols; 0 without a vocabulary.
        splits: What each split holds.
        sample: The first row of ``train`` in words, if it is text; else an example.
        suspicions: What may be wrong, a line each.
    """

    dataset: str
    inputs: str
    outputs: str
    vocabulary: int
    splits: dict[str, SplitReport]
    sample: str
    suspicions: list[str]

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as JSON holds them."""
        return asdict(self)


def check_data(
    catalog: Catalog, name: str, settings: Mapping[str, Any] | None = None
) -> DataReport:
    """Reads every split of a dataset once, and says what is suspicious.

    Args:
        catalog: The installed plugins.
        name: The dataset.
        settings: Its settings.

    Raises:
        ConfigError: A setting is not allowed.
        DataError: The data cannot be read, or a split has no batch.
        NotFoundError: There is no such dataset.
        PluginError: Its plugin cannot make it.
    """
    entry = catalog.find(DatasetSpec, name)
    config = build_config(resolve(entry.spec.config), "dataset", dict(settings or {}))
    dataset: AbstractDataset = make(entry.spec.factory, AbstractDataset, config, None)
    dataset.read_again()
    signature = dataset.signature
    hashes: dict[str, Tensor] = {}
    splits: dict[str, SplitReport] = {}
    for split in dataset.splits:
        hashes[split], splits[split] = _check_split(dataset, split, hashes.get("train"))
    vocabulary = signature.vocabulary
    return DataReport(
        dataset=entry.spec.name,
        inputs=signature.inputs.kind,
        outputs=signature.outputs.describe_sizes(),
        vocabulary=len(vocabulary) if vocabulary else 0,
        splits=splits,
        sample=_sample(dataset),
        suspicions=[*_suspicions(splits, signature.outputs)],
    )


def _check_split(
    dataset: AbstractDataset, split: str, train: Tensor | None
) -> tuple[Tensor, SplitReport]:
    """Returns the hashes of the inputs that are compared, and what the split holds."""
    outputs = dataset.signature.outputs
    by_class = isinstance(outputs, Classes) and not outputs.next_token
    counts = torch.zeros(outputs.size if by_class else 0, dtype=torch.int64)
    unknown_symbol = _unknown_symbol(dataset)
    inputs, both, lengths = [], [], []
    targets = words = unknown = not_finite = 0
    for batch in _batches(dataset, split):
        rows, width = len(batch.inputs), _width(batch)
        length = torch.full((rows,), width) if batch.lengths is None else batch.lengths
        hashes = _hash_rows(batch)
        inputs.append(hashes)
        answers = hashes * 31
        lengths.append(length)
        for leaf in leaves(batch.targets):
            counted = leaf.isfinite() if leaf.is_floating_point() else leaf != IGNORED
            targets += int(counted.sum())
            answers = answers + _hash(torch.where(counted, leaf, 0), seed=9)
            if by_class:
                counts += torch.bincount(leaf[counted].flatten(), minlength=len(counts))
        both.append(answers)
        if batch.unknown_bytes is not None:
            unknown += int((batch.unknown_bytes > 0).sum())
            words = targets
        elif unknown_symbol is not None:
            unknown += int(((batch.inputs == unknown_symbol) & _is_valid(batch)).sum())
            words += int(length.sum())
        if batch.inputs.is_floating_point():
            not_finite += int((~batch.inputs.isfinite()).sum())
    every_length = torch.cat(lengths)
    is_text = isinstance(outputs, Classes) and outputs.next_token
    compared = every_length >= (MIN_REPEATED_STEPS if is_text else 0)
    hashes = torch.cat(inputs)[compared]
    distinct = _count_distinct(hashes)
    return hashes, SplitReport(
        rows=len(every_length),
        steps=(
            int(every_length.min()),
            round(float(every_length.double().mean()), 2),
            int(every_length.max()),
        ),
        targets=targets,
        padding=round(_padding(every_length), 4),
        unknown=round(unknown / max(1, words), 6),
        duplicates=len(hashes) - distinct,
        conflicts=_count_distinct(torch.cat(both)[compared]) - distinct,
        overlap=0 if train is None else int(torch.isin(hashes, train).sum()),
        classes=dict(zip(_class_names(dataset), counts.tolist(), strict=True)) if by_class else {},
        not_finite=not_finite,
    )


def _unknown_symbol(dataset: AbstractDataset) -> int | None:
    """Returns the id that stands for unknown words; None if there is none."""
    vocabulary = dataset.signature.vocabulary
    if vocabulary is None or not isinstance(dataset.signature.inputs, Tokens):
        return None
    return vocabulary.ids.get(vocabulary.tokenizer.unknown)


def _is_valid(batch: Batch) -> Tensor:
    """Returns which steps of tokens (B, T) are no padding, shaped alike."""
    steps = torch.arange(batch.inputs.shape[1])
    if batch.lengths is None:
        return torch.ones_like(batch.inputs, dtype=torch.bool)
    return steps < batch.lengths[:, None]


def _padding(lengths: Tensor) -> float:
    """Returns the share of padding where rows of these lengths (N,) are shuffled into batches."""
    order = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(0))
    batches = torch.split(lengths[order], SHUFFLED_ROWS)
    return 1 - int(lengths.sum()) / sum(len(batch) * int(batch.max()) for batch in batches)


def _count_distinct(hashes: Tensor) -> int:
    ordered = hashes.sort().values
    return int((ordered[1:] != ordered[:-1]).sum()) + min(1, len(ordered))


def _class_names(dataset: AbstractDataset) -> tuple[str, ...]:
    """Returns what the classes are called: their own names, the symbols, or their numbers."""
    outputs, vocabulary = dataset.signature.outputs, dataset.signature.vocabulary
    if outputs.names:
        return outputs.names
    if outputs.per == "step" and vocabulary is not None and len(vocabulary) == outputs.size:
        return tuple(vocabulary.symbols)
    return tuple(map(str, range(outputs.size)))


def _batches(dataset: AbstractDataset, split: str) -> Iterator[Batch]:
    """Yields the batches of a split in the order of its data.

    They are as large as leaves ``MIN_BATCHES`` of them: a text is cut into as many pieces as a
    batch has rows, and windows at the end of a piece are shorter than those of another split.
    """
    for size in BATCH_SIZES:
        try:
            count = dataset.batch_count(split, size, 0, 0)
        except DataError:
            if size == BATCH_SIZES[-1]:
                raise
            continue
        if count >= MIN_BATCHES or size == BATCH_SIZES[-1]:
            yield from dataset.batches(split, size, 0, 0)
            return


def _width(batch: Batch) -> int:
    """Returns the steps of the rows of a batch, padding included; 1 for a grid."""
    return batch.inputs.shape[1] if batch.inputs.dim() < 4 else 1


def _hash_rows(batch: Batch) -> Tensor:
    """Returns a hash of the inputs of each row (B,), whatever its padding."""
    tokens = batch.inputs
    hashes = torch.zeros(len(tokens), dtype=torch.int64)
    if batch.lengths is not None:
        valid = _is_valid(batch)
        tokens = tokens * valid.reshape(*valid.shape, *[1] * (tokens.dim() - 2))
        hashes = batch.lengths * 1_000_003
    for number, tensor in enumerate([tokens, *(batch.context or {}).values()]):
        hashes = hashes + _hash(tensor, seed=number)
    return hashes


def _hash(tensor: Tensor, seed: int) -> Tensor:
    """Returns a 64-bit hash of each row of a tensor (B, ...): a sum with random factors.

    Zeros at the end, which are padding, do not change it.
    """
    flat = tensor.reshape(len(tensor), -1)
    if flat.is_floating_point():
        flat = flat.float().contiguous().view(torch.int32)
    generator = torch.Generator().manual_seed(seed)
    limit = 2**62
    factors = torch.randint(-limit, limit, (flat.shape[1],), generator=generator)
    return (flat.long() * factors).sum(dim=1)


def _sample(dataset: AbstractDataset) -> str:
    signature = dataset.signature
    if signature.vocabulary is None or not isinstance(signature.inputs, Tokens):
        return dataset.example
    batch = next(_batches(dataset, "train"))
    length = batch.inputs.shape[1] if batch.lengths is None else int(batch.lengths[0])
    return signature.vocabulary.decode(batch.inputs[0, : min(length, SAMPLE_SYMBOLS)].tolist())


def _suspicions(splits: Mapping[str, SplitReport], outputs: Outputs) -> Iterator[str]:
    for name, split in splits.items():
        if name != "train" and split.rows < MIN_ROWS:
            yield f"{name} has {split.rows} rows: its metrics say little"
        if split.overlap > MAX_OVERLAP * split.rows:
            yield f"{_share(split.overlap, split.rows)} of {name} are in train too"
        if split.duplicates > MAX_DUPLICATES * split.rows:
            yield f"{_share(split.duplicates, split.rows)} of {name} repeat another one"
        if split.classes and split.conflicts and outputs.per == "sequence":
            yield f"{name}: rows with the same inputs and other labels, {split.conflicts:,} times"
        if split.unknown > MAX_UNKNOWN:
            yield f"{name}: {split.unknown:.1%} of the words are unknown"
        if name == "train" and split.padding > MAX_PADDING:
            yield (
                f"{name}: {split.padding:.0%} of the steps are padding: the longest row has "
                f"{split.steps[2]:,} steps, the mean is {split.steps[1]:,.0f}"
            )
        if split.not_finite:
            yield f"{name}: {split.not_finite:,} numbers are infinite or not a number"
        if outputs.per == "sequence":
            yield from _class_suspicions(name, split.classes)


def _class_suspicions(name: str, classes: Mapping[str, int]) -> Iterator[str]:
    total = sum(classes.values())
    if not total:
        return
    largest = max(classes, key=lambda label: classes[label])
    if len(classes) > 1 and classes[largest] > MAX_CLASS_SHARE * total:
        yield f"{name}: {classes[largest] / total:.0%} of the labels are {largest!r}"
    missing = [label for label, count in classes.items() if not count]
    if name == "train" and missing:
        yield f"train has no label {', '.join(map(repr, missing[:5]))}"


def _share(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} rows ({count / rows:.1%})"
