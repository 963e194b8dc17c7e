"""Loggers: what receives the events of a run beside the command that trains it."""
