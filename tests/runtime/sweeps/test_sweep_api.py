"""The Python interface of sweeps: numbers that are refused before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zoo_core import sweep
from zoo_core.errors import ConfigError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"jobs": -1}, "jobs = -1: expected an integer >= 0"),
        ({"random": -1}, "random = -1: expected an integer >= 0"),
        ({"seeds": [0, -1]}, "seed = '-1': expected an integer >= 0"),
        ({"seeds": [2**32]}, "seed = '4294967296': expected an integer >= 0"),
        ({"threads": 1025}, "threads = '1025': expected an integer >= 0 and <= 1024"),
    ],
)
def test_a_number_out_of_bounds_is_refused_before_there_is_a_folder(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        sweep("rnn-cell.hello", tmp_path / "sweep", **arguments)
    assert list(tmp_path.iterdir()) == []
