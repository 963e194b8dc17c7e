"""Rules that every model of the catalog keeps; a model added later is tested by existing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from zoo_core.catalog import load_catalog
from zoo_core.runtime.batch import Batch
from zoo_core.runtime.build import kernels
from zoo_core.runtime.model import AbstractModel
from zoo_core.runtime.recurrent import Recurrent
from zoo_core.runtime.tensors import read_tensors, to_bytes

from tests.contracts.cases import BACKENDS, CASES, B, C, Case, T, V

EXACT = 1e-12


def every_case(
    where: Callable[[Case], bool] = lambda case: True,
) -> pytest.MarkDecorator:
    """The test runs for every case of which something holds."""
    return pytest.mark.parametrize("case", [each for each in CASES if where(each)], ids=Case.label)


def per_step(case: Case) -> bool:
    """Whether every step gets a label."""
    return case.signature.per == "step"


def carries_state(case: Case) -> bool:
    """Whether the model goes on from a state."""
    return case.build().carries_state


def in_steps(case: Case) -> bool:
    """Whether inputs are sequences whose rows may differ in length."""
    fixed = case.window is not None or "padding_mode" in case.settings
    return case.signature.inputs.kind != "grid" and not fixed


def rewrites(case: Case) -> bool:
    """Whether training rewrites weights when it looks them up, as torch does with max_norm."""
    return "max_norm" in case.settings


def drops(case: Case) -> bool:
    """Whether something is dropped in training."""
    return "dropout" in case.settings


def logits(model: AbstractModel, batch: Batch) -> Tensor:
    """What the model answers."""
    answer: Tensor = model(batch).logits
    return answer


def in_pieces(model: AbstractModel, batch: Batch, ends: list[int]) -> tuple[Tensor, object]:
    """What the model answers to pieces that go on from each other, and the last state."""
    state, pieces = model.initial_state(B), []
    for piece in batch.inputs.tensor_split(ends, dim=1):
        output = model(Batch(piece), state)
        state = output.state
        pieces.append(output.logits)
    per_sequence = model.signature.per == "sequence"
    return pieces[-1] if per_sequence else torch.cat(pieces, dim=1), state


@every_case()
def test_shapes_are_batch_first(case: Case) -> None:
    steps = (T,) if per_step(case) else ()
    assert logits(case.build(), case.batch()).shape == (B, *steps, C)


@every_case(lambda case: not carries_state(case))
def test_a_causal_model_without_state_says_how_much_it_must_be_fed(case: Case) -> None:
    model = case.build()
    assert not model.causal or model.window is not None


@every_case(carries_state)
def test_pieces_give_what_the_whole_gives(case: Case) -> None:
    model, batch = case.build(), case.batch()
    whole = model(batch)
    joined, state = in_pieces(model, batch, [2, 3])
    torch.testing.assert_close(joined, whole.logits, rtol=0, atol=EXACT)
    torch.testing.assert_close(state, whole.state, rtol=0, atol=EXACT)


@every_case(carries_state)
def test_in_single_precision_pieces_stay_within_its_rounding(case: Case) -> None:
    model, batch = case.build().float(), case.batch(dtype=torch.float32)
    joined, _ = in_pieces(model, batch, [1, 4])
    torch.testing.assert_close(joined, logits(model, batch), rtol=0, atol=1e-5)


@every_case(carries_state)
def test_no_state_means_the_initial_one(case: Case) -> None:
    model, batch = case.build(), case.batch()
    assert torch.equal(model(batch, model.initial_state(B)).logits, logits(model, batch))


@every_case(per_step)
def test_a_causal_model_and_no_other_ignores_later_inputs(case: Case) -> None:
    model, batch = case.build(), case.batch()
    changed = batch.inputs.clone()
    changed[:, -1] = (changed[:, -1] + 1) % V
    before, after = logits(model, batch), logits(model, Batch(changed))
    assert not torch.equal(before[:, -1], after[:, -1])
    assert torch.equal(before[:, :-1], after[:, :-1]) == model.causal


@every_case()
def test_rows_of_a_batch_do_not_touch_each_other(case: Case) -> None:
    model, batch = case.build(), case.batch()
    alone = torch.cat([logits(model, Batch(row)) for row in batch.inputs.unsqueeze(1)])
    torch.testing.assert_close(logits(model, batch), alone, rtol=0, atol=EXACT)


@every_case(in_steps)
def test_padding_changes_nothing(case: Case) -> None:
    model, batch = case.build(), case.batch()
    lengths = [5, 2, 3]
    padded = logits(model, Batch(batch.inputs, lengths=torch.tensor(lengths)))
    for row, length in enumerate(lengths):
        alone = logits(model, Batch(batch.inputs[row : row + 1, :length]))[0]
        kept = padded[row, :length] if per_step(case) else padded[row]
        torch.testing.assert_close(kept, alone, rtol=0, atol=EXACT)


def backward(model: AbstractModel, batch: Batch) -> Tensor:
    """The loss of a batch, with gradients made."""
    assert batch.targets is not None
    answer = logits(model, batch)
    loss = nn.functional.cross_entropy(answer.flatten(0, -2), batch.targets.flatten())
    torch.autograd.backward(loss)
    return loss.detach()


@every_case()
def test_a_gradient_reaches_every_parameter(case: Case) -> None:
    model = case.build()
    backward(model, case.batch(rows=8))
    reached = {
        name
        for name, each in model.named_parameters()
        if each.grad is not None and each.grad.abs().max() > 0
    }
    assert reached == {name for name, _ in model.named_parameters()}


@every_case()
def test_one_batch_can_be_learnt_by_heart(case: Case) -> None:
    model, batch = case.build(), case.batch(rows=2, steps=4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    first = last = float(backward(model, batch))
    steps = 0
    while last > 0.1 * first and steps < 200:
        optimizer.step()
        optimizer.zero_grad()
        last, steps = float(backward(model, batch)), steps + 1
    assert last < 0.1 * first


@every_case(drops)
def test_dropout_is_of_training_alone(case: Case) -> None:
    model, batch = case.build(), case.batch()
    assert torch.equal(logits(model, batch), logits(model, batch))
    model.train()
    assert not torch.equal(logits(model, batch), logits(model, batch))


@every_case()
def test_weights_come_back_from_disk_bit_for_bit(case: Case, tmp_path: Path) -> None:
    model, other = case.build(), case.build(seed=1)
    path = tmp_path / "model.safetensors"
    path.write_bytes(to_bytes(model.state_dict()))
    other.load_state_dict(read_tensors(path))
    assert torch.equal(logits(other, case.batch()), logits(model, case.batch()))


@every_case()
def test_the_state_dict_is_the_parameters_and_answering_leaves_it_alone(case: Case) -> None:
    model = case.build()
    before = to_bytes(model.state_dict())
    logits(model.train(not rewrites(case)), case.batch())
    assert to_bytes(model.state_dict()) == before
    assert set(model.state_dict()) == {name for name, _ in model.named_parameters()}


@every_case()
def test_a_seed_gives_the_same_weights(case: Case) -> None:
    first, again, other = (to_bytes(case.build(seed).state_dict()) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@every_case()
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_gives_the_same(case: Case, backend: str) -> None:
    answers = []
    for name in ("reference", backend):
        model = case.build()
        for layer in model.modules():
            if isinstance(layer, Recurrent):
                layer.kernels = tuple(kernels(load_catalog(), name))
        loss = backward(model, case.batch())
        answers.append((loss, [each.grad for each in model.parameters()]))
    torch.testing.assert_close(answers[1], answers[0], rtol=0, atol=EXACT)
