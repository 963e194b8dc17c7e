"""Regularisation of recurrent layers in training: dropout and penalties of activations."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import dropout

from zoo_core.configs.layers import AbstractRecurrentConfig


@final
class Regularization(NamedTuple):
    """How a recurrent layer is regularised in training; none of it acts in evaluation.

    With m a mask of independent numbers, 0 with probability p and else 1 / (1 - p), dropout
    replaces x by m ⊙ x. The mask of variational dropout is drawn once for a sequence, and weight
    drop draws one for the recurrent weights W_hh and all steps of a batch. With h_t the outputs of
    the last layer, m_t their mask, B rows of T steps and P units, the penalties are

        α / (B T P) Σ_t ‖m_t ⊙ h_t‖²    and    β / (B (T - 1) P) Σ_t ‖h_t - h_{t-1}‖²

    Steps of padding do not count, and no difference is taken between two pieces of a row.

    Sources: Gal & Ghahramani (2016), A Theoretically Grounded Application of Dropout in Recurrent
    Neural Networks; Merity, McCann & Socher (2017), Revisiting Activation Regularization for
    Language RNNs; Merity, Keskar & Socher (2018), Regularizing and Optimizing LSTM Language Models.

    Args:
        inputs: p of the inputs of the first layer.
        outputs: p of the outputs of the last layer.
        variational: Whether a mask holds for all steps of a sequence, between layers too.
        weights: p of the recurrent weights.
        activation: α.
        temporal: β.
    """

    inputs: float = 0.0
    outputs: float = 0.0
    variational: bool = False
    weights: float = 0.0
    activation: float = 0.0
    temporal: float = 0.0

    @classmethod
    def of(cls, config: AbstractRecurrentConfig) -> Regularization:
        """Returns what the settings of a model say."""
        return cls(
            inputs=config.input_dropout,
            outputs=config.output_dropout,
            variational=config.variational_dropout,
            weights=config.weight_drop,
            activation=config.activation_penalty,
            temporal=config.temporal_penalty,
        )

    def drop(self, inputs: Tensor, probability: float) -> Tensor:
        """Returns inputs (B, T, F), some of them dropped."""
        if not probability:
            return inputs
        if not self.variational:
            # Dropout draws its mask in memory order, which depends on the kernel.
            return dropout(inputs.contiguous(), probability)
        mask = dropout(inputs.new_ones(inputs.shape[0], 1, inputs.shape[2]), probability)
        return inputs * mask

    def drop_weights(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns the weights of a layer with some recurrent ones dropped."""
        if not self.weights:
            return weights
        return {
            name: dropout(weight, self.weights) if name == "weight_hh" else weight
            for name, weight in weights.items()
        }

    def penalty(
        self,
        raw: Tensor,
        dropped: Tensor,
        lengths: Tensor | None,
        resets: Tensor | None = None,
    ) -> Tensor | None:
        """Returns the sum of both penalties, a scalar; None if their factors are 0.

        Args:
            raw: The outputs of the last layer, (B, T, P).
            dropped: The same after dropout.
            lengths: The valid steps of each row, (B,); None if all are.
            resets: The steps at which a new piece of a row begins, (B, T); None if none does.
        """
        if not self.activation and not self.temporal:
            return None
        valid = torch.ones_like(raw[..., :1])
        if lengths is not None:
            steps = torch.arange(raw.shape[1], device=raw.device)
            valid = (steps < lengths.to(raw.device).unsqueeze(1)).unsqueeze(2).to(raw.dtype)
        total = raw.new_zeros(())
        if self.activation:
            total = total + self.activation * _mean_square(dropped, valid)
        if self.temporal and raw.shape[1] > 1:
            counted = valid[:, 1:]
            if resets is not None:
                counted = counted * ~resets[:, 1:].unsqueeze(2)
            total = total + self.temporal * _mean_square(raw[:, 1:] - raw[:, :-1], counted)
        return total


def _mean_square(values: Tensor, valid: Tensor) -> Tensor:
    """Returns the mean square of values (B, T, P) over the valid steps (B, T, 1)."""
    return (values.square() * valid).sum() / (valid.sum() * values.shape[2]).clamp(min=1)
