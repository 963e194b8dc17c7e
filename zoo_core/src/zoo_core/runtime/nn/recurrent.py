"""The recurrent layer: owns the weights of a cell and runs it through time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core.configs.layers import AbstractRecurrentConfig
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.elapsed import elapsed_times
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.layer_inputs import check_elapsed, check_inputs, check_marks, check_sizes
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.regularization import Regularization
from zoo_core.runtime.nn.row_cut import RowCut
from zoo_core.runtime.nn.state import State, check_state, state_as, valid_steps
from zoo_core.runtime.nn.time_chunks import Scan, scan_in_chunks
from zoo_core.runtime.nn.torch_modes import autocasts, is_transformed

NO_REGULARIZATION = Regularization()
REFERENCE = ReferenceKernel()
"""Runs by operations of torch alone, so that every transformation of torch passes through it."""


@final
class Recurrent(nn.Module):
    """Layers of a cell over time, in one or two directions, regularised in training.

    Parameters are named, laid out and initialised as in ``torch.nn``: ``weight_ih_l0``,
    ``weight_hh_l1_reverse`` and so on, each drawn from U(-1/√H, 1/√H) unless the cell gives its
    initial value. A state dict of ``torch.nn.RNN``, ``LSTM`` or ``GRU`` therefore loads into this
    layer, and the reverse.

    Inside ``torch.func``, with forward mode derivatives, while torch traces or exports and for
    tensors without memory, the reference kernel runs, unless the first one is transformable.

    Inputs and outputs are batch first. How a kernel lays out the steps inside is its own matter.
    Features and states of another precision are converted to that of the weights.

    Args:
        cell: The equations.
        input_size: F, the width of the inputs, or the number of symbols if they are tokens.
        num_layers: The number of layers.
        bidirectional: Whether every layer also runs from the last step to the first.
        dropout: The probability with which an output of a layer, except the last one, is set to
            zero in training.
        regularization: What else regularises the layers in training; by default nothing.
        orthogonal: Whether the recurrent matrix of each gate starts as an orthogonal matrix, which
            preserves the length of a hidden state (Saxe, McClelland & Ganguli 2014), instead of a
            uniform draw.

    Raises:
        ConfigError: A size is less than 1, or the dropout is no probability; weight drop or an
            orthogonal start is asked for, and the cell has no ``weight_hh``.

    Attributes:
        kernels: The kernels to try, the fastest first and one that runs every cell last. The
            reference kernel alone, until the model is built from a run's settings.
        chooses_by_size: Whether kernels that do not pay for a call are passed over, as the backend
            ``auto`` does.
        penalty: What the last forward pass in training adds to the loss, a scalar; None for
            nothing. The training step takes it.
        cut: Which rows of a batch the next forward pass in training computes; None for all.
        checkpoint_steps: The steps between the states that are kept for the gradient; 0 keeps
            those of all steps.
    """

    penalty: Tensor | None = None
    cut: RowCut | None = None
    checkpoint_steps: int = 0

    def __init__(
        self,
        cell: AbstractCell[Any],
        input_size: int,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        regularization: Regularization = NO_REGULARIZATION,
        orthogonal: bool = False,
    ) -> None:
        super().__init__()
        sizes = {"input_size": input_size, "hidden_size": cell.hidden_size}
        check_sizes(sizes | {"num_layers": num_layers}, dropout)
        if "weight_hh" not in cell.parameter_shapes(input_size):
            _refuse_recurrent_settings(cell, regularization.weights, orthogonal=orthogonal)
        self.cell = cell
        self.input_size = input_size
        self.num_layers = num_layers
        self.directions = 2 if bidirectional else 1
        self.output_size = cell.output_size * self.directions
        self.dropout = nn.Dropout(dropout)
        self.regularization = regularization
        self.kernels: tuple[AbstractKernel, ...] = (ReferenceKernel(),)
        self.chooses_by_size = False
        self._right_form: object = None
        self._last_choice: tuple[object, AbstractKernel] = (None, self.kernels[0])
        self._names = tuple(cell.parameter_shapes(input_size))
        bound = cell.hidden_size**-0.5
        for layer in range(num_layers):
            width = self.output_size if layer else input_size
            for direction in range(self.directions):
                suffix = _suffix(layer, direction)
                for name, shape in cell.parameter_shapes(width).items():
                    tensor = _initial_value(cell, name, shape)
                    if tensor is None:
                        tensor = torch.empty(shape).uniform_(-bound, bound)
                        if orthogonal and name == "weight_hh":
                            for gate in tensor.chunk(shape[0] // cell.hidden_size):
                                nn.init.orthogonal_(gate)
                    self.register_parameter(name + suffix, nn.Parameter(tensor))

    def extra_repr(self) -> str:
        """Returns the cell and the sizes, in the manner of torch's recurrent layers."""
        sizes = [self.cell.name, str(self.input_size), str(self.cell.hidden_size)]
        if self.cell.output_size != self.cell.hidden_size:
            sizes.append(f"output_size={self.cell.output_size}")
        if self.num_layers > 1:
            sizes.append(f"num_layers={self.num_layers}")
        if self.directions > 1:
            sizes.append("bidirectional=True")
        return ", ".join(sizes)

    @property
    def kernel(self) -> AbstractKernel:
        """The first kernel that can run this cell on this device."""
        return next(self._supported_kernels())

    def kernel_for(self, case: ScanCase) -> AbstractKernel:
        """Returns the kernel that runs the cell in a case."""
        supported = self._supported_kernels()
        first = next(supported)
        if not self.chooses_by_size or first.pays(case):
            return first
        return next((kernel for kernel in supported if kernel.pays(case)), first)

    def _supported_kernels(self) -> Iterator[AbstractKernel]:
        # one by one: every call of the layer asks, and mostly the first kernel is the one
        cell, like = self.cell, self._like
        return (k for k in self.kernels if k.unsupported_reason(cell, like) is None)

    def _kernel_for_inputs(
        self, inputs: Tensor, lengths: Tensor | None, symbols: int
    ) -> AbstractKernel:
        """Returns the kernel for inputs; ``symbols`` is V if they are tokens."""
        like = self._like
        if is_transformed(inputs, like):
            first = self.kernel
            return first if first.is_transformable else REFERENCE
        # A trace must hold for any number of rows and steps.
        if not self.chooses_by_size or torch.compiler.is_compiling():
            return self.kernel
        device = like.device.type
        case = ScanCase(
            cell=self.cell,
            batch_size=inputs.shape[0],
            steps=inputs.shape[1],
            symbols=0 if inputs.is_floating_point() else symbols,
            padded=lengths is not None,
            dtype=like.dtype,
            input_dtype=inputs.dtype,
            device=device,
            needs_grad=torch.is_grad_enabled(),
            autocast=autocasts(device),
        )
        if case.autocast:  # whose dtype the case does not have
            return self.kernel_for(case)
        asked = (self.kernels, case)
        if asked != self._last_choice[0]:
            self._last_choice = (asked, self.kernel_for(case))
        return self._last_choice[1]

    @property
    def _like(self) -> Tensor:
        like: Tensor = getattr(self, self._names[0] + _suffix(0, 0))
        return like

    def initial_state(self, batch_size: int) -> State:
        """Returns the initial state of every layer and direction."""
        count, like = self.num_layers * self.directions, self._like
        return tuple(self.cell.initial_state(batch_size, like) for _ in range(count))

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        embedding: Embedding | None = None,
        resets: Tensor | None = None,
        elapsed: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Runs all layers over all steps.

        Args:
            inputs: Features (B, T, F), or tokens (B, T) that stand for one-hot vectors.
            state: The state to start from; None for the initial state.
            lengths: The number of valid steps of each row, (B,).
            embedding: The embedding that tokens pass through first. Its table is folded into the
                weights where that is faster.
            resets: Whether the state starts anew before a step, (B, T), bool, in every layer and
                direction, as in ``Batch``.
            elapsed: The time since the step before, (B, T), for a cell that takes it. Every layer
                gets it; in reverse it is the time to the step after.

        Returns:
            The outputs of the last layer, (B, T, P) or (B, T, 2P), and the state after the last
            step. Both share memory with what gradients need: do not change them in place.

        Raises:
            MisfitError: The inputs do not fit the layer, or the state, the lengths, the resets or
                the times do not fit the inputs.
        """
        like = self._like
        if not torch.compiler.is_compiling():  # a trace must hold for any number of rows
            is_embedded = embedding is not None
            check_inputs(inputs, self.input_size, like, embedded=is_embedded)
            check_marks(inputs, lengths, resets)
            check_elapsed(self.cell, inputs, elapsed)
            state = self._fitting_state(inputs.shape[0], state, like)
        states = list(state or self.initial_state(inputs.shape[0]))
        if lengths is not None and inputs.is_floating_point():
            # a product with 0 would make a NaN of a padding that is not finite
            inputs = inputs.masked_fill(_padding(inputs, lengths).unsqueeze(2), 0)
        times: list[Tensor] = []
        if elapsed is not None:
            times = elapsed_times(elapsed.to(like.dtype), lengths, resets, self.directions)
        active = self.regularization if self.training else NO_REGULARIZATION
        cell = self.cell.in_training() if self.training else self.cell
        if active.inputs:
            inputs, embedding = self._drop_inputs(inputs, embedding), None
        table = None
        if embedding is not None:
            table = self._foldable_table(embedding, inputs, lengths)
            inputs = inputs if table is not None else self._embed(inputs, embedding)
        if inputs.dtype != like.dtype and inputs.is_floating_point():
            is_double = torch.float64 in (inputs.dtype, like.dtype)  # autocast leaves it
            if is_double or not autocasts(like.device.type):
                inputs = inputs.to(like.dtype)
        symbols = self.input_size if table is None else len(table)
        for layer in range(self.num_layers):
            kernel = self._kernel_for_inputs(inputs, lengths, symbols)
            outputs = []
            for direction in range(self.directions):
                index = layer * self.directions + direction
                weights = active.drop_weights(self.weights(layer, direction), self.cut)
                if layer == 0 and table is not None:
                    weights["weight_ih"] = _fold(weights["weight_ih"], table)
                scan = self._scan(kernel, inputs.shape[1], resets)
                timed = torch.cat([inputs, times[direction]], dim=2) if times else inputs
                output, states[index] = scan(
                    cell,
                    weights,
                    timed,
                    states[index],
                    lengths=lengths,
                    reverse=direction == 1,
                )
                outputs.append(output)
            inputs = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=2)
            if layer < self.num_layers - 1:
                inputs = self._drop_between(inputs)
        if not self.training:
            return inputs, tuple(states)
        dropped = active.drop(inputs, active.outputs, self.cut)
        self.penalty = active.penalty(inputs, dropped, lengths, resets, self.cut)
        return dropped, tuple(states)

    def _fitting_state(self, rows: int, state: State | None, weight: Tensor) -> State | None:
        """Returns a state to start from, in the dtypes of the initial state.

        The form of the last right one is kept: text is generated one step after the other, and
        making an initial state to compare with takes as long as the step of a small cell.

        Args:
            rows: B.
            state: The state; None is always right.
            weight: A weight of the layer, which may have moved since.

        Raises:
            MisfitError: It does not fit the layer, or has another number of rows.
        """
        if state is None:
            return None
        try:
            forms = [(type(part), [(t.shape, t.dtype, t.device) for t in part]) for part in state]
        except (AttributeError, TypeError):  # no tensors, or no parts
            forms = []
        form = (rows, weight.dtype, weight.device, forms)
        if form == self._right_form:
            return state
        like = self.initial_state(rows)
        check_state(rows, state, like)
        fitting = state_as(state, like)
        if fitting is state:
            self._right_form = form
        return fitting

    def _foldable_table(
        self, embedding: nn.Module, tokens: Tensor, lengths: Tensor | None
    ) -> Tensor | None:
        """Returns the table (V, F) of an embedding that is folded into the weights, or None."""
        if not isinstance(embedding, Embedding):  # another layer that was put in its place
            return None
        table, like = embedding.weight, self._like
        if table.shape[1] != self.input_size or table.dtype != like.dtype:
            return None
        kernel = self._kernel_for_inputs(tokens, lengths, len(table))
        is_folded = kernel.folds_embedding(self.cell) and embedding.can_fold(tokens)
        return table if is_folded else None

    def _embed(self, tokens: Tensor, embedding: nn.Module) -> Tensor:
        """Returns the embeddings (B, T, F) of tokens (B, T)."""
        embedded: Tensor = embedding(tokens)
        if not torch.compiler.is_compiling():
            check_inputs(embedded, self.input_size, self._like)
        return embedded

    def _scan(self, kernel: AbstractKernel, steps: int, resets: Tensor | None) -> Scan:
        """Returns what runs a cell over all steps; in chunks if a gradient is to take less memory.

        Inside ``torch.func`` and the like it runs them at once.

        Args:
            kernel: The kernel.
            steps: T.
            resets: As in ``forward``.
        """
        size = self.checkpoint_steps
        is_chunked = 0 < size < steps and torch.is_grad_enabled()
        if is_chunked and not is_transformed():  # torch.func knows no checkpoints
            scan = kernel.scan if resets is None else kernel.scan_with_resets
            return partial(scan_in_chunks, scan, size=size, resets=resets)
        return kernel.scan if resets is None else partial(kernel.scan_with_resets, resets=resets)

    def _drop_between(self, outputs: Tensor) -> Tensor:
        """Returns the outputs of a layer (B, T, P), some of them dropped in training."""
        # Dropout draws its mask in memory order, which depends on the kernel.
        outputs = outputs.contiguous()
        if self.training and self.regularization.variational:
            return self.regularization.drop(outputs, self.dropout.p, self.cut)
        if self.training and self.cut is not None and self.dropout.p:
            return self.cut.drop(outputs, self.dropout.p)
        dropped: Tensor = self.dropout(outputs)
        return dropped

    def _drop_inputs(self, inputs: Tensor, embedding: Embedding | None) -> Tensor:
        """Returns features, embeddings or one-hot vectors (B, T, F), some of them dropped."""
        if embedding is not None:
            inputs = embedding(inputs)
        elif not inputs.is_floating_point():
            inputs = nn.functional.one_hot(inputs, self.input_size).to(self._like.dtype)
        return self.regularization.drop(inputs, self.regularization.inputs, self.cut)

    def weights(self, layer: int, direction: int) -> dict[str, Tensor]:
        """Returns the weights of one layer and direction by the cell's names."""
        suffix = _suffix(layer, direction)
        return {name: getattr(self, name + suffix) for name in self._names}

    def last(self, outputs: Tensor, state: State, lengths: Tensor | None = None) -> Tensor:
        """Returns the last layer's output at the last valid step, (B, P) or (B, 2P).

        It is read from the state where the cell's state holds it, otherwise from the outputs.

        Args:
            outputs: The outputs of the last layer, (B, T, P) or (B, T, 2P).
            state: The state after the last step.
            lengths: The number of valid steps of each row, (B,), as given to ``forward``.
        """
        ends = []
        for direction, part in enumerate(state[-self.directions :]):
            end = self.cell.last_output(part)
            if end is None or (self.training and self.regularization.outputs):  # not dropped there
                width = self.cell.output_size
                steps = outputs[..., direction * width : (direction + 1) * width]
                end = _end(steps, lengths, reverse=direction == 1)
            ends.append(end)
        return torch.cat(ends, dim=1)


def recurrent_layer(
    cell: AbstractCell[Any], input_size: int, config: AbstractRecurrentConfig
) -> Recurrent:
    """Builds the recurrent layer that a config describes.

    Args:
        cell: The equations.
        input_size: F, the width of the inputs, or the number of symbols if they are tokens.
        config: The settings of the layer.
    """
    return Recurrent(
        cell,
        input_size,
        num_layers=config.num_layers,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
        regularization=Regularization.of(config),
        orthogonal=config.initialization == "orthogonal",
    )


def _refuse_recurrent_settings(
    cell: AbstractCell[Any], weight_drop: float, *, orthogonal: bool
) -> None:
    """Checks the settings of a recurrent matrix for a cell that has none.

    Raises:
        ConfigError: One of them is asked for.
    """
    if weight_drop:
        raise ConfigError(
            f"model.weight_drop = {weight_drop:g}: {cell.name} has no weight_hh, which weight drop "
            "is for; expected 0"
        )
    if orthogonal:
        raise ConfigError(
            f"model.initialization = 'orthogonal': {cell.name} has no weight_hh, which would start "
            "orthogonal; expected uniform"
        )


def _initial_value(cell: AbstractCell[Any], name: str, shape: tuple[int, ...]) -> Tensor | None:
    """Returns a copy of the value from which the cell lets a weight start, or None.

    Raises:
        MisfitError: The value has another shape than the weight.
    """
    value = cell.initial_value(name, shape)
    if value is None:
        return None
    if tuple(value.shape) != tuple(shape):
        raise MisfitError(
            f"the initial value of {cell.name}'s {name} is {tuple(value.shape)}, "
            f"expected {tuple(shape)}"
        )
    return value.detach().clone()


def _padding(inputs: Tensor, lengths: Tensor) -> Tensor:
    """Returns which steps of inputs (B, T, F) lie beyond the lengths (B,), as (B, T)."""
    return ~valid_steps(lengths, inputs.shape[1], inputs.device)


def _end(outputs: Tensor, lengths: Tensor | None, *, reverse: bool) -> Tensor:
    """Returns the output that one direction (B, T, P) computed last, (B, P)."""
    if reverse:
        return outputs[:, 0]
    if lengths is None:
        return outputs[:, -1]
    last = (lengths.to(outputs.device) - 1).long()
    return outputs[torch.arange(len(last), device=outputs.device), last]


def _fold(weight: Tensor, table: Tensor) -> Tensor:
    """Turns W (G, E), which takes embeddings, into a weight (G, V) that takes tokens.

    The table of the embeddings is (V, E).
    """
    with torch.autocast(weight.device.type, enabled=False):
        return weight @ table.t()


def _suffix(layer: int, direction: int) -> str:
    return f"_l{layer}" + ("_reverse" if direction else "")
