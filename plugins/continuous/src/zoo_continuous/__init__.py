"""Continuous-time recurrences, for steps at irregular times."""
