"""Declarations of this plugin: trainers and loggers."""

from __future__ import annotations

from zoo_core import LoggerSpec, TrainerSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """The trainers of this plugin."""
    return [
        TrainerSpec(
            name="supervised",
            summary="Trains on labels of steps or sequences; cross entropy in nats, accuracy.",
            config="zoo_train.configs:SupervisedConfig",
            factory="zoo_train.supervised:SupervisedTrainer",
            tags=("classification",),
        ),
        TrainerSpec(
            name="next-token",
            summary="Trains on the next symbol; cross entropy, perplexity, bits per character.",
            config="zoo_train.configs:NextTokenConfig",
            factory="zoo_train.next_token:NextTokenTrainer",
            tags=("language-model",),
            next_token=True,
        ),
        TrainerSpec(
            name="regression",
            summary="Trains on values; squared, absolute, Huber or quantile loss, MAE, RMSE, MAPE.",
            config="zoo_train.configs:RegressionConfig",
            factory="zoo_train.regression:RegressionTrainer",
            tags=("regression", "forecasting"),
            outputs=("values",),
        ),
        TrainerSpec(
            name="multi-label",
            summary="Trains on several labels at once; binary cross entropy, precision, recall.",
            config="zoo_train.configs:MultiLabelConfig",
            factory="zoo_train.multi_label:MultiLabelTrainer",
            tags=("classification", "multi-label"),
            outputs=("keys",),
        ),
    ]


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    """The loggers of this plugin."""
    return [
        LoggerSpec(
            name="csv",
            summary="Writes steps.csv and epochs.csv into logs/csv of the run folder.",
            factory="zoo_train.csv_logger:CsvLogger",
        ),
        LoggerSpec(
            name="jsonl",
            summary="Writes every step and epoch to logs/jsonl/events.jsonl of the run folder.",
            factory="zoo_train.jsonl_logger:JsonlLogger",
        ),
    ]
