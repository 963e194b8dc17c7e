"""Carrying out sweeps."""
