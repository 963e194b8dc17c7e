"""What a plugin must keep, as checks: for ``zoo plugins check`` and for an author's own tests.

One line in a test file is the whole battery, a test for every part of the plugin and every rule:

    from zoo_core.testing import conformance
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo_core.testing.trial import Trial

__all__ = ["conformance"]


def conformance(trial: Trial) -> None:
    """One check of one part of the plugin whose tests run; pytest makes a test of each."""
    import pytest

    result = trial.result()
    if result.verdict == "skipped":
        pytest.skip(result.seen)
    if result.verdict == "failed":
        pytest.fail(result.in_words(), pytrace=False)


setattr(conformance, "__test__", True)  # noqa: B010  # pytest collects it, whatever its name
