"""Starting the processes of a run."""

from __future__ import annotations

import pytest

from zoo_core.errors import DeviceError
from zoo_core.runtime.distributed.launch import launch


def test_more_processes_than_fit_into_memory_are_not_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zoo_core.storage.capacity.free_memory", lambda: 8 * 10**9)
    with pytest.raises(DeviceError) as refused:
        launch(["no-such-program"], 99)
    assert refused.value.exit_code == 6
    assert str(refused.value) == (
        "torch in 99 processes would take 34.6 GB of memory, 8 GB are free; "
        "choose a smaller --nproc"
    )
