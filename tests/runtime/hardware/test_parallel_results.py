"""Wrong results of several threads are noticed before a run."""

from __future__ import annotations

import pytest
import torch

from zoo_core.errors import DeviceError
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.hardware import parallel_results
from zoo_core.runtime.hardware.parallel_results import LIMITS, check_parallel_results


@pytest.mark.parametrize("precision", PRECISIONS)
def test_right_results_pass_and_leave_the_random_numbers_alone(precision: str) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    check_parallel_results(2, precision)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("wrong", [0.0, torch.nan])
@pytest.mark.parametrize("names", [[], LIMITS[:1], LIMITS], ids=str)
def test_wrong_results_name_the_variable(
    monkeypatch: pytest.MonkeyPatch, names: list[str], wrong: float
) -> None:
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, "1")
    results = iter([[torch.ones(3)], [torch.full((3,), wrong)]])
    monkeypatch.setattr(parallel_results, "_results", lambda precision: next(results))
    remedy = f"unset {' and '.join(names)}" if names else "choose --threads 1"
    with pytest.raises(DeviceError, match=f"with 2 threads; {remedy}$") as caught:
        check_parallel_results(2, "fp32")
    assert [name for name in LIMITS if f"{name}=1" in str(caught.value)] == list(names)


def test_one_thread_needs_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parallel_results, "_results")
    check_parallel_results(1, "fp32")
