"""Checks of models, all of them."""

from __future__ import annotations

from zoo_core.testing import learning, recurrence, weights

CHECKS = recurrence.CHECKS + learning.CHECKS + weights.CHECKS
SLOW = learning.SLOW + weights.SLOW
"""Those for which the plainest cases are enough."""
