# [trainer]
"""The objective."""

from __future__ import annotations

from pathlib import Path

import torch
import zoo_core
from zoo_core import Classes, Signature, Tokens
from zoo_core.runtime.nn import IGNORED, Batch, Output

from zoo_plugin_quokka.configs import QuokkaTrainerConfig
from zoo_plugin_quokka.trainer import QuokkaTrainer

SIGNATURE = Signature(inputs=Tokens(3), outputs=Classes(3, per="step"))


def test_the_loss_is_smoothed_cross_entropy() -> None:
    logits = torch.tensor([[[2.0, 0.0, -1.0], [0.0, 0.0, 5.0]]])
    batch = Batch(torch.tensor([[0, 1]]), torch.tensor([[0, IGNORED]]))
    trainer = QuokkaTrainer(QuokkaTrainerConfig(smoothing=0.3), SIGNATURE)
    losses = -torch.log_softmax(logits[0, 0], dim=0)
    expected = 0.7 * losses[0] + 0.3 * losses.mean()
    torch.testing.assert_close(trainer.loss(Output(logits, None), batch), expected)


def test_a_model_of_the_zoo_learns_with_it(tmp_path: Path) -> None:
    settings = {"trainer": {"epochs": 50, "learning_rate": 0.05}}
    checkpoint = zoo_core.train("rnn-cell", tmp_path / "run", trainer="quokka", settings=settings)
    assert checkpoint.run_config.trainer == "quokka"
    assert checkpoint.metrics["train"]["accuracy"] == 1


# [end]
