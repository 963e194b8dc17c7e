"""Recurrences in ONNX: its own operators, and a loop around the step of any other cell.

While torch traces a model, ``TracedKernel`` puts one node of our own, ``Recurrence``, in the place
of each recurrence, so that the rest of the model is exported by torch whatever it does.
``replace_recurrences`` then puts ONNX's operators there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import onnx
import torch
from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, helper, numpy_helper
from torch import Tensor, nn

from zoo_core.runtime.nn import AbstractCell, AbstractKernel, LayerState, Weights

DOMAIN, OPERATOR = "zoo", "Recurrence"
GATE_ORDERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "rnn-tanh": ("RNN", (0,)),
    "rnn-relu": ("RNN", (0,)),
    "lstm": ("LSTM", (0, 3, 1, 2)),
    "gru": ("GRU", (1, 0, 2)),
    "gru-reset-before": ("GRU", (1, 0, 2)),
}
"""The operator of a cell, and where its gates lie in ours: ONNX has i o f c, and z r h.

Source: the operators RNN, LSTM and GRU of the ONNX specification.
"""
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "rnn-relu": {"activations": ["Relu"]},
    "gru": {"linear_before_reset": 1},
}
"""Attributes of the operators that are not their defaults, by cell."""
OPERATOR_WEIGHTS = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
"""The weights that ONNX's operators take; an LSTM with a projection has another."""
TRACED_BATCH = 3


@final
@dataclass(frozen=True)
class Recurrence:
    """One recurrence of a traced model.

    Args:
        cell: The equations.
        weight_names: The cell's names of its weights.
        weight_shapes: Their shapes.
        state: A state of one row.
        projected_size: G, the width of the projected inputs.
        reverse: Whether it runs from the last step to the first.
    """

    cell: AbstractCell[Any]
    weight_names: tuple[str, ...]
    weight_shapes: tuple[tuple[int, ...], ...]
    state: LayerState
    projected_size: int
    reverse: bool

    @property
    def uses_operator(self) -> bool:
        """Whether ONNX has an operator for the cell."""
        return self.cell.name in GATE_ORDERS and OPERATOR_WEIGHTS.issuperset(self.weight_names)


@final
@dataclass
class TracedKernel(AbstractKernel):
    """Traces a recurrence as one node, and keeps what it is.

    Args:
        recurrences: The recurrences that were traced, in their order.
    """

    recurrences: list[Recurrence] = field(default_factory=list)

    name = "onnx"
    is_transformable = True
    details = "one node of a trace"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Nothing: it traces every cell."""
        return None

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel; an exported model takes no lengths."""
        projected = cell.project(weights, inputs)  # (B, T, G)
        recurrence = Recurrence(
            cell,
            tuple(weights),
            tuple(tuple(weight.shape) for weight in weights.values()),
            type(state)._make(tensor.new_zeros(1, *tensor.shape[1:]) for tensor in state),
            projected.shape[2],
            reverse,
        )
        if recurrence.uses_operator:
            projected = _as_features(inputs, weights["weight_ih"])
        self.recurrences.append(recurrence)
        rows, steps = inputs.shape[:2]
        output, *after = torch.onnx.ops.symbolic_multi_out(
            f"{DOMAIN}::{OPERATOR}",
            [projected, *weights.values(), *state],
            {"index": len(self.recurrences) - 1},
            dtypes=[torch.float32] * (1 + len(state)),
            shapes=[(rows, steps, cell.output_size), *(tuple(t.shape) for t in state)],
            version=1,
        )
        return output, type(state)._make(after)


def _as_features(inputs: Tensor, weight: Tensor) -> Tensor:
    """Returns tokens (B, T) as one-hot vectors (B, T, F), and features as they are."""
    if inputs.is_floating_point():
        return inputs
    return nn.functional.one_hot(inputs, weight.shape[1]).to(weight.dtype)


def replace_recurrences(model: ModelProto, recurrences: Sequence[Recurrence]) -> None:
    """Replaces every traced node by ONNX's operators, in place.

    Args:
        model: A model that torch exported under ``TracedKernel``.
        recurrences: The recurrences of that kernel.
    """
    initializers = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[NodeProto] = []
    steps = _Steps()
    for node in model.graph.node:
        if node.domain != DOMAIN:
            nodes.append(node)
            continue
        index = next(attribute.i for attribute in node.attribute if attribute.name == "index")
        recurrence = recurrences[index]
        prefix = f"recurrence_{index}"
        count = len(recurrence.weight_names)
        weights = dict(zip(recurrence.weight_names, node.input[1 : 1 + count], strict=True))
        if recurrence.uses_operator and initializers.keys() >= set(weights.values()):
            arrays = {n: numpy_helper.to_array(initializers[v]) for n, v in weights.items()}
            tensors, replacement = _operator(recurrence, node, arrays, prefix)
            model.graph.initializer.extend(tensors)
        else:
            replacement = _loop(recurrence, steps.of(recurrence), node, prefix)
        nodes.extend(replacement)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]  # shapes inside, which name values that are gone
    _remove_unused_initializers(model.graph)
    opsets = [opset for opset in model.opset_import if opset.domain != DOMAIN]
    del model.opset_import[:]
    model.opset_import.extend(opsets)


def _operator(
    recurrence: Recurrence, node: NodeProto, weights: dict[str, np.ndarray[Any, Any]], prefix: str
) -> tuple[list[onnx.TensorProto], list[NodeProto]]:
    """Returns the weights and nodes of ONNX's own RNN, LSTM or GRU."""
    name = recurrence.cell.name
    operator, order = GATE_ORDERS[name]
    width = recurrence.cell.hidden_size
    zeros = np.zeros(len(order) * width, np.float32)
    biases = [weights.get(bias, zeros) for bias in ("bias_ih", "bias_hh")]
    arrays = {
        "W": _reorder(weights["weight_ih"], order)[None],
        "R": _reorder(weights["weight_hh"], order)[None],
        "B": np.concatenate([_reorder(bias, order) for bias in biases])[None],
    }
    tensors = [numpy_helper.from_array(array, f"{prefix}_{k}") for k, array in arrays.items()]
    inputs, *_ = node.input
    states = node.input[1 + len(recurrence.weight_names) :]
    output, *after = node.output
    count = len(states)
    axis = f"{prefix}_axis"
    tensors.append(numpy_helper.from_array(np.array([0], np.int64), axis))
    tensors.append(numpy_helper.from_array(np.array([1], np.int64), f"{prefix}_direction"))
    nodes = [
        helper.make_node("Transpose", [inputs], [f"{prefix}_x"], perm=[1, 0, 2]),
        *(
            helper.make_node("Unsqueeze", [state, axis], [f"{prefix}_s{index}"])
            for index, state in enumerate(states)
        ),
        helper.make_node(
            operator,
            [
                f"{prefix}_x",
                *(f"{prefix}_{key}" for key in arrays),
                "",  # lengths
                *(f"{prefix}_s{index}" for index in range(count)),
            ],
            [f"{prefix}_y", *(f"{prefix}_a{index}" for index in range(count))],
            name=prefix,
            hidden_size=width,
            direction="reverse" if recurrence.reverse else "forward",
            **ATTRIBUTES.get(name, {}),
        ),
        # (T, 1, B, H) to (T, B, H) to (B, T, H)
        helper.make_node("Squeeze", [f"{prefix}_y", f"{prefix}_direction"], [f"{prefix}_t"]),
        helper.make_node("Transpose", [f"{prefix}_t"], [output], perm=[1, 0, 2]),
        *(
            helper.make_node("Squeeze", [f"{prefix}_a{index}", axis], [state])
            for index, state in enumerate(after)
        ),
    ]
    return tensors, nodes


def _reorder(weight: np.ndarray[Any, Any], order: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Returns a weight (G, ...) with its gates in another order."""
    gates = np.split(weight, len(order))
    return np.concatenate([gates[index] for index in order])


@final
class _Steps:
    """The steps of cells, exported by torch: once for all recurrences of a cell and of a size."""

    def __init__(self) -> None:
        self._graphs: dict[tuple[Any, ...], GraphProto] = {}

    def of(self, recurrence: Recurrence) -> GraphProto:
        """Returns the graph of the step of a recurrence, which the caller may change."""
        shapes = (recurrence.weight_names, recurrence.weight_shapes, recurrence.projected_size)
        key = (id(recurrence.cell), *shapes)
        if key not in self._graphs:
            self._graphs[key] = _export_step(recurrence)
        graph = GraphProto()
        graph.CopyFrom(self._graphs[key])
        return graph


def _loop(
    recurrence: Recurrence, step: GraphProto, node: NodeProto, prefix: str
) -> list[NodeProto]:
    """Returns a Scan whose body is the cell's step."""
    count = len(recurrence.weight_names)
    inputs, weights = node.input[0], node.input[1 : 1 + count]
    states = node.input[1 + count :]
    output, *after = node.output
    direction = [int(recurrence.reverse)]
    body = _body(step, list(weights), prefix)
    return [
        helper.make_node("Transpose", [inputs], [f"{prefix}_x"], perm=[1, 0, 2]),
        helper.make_node(
            "Scan",
            [*states, f"{prefix}_x"],
            [*after, f"{prefix}_y"],
            name=prefix,
            body=body,
            num_scan_inputs=1,
            scan_input_directions=direction,
            scan_output_directions=direction,
        ),
        helper.make_node("Transpose", [f"{prefix}_y"], [output], perm=[1, 0, 2]),
    ]


@final
class _Step(nn.Module):
    """One step of a cell: ``(weights, states, projected)`` to ``(states, output)``."""

    def __init__(self, recurrence: Recurrence) -> None:
        super().__init__()
        self.recurrence = recurrence

    def forward(
        self, weights: list[Tensor], states: list[Tensor], projected: Tensor
    ) -> tuple[Tensor, ...]:
        recurrence = self.recurrence
        names = dict(zip(recurrence.weight_names, weights, strict=True))
        state = type(recurrence.state)._make(states)
        output, after = recurrence.cell.step(names, projected, state)
        # a graph may not return one value twice, as an output and a hidden state are
        return (*(tensor.clone() for tensor in after), output.clone())


def _export_step(recurrence: Recurrence) -> GraphProto:
    """Returns the step of a cell as torch exports it."""
    weights = [torch.zeros(shape) for shape in recurrence.weight_shapes]
    states = [torch.zeros(TRACED_BATCH, *tensor.shape[1:]) for tensor in recurrence.state]
    projected = torch.zeros(TRACED_BATCH, recurrence.projected_size)
    rows = {0: torch.export.Dim("batch", min=1)}
    program = torch.onnx.export(
        _Step(recurrence).eval(),
        (weights, states, projected),
        dynamo=True,
        verbose=False,
        dynamic_shapes=([{} for _ in weights], [rows for _ in states], rows),
    )
    assert program is not None, "with dynamo, torch returns a program"
    graph: GraphProto = program.model_proto.graph
    return graph


def _body(graph: GraphProto, weights: list[str], prefix: str) -> GraphProto:
    """Returns a graph as the body of a loop: the weights are values of the graph around it."""
    names = [value.name for value in graph.input]
    renamed = dict(zip(names, weights, strict=False))  # the states and the input follow
    for name in _value_names(graph):
        renamed.setdefault(name, f"{prefix}_{name}")
    for node in graph.node:
        node.name = f"{prefix}_{node.name}"
        for values in (node.input, node.output):
            values[:] = [renamed.get(value, value) for value in values]
    for tensor in graph.initializer:
        tensor.name = renamed[tensor.name]
    return helper.make_graph(
        list(graph.node),
        f"{prefix}_step",
        [_renamed(value, renamed) for value in graph.input[len(weights) :]],
        [_renamed(value, renamed) for value in graph.output],
        list(graph.initializer),
    )


def _value_names(graph: GraphProto) -> Iterator[str]:
    yield from (value.name for value in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (name for node in graph.node for name in node.output if name)


def _renamed(value: ValueInfoProto, names: dict[str, str]) -> ValueInfoProto:
    renamed = ValueInfoProto()
    renamed.CopyFrom(value)
    renamed.name = names[value.name]
    return renamed


def _remove_unused_initializers(graph: GraphProto) -> None:
    """Removes what no node reads, such as weights that an operator has in another order."""
    used = {name for node in _nodes(graph) for name in node.input}
    used |= {value.name for value in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Yields the nodes of a graph and of the bodies inside."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)
