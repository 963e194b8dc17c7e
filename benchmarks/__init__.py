"""Measurements of the zoo against its peers: ``uv run python -m benchmarks``."""
