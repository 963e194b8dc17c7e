"""Trainers on classes."""

from __future__ import annotations

import pytest
from torch import Tensor

from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer


def test_a_loss_of_its_own_is_refused_as_a_kernel_would_pass_over_it() -> None:
    with pytest.raises(TypeError, match=r"^Focal\.loss would be passed over: .* AbstractTrainer$"):

        class Focal(AbstractClassTrainer):
            def loss(self, output: Output, batch: Batch) -> Tensor:  # type: ignore[misc]
                return output.logits.sum()
