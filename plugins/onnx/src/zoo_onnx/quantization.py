"""Weights as 8-bit integers, and what that costs."""

from __future__ import annotations

import logging
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic

from zoo_core.data.splits import held_out_splits
from zoo_core.errors import ZooError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.program import Program
from zoo_core.runtime.training.evaluation import evaluation_steps, run_to_end
from zoo_onnx.session import Session, SessionModel

MEASURED_SECONDS = 10.0
"""The time limit of measuring the loss of the model before."""


def quantize(source: Path, target: Path) -> None:
    """Writes a model with its weights as 8-bit integers.

    ONNX Runtime has them for matrix products, LSTM and embeddings; its GRU and RNN stay in float32.
    """
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # the library warns on the root logger
    try:
        quantize_dynamic(
            source, target, weight_type=QuantType.QInt8, extra_options={"EnableSubgraph": True}
        )
    finally:
        logger.setLevel(level)


def losses(
    checkpoint: Checkpoint, program: Program, before: Session, after: Session
) -> tuple[dict[str, float], str]:
    """Returns the loss of two sessions on the same batches of a held-out split, in nats.

    Returns:
        The losses by name, and why they are missing; one of both is empty.
    """
    try:
        dataset, trainer = checkpoint.dataset, checkpoint.trainer
        split = held_out_splits(dataset.splits)[0]
        evaluations = []
        sample: list[int] | None = None
        for session in (before, after):
            steps = evaluation_steps(
                SessionModel(program, session),
                dataset,
                trainer,
                split,
                seconds=MEASURED_SECONDS,
                sample=sample,
            )
            evaluations.append(run_to_end(steps))
            sample = evaluations[0].sample
    except ZooError as error:
        return {}, f"the loss was not measured: {error}"
    fp32, int8 = (evaluation.metrics["loss"] for evaluation in evaluations)
    return {f"{split}_loss_fp32": fp32, f"{split}_loss_int8": int8}, ""
