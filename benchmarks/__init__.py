"""What is measured against peers, as a command: ``uv run python -m benchmarks``."""
