"""Settings of torch's layers, by torch's names; the configs of models inherit them."""

from __future__ import annotations

from typing import Literal

from zoo_core.configs.declare import config, setting


@config
class AbstractRecurrentConfig:
    """The settings that ``torch.nn.RNN``, ``LSTM`` and ``GRU`` share."""

    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of each layer's hidden state."
    )
    num_layers: int = setting(
        default=1, unit="layers", at_least=1, at_most=1000, help="Number of stacked layers."
    )
    bias: bool = setting(default=True, help="Whether the recurrence adds biases.")
    dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping an output between layers.",
        needs=("a second layer (num_layers)", lambda config: config.num_layers > 1),
    )
    bidirectional: bool = setting(
        default=False, help="Whether a second pass runs from the last step to the first."
    )
    initialization: Literal["uniform", "orthogonal"] = setting(
        default="uniform",
        help="Initial weights: as torch draws them, or with orthogonal recurrent ones.",
    )
    input_dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping an input of the first layer.",
    )
    output_dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping an output of the last layer.",
    )
    variational_dropout: bool = setting(
        default=False,
        help="Whether dropout drops the same units at all steps of a sequence, instead of others "
        "at each step (Gal & Ghahramani 2016).",
        needs=(
            "dropout, input_dropout or output_dropout",
            lambda config: config.dropout or config.input_dropout or config.output_dropout,
        ),
    )
    weight_drop: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping a recurrent weight, for a whole batch (Merity et al. 2018).",
    )
    activation_penalty: float = setting(
        default=0.0,
        at_least=0,
        help="Factor of the mean square of the outputs, which is added to the loss (AR, Merity et "
        "al. 2017).",
    )
    temporal_penalty: float = setting(
        default=0.0,
        at_least=0,
        help="Factor of the mean square of the difference between the outputs of two steps, which "
        "is added to the loss (TAR, Merity et al. 2017).",
    )


@config
class AbstractEmbeddingConfig:
    """The settings of ``torch.nn.Embedding``."""

    embedding_size: int = setting(
        default=32, unit="units", at_least=1, help="Width of a symbol's embedding."
    )
    padding_idx: int | None = setting(
        default=None, at_least=0, help="Id of the symbol whose embedding is zero and stays zero."
    )
    max_norm: float | None = setting(
        default=None,
        above=0,
        help="Largest length of an embedding; a longer one is shortened when it is used.",
    )
    norm_type: float = setting(
        default=2.0,
        above=0,
        help="How max_norm measures length: 2 is the Euclidean norm, 1 the sum of absolute values.",
        needs=("max_norm", lambda config: config.max_norm is not None),
    )
    scale_grad_by_freq: bool = setting(
        default=False, help="Divide an embedding's gradient by its count in the batch."
    )
    sparse: bool = setting(
        default=False,
        help="Whether only the embeddings of the batch's symbols get gradients; for SGD without "
        "momentum or Adagrad, without clipping.",
    )


@config
class AbstractTiedEmbeddingConfig(AbstractEmbeddingConfig):
    """The settings of an embedding whose table may be the weight of the output layer too."""

    tie_weights: bool = setting(
        default=False,
        help="Whether the output layer has the embedding's table as its weight, which needs an "
        "embedding as wide as the last layer's output (Press & Wolf 2017).",
    )


@config
class AbstractEmbeddedRecurrentConfig(AbstractRecurrentConfig, AbstractTiedEmbeddingConfig):
    """The settings of recurrent layers above an embedding."""
