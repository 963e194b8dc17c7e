"""Settings of the tasks."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from zoo_core import AbstractTrainerConfig, config, setting
from zoo_core.errors import ConfigError

MAX_ROWS, MAX_LENGTH = 10_000_000, 100_000
"""Rows of a split, and symbols of a row, far more than are trained on."""
MAX_SYMBOLS = 10_000
"""Keys of recall, and values of it; a symbol has 16 bits, and baselines count all pairs."""
MAX_BRACKETS = 10_000
"""Symbols of a row of dyck, whose odds are a table of its steps and heights."""
MAX_POWER = 50.0
"""A power whose odds are still numbers at the longest distance."""


@config
class AbstractTaskConfig:
    """Settings that all tasks share: how many rows are drawn."""

    examples: int = setting(
        default=10_000,
        unit="rows",
        at_least=1,
        at_most=MAX_ROWS,
        help="Rows of the training split.",
    )
    held_out: int = setting(
        default=1_000,
        unit="rows",
        at_least=1,
        at_most=MAX_ROWS,
        help="Rows of the validation split, and of the test split.",
    )
    seed: int = setting(default=0, at_least=0, help="Decides which rows are drawn.")

    @property
    def counts(self) -> dict[str, int]:
        """The rows of each split."""
        return {"train": self.examples, "validation": self.held_out, "test": self.held_out}


def check_longer(config: AbstractTaskConfig, name: str, longer: str) -> None:
    """Raises ConfigError if the setting ``longer`` is less than the one called ``name``."""
    if getattr(config, longer) < getattr(config, name):
        raise ConfigError(
            f"dataset.{longer} = {getattr(config, longer)}: expected at least dataset.{name} = "
            f"{getattr(config, name)}"
        )


def length_setting(default: int, help: str, *, at_most: int = MAX_LENGTH) -> int:
    """Returns a setting that is a length of rows in symbols."""
    symbols: int = setting(default=default, unit="symbols", at_least=1, at_most=at_most, help=help)
    return symbols


@config
class AbstractLengthsConfig(AbstractTaskConfig):
    """Settings of tasks whose rows have different lengths."""

    min_length: int = length_setting(3, "Symbols of the shortest rows of train and validation.")
    max_length: int = length_setting(40, "Symbols of their longest rows.")
    test_min_length: int = length_setting(41, "Symbols of the shortest rows of test.")
    test_max_length: int = length_setting(256, "Symbols of the longest rows of test.")

    def __post_init__(self) -> None:
        names = ("min_length", "max_length", "test_min_length", "test_max_length")
        for name, longer in pairwise(names):
            check_longer(self, name, longer)

    def check_even_lengths(self, at_least: int = 2) -> None:
        """Raises ConfigError if a split has no even length that is not below ``at_least``."""
        size = f" of at least {at_least}" if at_least > 2 else ""
        for name in ("min_length", "test_min_length"):
            longest = getattr(self, name.replace("min", "max"))
            if longest // 2 < max(at_least // 2, (getattr(self, name) + 1) // 2):
                raise ConfigError(
                    f"dataset.{name.replace('min', 'max')} = {longest}: expected an even length"
                    f"{size} from dataset.{name} = {getattr(self, name)} to it"
                )


@config
class ParityConfig(AbstractLengthsConfig):
    """Settings of parity: whether the number of ones is odd."""

    per: Literal["sequence", "step"] = setting(
        default="sequence",
        help="sequence: the parity of the whole row; step: of the bits up to each step.",
    )


@config
class ModularArithmeticConfig(AbstractLengthsConfig):
    """Settings of modular-arithmetic: the value of sums, differences and products."""

    test_min_length: int = length_setting(42, "Symbols of the shortest rows of test.")
    modulus: int = setting(
        default=5, at_least=2, at_most=10, help="Numbers are from 0 to below it, values too."
    )
    per: Literal["sequence", "step"] = setting(
        default="sequence",
        help="sequence: the value at the = alone; step: also at each number, of what is before it.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_even_lengths(at_least=4)


@config
class PermutationsConfig(AbstractLengthsConfig):
    """Settings of permutations: the product of a row of permutations."""

    group: Literal["S3", "S5"] = setting(
        default="S3", help="S3: the 6 permutations of three things; S5: the 120 of five."
    )
    per: Literal["sequence", "step"] = setting(
        default="step", help="step: the product up to each step; sequence: that of the whole row."
    )
    min_length: int = length_setting(4, "Symbols of the shortest rows of train and validation.")
    max_length: int = length_setting(20, "Symbols of their longest rows.")
    test_min_length: int = length_setting(21, "Symbols of the shortest rows of test.")
    test_max_length: int = length_setting(100, "Symbols of the longest rows of test.")


@config
class AddingConfig(AbstractTaskConfig):
    """Settings of adding: the sum of two marked numbers."""

    length: int = setting(
        default=50,
        unit="steps",
        at_least=2,
        at_most=MAX_LENGTH,
        help="Steps of the rows of train and validation.",
    )
    test_length: int = setting(
        default=100, unit="steps", at_least=2, at_most=MAX_LENGTH, help="Steps of the rows of test."
    )

    def __post_init__(self) -> None:
        check_longer(self, "length", "test_length")


@config
class CopyMemoryConfig(AbstractTaskConfig):
    """Settings of copy-memory: repeating the first symbols after a delay."""

    symbols: int = setting(
        default=8, unit="symbols", at_least=1, at_most=26, help="Different symbols to remember."
    )
    copied: int = setting(
        default=10, unit="steps", at_least=1, at_most=MAX_LENGTH, help="Symbols of a row to repeat."
    )
    delay: int = setting(
        default=20,
        unit="steps",
        at_least=1,
        at_most=MAX_LENGTH,
        help="Steps from the last symbol to the sign to repeat, of train and validation.",
    )
    test_delay: int = setting(
        default=40,
        unit="steps",
        at_least=1,
        at_most=MAX_LENGTH,
        help="Steps from the last symbol to it, of test.",
    )
    targets: Literal["all", "copied"] = setting(
        default="all",
        help="all: every step has a label, at first the blank; copied: the repeated symbols alone.",
    )

    def __post_init__(self) -> None:
        check_longer(self, "delay", "test_delay")


@config
class SelectiveCopyConfig(AbstractTaskConfig):
    """Settings of selective-copy: repeating symbols that are scattered among blanks."""

    symbols: int = setting(
        default=14, unit="symbols", at_least=1, at_most=26, help="Different symbols to remember."
    )
    copied: int = setting(
        default=4, unit="steps", at_least=1, at_most=MAX_LENGTH, help="Symbols of a row to repeat."
    )
    blanks: int = setting(
        default=28,
        unit="steps",
        at_least=0,
        at_most=MAX_LENGTH,
        help="Blanks among the symbols of a row, of train and validation.",
    )
    test_blanks: int = setting(
        default=60,
        unit="steps",
        at_least=0,
        at_most=MAX_LENGTH,
        help="Blanks among the symbols of a row, of test.",
    )

    def __post_init__(self) -> None:
        check_longer(self, "blanks", "test_blanks")


@config
class RecallConfig(AbstractTaskConfig):
    """Settings of recall: the value that a key had, for several keys of a row."""

    keys: int = setting(
        default=16, unit="symbols", at_least=1, at_most=MAX_SYMBOLS, help="Different keys."
    )
    values: int = setting(
        default=16, unit="symbols", at_least=1, at_most=MAX_SYMBOLS, help="Different values."
    )
    pairs: int = setting(
        default=4,
        unit="pairs",
        at_least=1,
        at_most=MAX_SYMBOLS,
        help="Keys of a row, each with a value, of train and validation.",
    )
    length: int = setting(
        default=32,
        unit="symbols",
        at_least=1,
        at_most=MAX_LENGTH,
        help="Symbols of the rows of train and validation.",
    )
    test_pairs: int = setting(
        default=8,
        unit="pairs",
        at_least=1,
        at_most=MAX_SYMBOLS,
        help="Keys of a row, each with a value, of test.",
    )
    test_length: int = setting(
        default=64,
        unit="symbols",
        at_least=1,
        at_most=MAX_LENGTH,
        help="Symbols of the rows of test.",
    )
    power: float = setting(
        default=0.01,
        above=0,
        at_most=MAX_POWER,
        help="A key comes again at distance d with odds d^(power - 1): at 1 anywhere, near 0 soon.",
    )
    filler: Literal["blank", "random"] = setting(
        default="blank", help="What stands between the questions: a blank, or any symbol."
    )

    def __post_init__(self) -> None:
        check_longer(self, "length", "test_length")
        for test in ("", "test_"):
            pairs, length = getattr(self, f"{test}pairs"), getattr(self, f"{test}length")
            if pairs > min(self.keys, self.values):
                raise ConfigError(
                    f"dataset.{test}pairs = {pairs}: expected at most as many as dataset.keys = "
                    f"{self.keys} and dataset.values = {self.values}"
                )
            if length < 4 * pairs:
                raise ConfigError(
                    f"dataset.{test}length = {length}: expected at least {4 * pairs}, four for "
                    f"each of dataset.{test}pairs = {pairs}"
                )


@config
class DyckConfig(AbstractLengthsConfig):
    """Settings of dyck: which bracket may be closed."""

    kinds: int = setting(
        default=2, unit="kinds", at_least=1, at_most=4, help="Kinds of brackets: () [] {} <>."
    )
    depth: int | None = setting(
        default=None,
        unit="brackets",
        at_least=1,
        at_most=MAX_BRACKETS,
        help="Most brackets that are open at once; none: any number.",
    )
    min_length: int = length_setting(
        2,
        "Symbols of the shortest rows of train and validation; lengths are even.",
        at_most=MAX_BRACKETS,
    )
    max_length: int = length_setting(50, "Symbols of their longest rows.", at_most=MAX_BRACKETS)
    test_min_length: int = length_setting(
        52, "Symbols of the shortest rows of test.", at_most=MAX_BRACKETS
    )
    test_max_length: int = length_setting(
        100, "Symbols of the longest rows of test.", at_most=MAX_BRACKETS
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_even_lengths()


@config
class ANBNConfig:
    """Settings of a-n-b-n: as many b as there were a."""

    max_n: int = setting(
        default=50,
        unit="symbols",
        at_least=2,
        at_most=MAX_LENGTH,
        help="The most a of a row of train and validation.",
    )
    test_max_n: int = setting(
        default=100,
        unit="symbols",
        at_least=3,
        at_most=MAX_LENGTH,
        help="The most a of a row of test.",
    )

    validation: int = setting(
        default=10,
        unit="rows",
        at_least=1,
        at_most=MAX_LENGTH,
        help="Rows of validation; they and train have every n from 1 once.",
    )
    seed: int = setting(default=0, at_least=0, help="Decides which rows are those of validation.")

    @property
    def counts(self) -> dict[str, int]:
        """The rows of each split."""
        return {
            "train": self.max_n - self.validation,
            "validation": self.validation,
            "test": self.test_max_n - self.max_n,
        }

    def __post_init__(self) -> None:
        if self.validation >= self.max_n:
            raise ConfigError(
                f"dataset.validation = {self.validation}: expected less than dataset.max_n = "
                f"{self.max_n}, or nothing is left to train on"
            )
        if self.test_max_n <= self.max_n:
            raise ConfigError(
                f"dataset.test_max_n = {self.test_max_n}: expected more than dataset.max_n = "
                f"{self.max_n}"
            )


@config
class TaskConfig(AbstractTrainerConfig):
    """Settings of task: training on the labels of a task."""


def sample_settings() -> dict[str, int]:
    """Returns settings for few rows, which checks read many times."""
    return {"examples": 64, "held_out": 16}
