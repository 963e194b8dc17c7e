"""Regularisation of recurrent layers in training: dropout and penalties of activations."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import Tensor
from torch.nn.functional import dropout

from zoo_core.configs.layers import AbstractRecurrentConfig
from zoo_core.runtime.nn.row_cut import RowCut
from zoo_core.runtime.nn.state import valid_steps


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

    def drop(self, inputs: Tensor, probability: float, cut: RowCut | None = None) -> Tensor:
        """Returns inputs (B, T, F), some of them dropped.

        Args:
            inputs: The inputs.
            probability: p.
            cut: Which rows of a batch they are; None for all.
        """
        if not probability:
            return inputs
        if not self.variational:
            # Dropout draws its mask in memory order, which depends on the kernel.
            return _drop(inputs.contiguous(), probability, cut)
        ones = inputs.new_ones(inputs.shape[0], 1, inputs.shape[2])
        return inputs * _drop(ones, probability, cut)

    def drop_weights(
        self, weights: dict[str, Tensor], cut: RowCut | None = None
    ) -> dict[str, Tensor]:
        """Returns the weights of a layer with some recurrent ones dropped."""
        if not self.weights:
            return weights
        dropped = dict(weights)
        weight = weights["weight_hh"]
        if cut is None:
            dropped["weight_hh"] = dropout(weight, self.weights)
        else:
            dropped["weight_hh"] = cut.drop_weight(weight, self.weights)
        return dropped

    def penalty(
        self,
        raw: Tensor,
        dropped: Tensor,
        lengths: Tensor | None,
        resets: Tensor | None = None,
        cut: RowCut | None = None,
    ) -> Tensor | None:
        """Returns the sum of both penalties, a scalar; None if their factors are 0.

        Args:
            raw: The outputs of the last layer, (B, T, P).
            dropped: The same after dropout.
            lengths: The valid steps of each row, (B,); None if all are.
            resets: The steps at which a new piece of a row begins, (B, T); None if none does.
            cut: Which rows of a batch they are; None for all. The penalties of all parts of a batch
                add up to that of the batch.
        """
        if not self.activation and not self.temporal:
            return None
        rows, steps, _ = raw.shape
        valid, changes = _counted(raw, rows, lengths, resets)
        whole_valid, whole_changes = valid, changes
        if cut is not None:
            whole_valid, whole_changes = _counted(raw, cut.rows, cut.lengths, cut.resets)
        total = raw.new_zeros(())
        if self.activation:
            total = total + self.activation * _mean_square(dropped, valid, whole_valid)
        if self.temporal and steps > 1:
            differences = raw[:, 1:] - raw[:, :-1]
            total = total + self.temporal * _mean_square(differences, changes, whole_changes)
        return total


def _drop(inputs: Tensor, probability: float, cut: RowCut | None) -> Tensor:
    return dropout(inputs, probability) if cut is None else cut.drop(inputs, probability)


def _counted(
    like: Tensor, rows: int, lengths: Tensor | None, resets: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns which steps of a batch count (B, T, 1), and which changes from step to step do.

    Args:
        like: The outputs, (any number of rows, T, P).
        rows: B.
        lengths: The valid steps of each row, (B,); None if all are.
        resets: The steps at which a new piece of a row begins, (B, T); None if none does.
    """
    valid = like.new_ones(rows, like.shape[1], 1)
    if lengths is not None:
        valid = valid_steps(lengths, like.shape[1], like.device).unsqueeze(2).to(like.dtype)
    changes = valid[:, 1:]
    if resets is not None:
        changes = changes * ~resets[:, 1:].unsqueeze(2)
    return valid, changes


def _mean_square(values: Tensor, valid: Tensor, whole: Tensor) -> Tensor:
    """Returns the sum of squares over valid steps, divided by the numbers of the whole batch.

    Args:
        values: (B, T, P).
        valid: 1 for a step that counts, (B, T, 1).
        whole: The same of the whole batch.
    """
    return (values.square() * valid).sum() / (whole.sum() * values.shape[2]).clamp(min=1)
