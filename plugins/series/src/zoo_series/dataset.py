"""Time series as windows with the rows that follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from zoo_core import Features, Signature, Unknown, Values, Vocabulary
from zoo_core.data.tables import Table, read_table
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset, LabelledRows
from zoo_core.runtime.nn import AbstractModel, Batch, Output
from zoo_series.backtest import Backtest, backtest_metrics
from zoo_series.baselines import (
    baseline_forecasts,
    fit_smoothing,
    forecast_metrics,
    naive_error,
)
from zoo_series.configs import AbstractSeriesConfig, SalesConfig, SeriesConfig
from zoo_series.rollout import Forecaster, Scaling
from zoo_series.series import Columns, Series, choose_columns, read_series

SALES = Path(__file__).parent / "tables" / "sales.csv"
"""Ten years of monthly sales, made by a rule."""
DIGITS = 6
"""Digits of a number that is shown."""


@final
class SeriesDataset(AbstractLabelledDataset):
    """Windows of series, each with the rows that follow it as values to predict.

    Train, validation and test are three consecutive parts of every series. The rows that a window
    is to predict are of its split; those that it sees may be of the split before. Scaling is
    fitted on the training part.

    A direct forecast is one output per window, of all values of the first row of the horizon, then
    of the second, and so on. A recursive one is trained to predict the next row at every step, and
    evaluated on the row after each window.

    Args:
        config: Settings of the dataset.
        read: Reads a table; the dataset's own for None.
        columns: Chooses the columns of a table; given are those of a checkpoint, if there is one.
        name: Name of the dataset in errors.
        scales_covariates: Whether covariates are scaled as the values are, or stay as they are.
        backtest: The forecasts whose errors are further metrics of every split; None for none.
    """

    def __init__(
        self,
        config: AbstractSeriesConfig,
        *,
        read: Callable[[Path | None], Table],
        columns: Callable[[Table, Signature | None], Columns],
        name: str,
        scales_covariates: bool = True,
        backtest: Backtest | None = None,
    ) -> None:
        super().__init__(name, config)
        self.config, self._read, self._columns = config, read, columns
        self._scales_covariates, self._backtest = scales_covariates, backtest
        self._checkpoint: Signature | None = None

    def adopt(self, signature: Signature) -> None:
        """Takes over the columns and their scaling."""
        has_values = isinstance(signature.outputs, Values)
        if has_values and isinstance(signature.inputs, Features) and signature.inputs.names:
            self._checkpoint = signature

    @cached_property
    def _table(self) -> tuple[Columns, list[Series]]:
        return self.read(None)

    def read(self, path: Path | None) -> tuple[Columns, list[Series]]:
        """Returns the columns and series of a file; of the dataset's own for None.

        Raises:
            DataError: It cannot be read, has no such columns, or a field is not a number.
        """
        table = self._read(path)
        columns = self._columns(table, self._checkpoint)
        return columns, read_series(table, columns)

    def of_file(self, path: Path) -> SeriesDataset:
        """Returns this dataset with the series of another file."""
        return self._with_data(lambda file: self._read(file or path), str(path))

    def of_table(self, table: Table) -> SeriesDataset:
        """Returns this dataset with the series of a table."""
        return self._with_data(lambda file: self._read(file) if file else table, table.name)

    def _with_data(self, read: Callable[[Path | None], Table], name: str) -> SeriesDataset:
        other = SeriesDataset(
            self.config,
            read=read,
            columns=self._columns,
            name=name,
            scales_covariates=self._scales_covariates,
            backtest=self._backtest,
        )
        if self._checkpoint is not None:
            other.adopt(self._checkpoint)
        return other

    @property
    def columns(self) -> Columns:
        """The columns of the dataset's own table."""
        return self._table[0]

    @property
    def series(self) -> list[Series]:
        """The series of the dataset's own table."""
        return self._table[1]

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names of the F columns: the values, then the covariates."""
        if self._checkpoint is not None:
            assert isinstance(self._checkpoint.inputs, Features)
            return self._checkpoint.inputs.names
        columns = self._table[0]
        return (*columns.values, *columns.covariates)

    @cached_property
    def value_names(self) -> tuple[str, ...]:
        """The names of the columns to forecast."""
        if self._checkpoint is not None:
            forecast = self._checkpoint.outputs.names
            names = self.column_names
            return tuple(name for name in names if name in forecast or f"{name}+1" in forecast)
        return self._table[0].values

    @cached_property
    def scaling(self) -> Scaling:
        """The scaling of the F columns, fitted on the training part of all series."""
        if self._checkpoint is not None:
            assert isinstance(self._checkpoint.inputs, Features)
            inputs = self._checkpoint.inputs
            return Scaling(_doubles(inputs.offset), _doubles(inputs.scale))
        width = len(self.column_names)
        offset, scale = _doubles([0.0] * width), _doubles([1.0] * width)
        if self.config.scaling == "none":
            return Scaling(offset, scale)
        rows = torch.cat([numbers[: self._bounds(len(numbers))[0]] for numbers in self._numbers])
        if self.config.scaling == "min-max":
            fitted_offset = rows.amin(dim=0)
            fitted_scale = rows.amax(dim=0) - fitted_offset
        else:
            fitted_offset, fitted_scale = rows.mean(dim=0), rows.std(dim=0, correction=0)
        scaled = width if self._scales_covariates else len(self.value_names)
        offset[:scaled] = fitted_offset[:scaled]
        scale[:scaled] = torch.where(fitted_scale > 0, fitted_scale, 1.0)[:scaled]
        return Scaling(offset, scale)

    @cached_property
    def season(self) -> int:
        """The rows of a season; 1 if there is none."""
        return self.season_of(self.series[0])

    def season_of(self, series: Series) -> int:
        """Returns the rows of a season that the settings or the times of a series say, or 1."""
        times = series.parsed_times()
        return self.config.season or (times.season if times else None) or 1

    @cached_property
    def naive_error(self) -> tuple[float, ...]:
        """The seasonal-naive forecast's error of each value on the training part, as measured."""
        count = len(self.value_names)
        if self._checkpoint is not None:
            assert isinstance(self._checkpoint.outputs, Values)
            return self._checkpoint.outputs.naive_error[:count]
        errors = [
            naive_error(numbers[: self._bounds(len(numbers))[0], :count], self.season)
            for numbers in self._numbers
        ]
        return tuple(torch.stack(errors).mean(dim=0).tolist())

    @property
    def signature(self) -> Signature:
        """Features, with the values of the rows that follow."""
        names, offset, scale = self.value_names, *self.scaling
        count, is_direct = len(names), self.config.forecast == "direct"
        repeated = self.config.horizon if is_direct else 1
        suffixes = [f"+{step}" for step in range(1, repeated + 1)] if is_direct else [""]
        quantiles: tuple[float, ...] = ()
        if self._checkpoint is not None and isinstance(self._checkpoint.outputs, Values):
            quantiles = self._checkpoint.outputs.quantiles
        return Signature(
            inputs=Features(
                len(self.column_names),
                names=self.column_names,
                offset=tuple(offset.tolist()),
                scale=tuple(scale.tolist()),
            ),
            outputs=Values(
                count * repeated,
                per="sequence" if is_direct else "step",
                next_token=not is_direct,
                names=tuple(f"{name}{suffix}" for suffix in suffixes for name in names),
                offset=tuple(offset[:count].tolist()) * repeated,
                scale=tuple(scale[:count].tolist()) * repeated,
                naive_error=self.naive_error * repeated,
                quantiles=quantiles,
            ),
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the columns, times and numbers."""
        columns, series = self._table
        content = [columns, [[one.name, one.times, one.rows] for one in series]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def example(self) -> str:
        """The last window of the training part of the first series."""
        numbers = self._numbers[0]
        end = self._bounds(len(numbers))[0] - self.config.covariate_shift
        return _rows_text(self.seen_rows(numbers, max(end - self.config.window, 0), end))

    def rows(self, split: str) -> LabelledRows:
        """Returns the windows of a split, (N, window, F), and the values after them.

        Raises:
            DataError: The split is too short for a window and its horizon, or there is no such
                split.
        """
        self.split_slice(0, split)  # checks the name
        inputs, targets = [], []
        for numbers in self._numbers:
            for start, origin in self._windows(len(numbers), split):
                window, target = self._window(numbers, start, origin, split)
                inputs.append(window)
                targets.append(target)
        if not inputs:
            raise DataError(self._too_short(split))
        return LabelledRows(torch.stack(inputs).float(), torch.stack(targets).float())

    @property
    def forecaster(self) -> Forecaster:
        """What it takes to make forecasts with a model of this data."""
        return Forecaster(self.config, self.scaling, len(self.value_names), self.measured)

    def seen_rows(self, numbers: Tensor, start: int, end: int) -> Tensor:
        """Returns the rows from ``start`` to ``end``, (end - start, F), as measured.

        With ``covariates_ahead`` each has the covariates of the row after it.

        Args:
            numbers: All rows, (N, F).
            start: The first row.
            end: The row after the last one.
        """
        ahead, count = self.config.covariate_shift, len(self.value_names)
        seen = [numbers[start:end, :count], numbers[start + ahead : end + ahead, count:]]
        return torch.cat(seen, dim=1)

    @property
    def further_metric_names(self) -> tuple[str, ...]:
        """The errors of the backtest, if the dataset has one."""
        return () if self._backtest is None else self._backtest.metric_names

    def further_metrics(self, model: AbstractModel, split: str) -> dict[str, float]:
        """Returns the errors of the backtest, if the dataset has one."""
        if self._backtest is None:
            return {}
        regions = [(numbers, *self._region(len(numbers), split)) for numbers in self._numbers]
        return backtest_metrics(self.forecaster, model, regions, self._backtest)

    def origins(self, split: str, horizon: int) -> list[tuple[Tensor, Tensor]]:
        """Returns the rows before and after each origin of a split whose horizon is in the split.

        Returns:
            The measured rows before the origin, (N, F), and those of the horizon, (horizon, F).
        """
        return [
            (numbers[:origin], numbers[origin : origin + horizon])
            for numbers in self._numbers
            for origin in self._origins(len(numbers), split, horizon)
        ]

    def _origins(self, count: int, split: str, horizon: int) -> range:
        """Returns the rows of a series at which a horizon begins that lies in the split."""
        first, end = self._region(count, split)
        return range(max(first, 1), end - horizon + 1)

    def baselines(self, split: str) -> dict[str, dict[str, float]]:
        """Returns the metrics of forecasts without a model, of what the model is evaluated on."""
        is_direct = self.config.forecast == "direct"
        errors = self.baseline_errors(split, self.config.horizon if is_direct else 1)
        if self._backtest is None or not errors:
            return errors
        further = self._backtest_baselines(split, self._backtest)
        return {name: metrics | further.get(name, {}) for name, metrics in errors.items()}

    def baseline_errors(self, split: str, horizon: int) -> dict[str, dict[str, float]]:
        """Returns the metrics of the forecasts without a model of a split, by forecast.

        They are empty where the split is shorter than the horizon.
        """
        origins = [self._origins(len(numbers), split, horizon) for numbers in self._numbers]
        return {
            name: forecast_metrics(forecasts, actual, self.naive_error)
            for name, forecasts, actual in self._baseline_forecasts(origins, horizon)
        }

    def _backtest_baselines(self, split: str, backtest: Backtest) -> dict[str, dict[str, float]]:
        """Returns the errors of the forecasts without a model in the backtest, by forecast."""
        horizon, seen = self.config.horizon, self.config.seen_first
        origins = [
            backtest.origins(*self._region(len(numbers), split), horizon, seen)
            for numbers in self._numbers
        ]
        return {
            name: backtest.errors(actual[:, -1], forecasts[:, -1])
            for name, forecasts, actual in self._baseline_forecasts(origins, horizon)
        }

    def _baseline_forecasts(
        self, origins: Sequence[range], horizon: int
    ) -> Iterable[tuple[str, Tensor, Tensor]]:
        """Returns what ``baseline_forecasts`` yields, nothing where there is no origin.

        Args:
            origins: The rows of each series at which a horizon begins.
            horizon: The rows of a forecast.
        """
        count = len(self.value_names)
        chosen = [
            (numbers[:, :count], begins)
            for numbers, begins in zip(self._numbers, origins, strict=True)
            if begins
        ]
        if not chosen:
            return ()
        return baseline_forecasts(chosen, horizon, season=self.season, smoothing=self.smoothing)

    @cached_property
    def smoothing(self) -> Tensor:
        """The factor of exponential smoothing of each value, fitted on the training part."""
        count = len(self.value_names)
        parts = [numbers[: self._bounds(len(numbers))[0], :count] for numbers in self._numbers]
        return fit_smoothing(parts)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns typed rows as a window, (1, T, F): numbers, with ; between rows.

        With one column, spaces or commas alone separate the rows.

        Raises:
            DataError: A field is no number, or a row has too many or too few.
        """
        width = len(self.column_names)
        rows = [part.replace(",", " ").split() for part in value.split(";") if part.strip()]
        if width == 1:
            rows = [[field] for row in rows for field in row]
        try:
            numbers = torch.tensor([[float(field) for field in row] for row in rows]).double()
        except ValueError:
            numbers = torch.empty(0)
        if numbers.dim() != 2 or numbers.shape[1] != width or not torch.isfinite(numbers).all():
            columns = " ".join(self.column_names)
            raise DataError(
                f"expected rows of {width} number{'s' if width > 1 else ''} ({columns}), such as "
                f"{'1.5 2 2.5' if width == 1 else '; '.join([' '.join(['1'] * width)] * 2)}"
            )
        return Batch(self.scaling.apply(numbers)[None].float())

    def decode(self, output: Output) -> str:
        """Returns the forecast rows as numbers; of a recursive forecast the next row."""
        return _rows_text(self.measured(output)[0])

    def measured(self, output: Output) -> Tensor:
        """Returns the forecasts of an output as they are measured, (B, rows, values), on the CPU.

        There are as many rows as the horizon has, or one of a recursive forecast. Of quantiles the
        middle one is taken.
        """
        logits, count = output.logits.detach().cpu().double(), len(self.value_names)
        if self.config.forecast == "recursive":
            logits = logits[:, -1:]
        outputs = self.signature.outputs
        if isinstance(outputs, Values) and outputs.quantiles:
            levels = outputs.quantiles
            middle = min(range(len(levels)), key=lambda index: abs(levels[index] - 0.5))
            logits = logits.reshape(*logits.shape[:-1], -1, len(levels))[..., middle]
        return self.scaling.undo(logits.reshape(len(logits), -1, count))

    def _bounds(self, total: int) -> tuple[int, int]:
        """Returns the end of the training part and of the validation part of a series."""
        train = self.split_slice(total, "train")
        if "test" not in self.splits:
            return train.stop, total
        return train.stop, self.split_slice(total, "test").start

    def _region(self, total: int, split: str) -> tuple[int, int]:
        """Returns the first row of a split of a series and the row after its last."""
        train, validation = self._bounds(total)
        return {
            "train": (0, train),
            "validation": (train, validation),
            "test": (validation, total),
        }[split]

    def _windows(self, total: int, split: str) -> list[tuple[int, int]]:
        """Returns the first row of each window of a split, and the first row after the window."""
        first, end = self._region(total, split)
        window, ahead = self.config.window, 1
        if self.config.forecast == "direct":
            ahead = self.config.horizon
        return [(at - window, at) for at in range(max(first, window), end - ahead + 1)]

    def _window(
        self, numbers: Tensor, start: int, origin: int, split: str
    ) -> tuple[Tensor, Tensor]:
        """Returns a window (window, F) and its targets: (values,), or (window, values)."""
        count = len(self.value_names)
        window = self.scaling.apply(self.seen_rows(numbers, start, origin))
        if self.config.forecast == "direct":
            ahead = self.scaling.apply(numbers[origin : origin + self.config.horizon])
            return window, ahead[:, :count].flatten()
        following = self.scaling.apply(numbers[start + 1 : origin + 1])[:, :count].clone()
        if split != "train":
            following[:-1] = float("nan")  # rows that are seen or that the window before counts
        return window, following

    @cached_property
    def _numbers(self) -> list[Tensor]:
        """The measured rows of each series, (N, F) in double precision."""
        return [_doubles(series.rows) for series in self.series]

    def _too_short(self, split: str) -> str:
        longest = max(len(numbers) for numbers in self._numbers)
        first, end = self._region(longest, split)
        ahead = self.config.horizon if self.config.forecast == "direct" else 1
        needed = f"a horizon of {ahead}"
        remedy = f"choose another --dataset.{'validation' if split == 'train' else split}"
        if split == "train":
            needed = f"a window of {self.config.window} and {needed}"
            remedy = "choose a smaller --dataset.window"
        return (
            f"{self.name}: split {split} has {end - first} of {longest} rows, {needed} needs more; "
            f"{remedy} or --dataset.horizon"
        )


def _doubles(numbers: Sequence[object]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def _rows_text(rows: Tensor) -> str:
    """Returns rows (N, columns) as text that ``encode`` reads."""
    texts = [" ".join(f"{number:.{DIGITS}g}" for number in row) for row in rows.tolist()]
    return (" " if rows.shape[1] == 1 else "; ").join(texts)


def series(config: SeriesConfig, vocabulary: Vocabulary | None) -> SeriesDataset:
    """Returns the series of a file."""

    def read(path: Path | None) -> Table:
        return read_table(path or config.path, encoding=config.encoding, delimiter=config.delimiter)

    def columns(table: Table, checkpoint: Signature | None) -> Columns:
        values, covariates = _names(config.value_columns), _names(config.covariate_columns)
        if checkpoint is not None:
            trained = _checkpoint_values(checkpoint, covariates)
            if len(values or trained) != len(trained):
                raise DataError(
                    f"{table.name}: {len(values)} columns of values, the model was trained on "
                    f"{len(trained)} ({', '.join(trained)}); name as many with "
                    "--dataset.value-columns"
                )
            values = values or trained
        return choose_columns(
            table,
            time=config.time_column,
            values=values,
            covariates=covariates,
            id=config.id_column,
        )

    return SeriesDataset(config, read=read, columns=columns, name=str(config.path))


def sales(config: SalesConfig, vocabulary: Vocabulary | None) -> SeriesDataset:
    """Returns the sample that comes with the plugin."""

    def columns(table: Table, checkpoint: Signature | None) -> Columns:
        return choose_columns(table, time="month", values=["sales"], covariates=[], id=None)

    return SeriesDataset(
        config, read=lambda path: read_table(path or SALES), columns=columns, name="sales"
    )


def _names(text: str | None) -> list[str]:
    """Returns the names of columns that a setting separates by commas."""
    return [name.strip() for name in text.split(",") if name.strip()] if text else []


def _checkpoint_values(checkpoint: Signature, covariates: Sequence[str]) -> list[str]:
    """Returns the columns to forecast that a checkpoint was trained on."""
    assert isinstance(checkpoint.inputs, Features)
    names = checkpoint.inputs.names
    return list(names[: len(names) - len(covariates)])


def sample_settings() -> dict[str, str]:
    """Returns the settings for the sample that comes with the plugin."""
    return {"path": str(SALES)}
