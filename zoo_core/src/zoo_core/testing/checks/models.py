"""All checks of models."""

from __future__ import annotations

from zoo_core.testing.checks import (
    exporting,
    inspection,
    learning,
    outputs,
    recurrence,
    sequences,
    weights,
)

CHECKS = outputs.CHECKS + recurrence.CHECKS + inspection.CHECKS + learning.CHECKS + weights.CHECKS
PLAIN = sequences.CHECKS
"""Checks that run on the plain cases only, because settings hardly matter for them."""
SLOW = learning.SLOW + exporting.SLOW + sequences.SLOW
"""Checks that run on the plain cases only, because they take seconds."""
