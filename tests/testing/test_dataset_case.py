"""Datasets that cannot be checked without data."""

from __future__ import annotations

import pytest

from tests.testing.examples import FAULTY
from zoo_core import DatasetSpec
from zoo_core.plugins.catalog import load_catalog
from zoo_core.testing.cases.dataset_case import DatasetCase
from zoo_core.testing.cases.fresh_process import FreshProcess
from zoo_core.testing.check import DoesNotApply, run_check
from zoo_core.testing.checks.datasets import batches_fit


def test_a_dataset_that_needs_data_and_names_none_is_skipped_with_the_remedy() -> None:
    spec = load_catalog([FAULTY]).find(DatasetSpec, "honest-file").spec
    case = DatasetCase(spec.replace(sample_settings=""), FreshProcess((FAULTY,)))
    with pytest.raises(DoesNotApply, match=r"in sample_settings: .*errors\.py: \d+ lines, exp"):
        run_check(batches_fit, case)
