"""All checks of models."""

from __future__ import annotations

from zoo_core.testing.checks import exporting, inspection, learning, outputs, recurrence, weights

CHECKS = outputs.CHECKS + recurrence.CHECKS + inspection.CHECKS + learning.CHECKS + weights.CHECKS
SLOW = learning.SLOW + exporting.SLOW
"""Checks that run on the plain cases only, because they take seconds."""
