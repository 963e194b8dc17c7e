"""Checks of models, all of them."""

from __future__ import annotations

from zoo_core.testing import answers, exporting, learning, recurrence, weights

CHECKS = answers.CHECKS + recurrence.CHECKS + learning.CHECKS + weights.CHECKS
SLOW = learning.SLOW + exporting.SLOW
"""Those for which the plainest cases are enough."""
