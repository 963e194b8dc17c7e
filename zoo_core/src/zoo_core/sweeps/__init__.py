"""Sweeps: many runs of one question, in one folder."""
