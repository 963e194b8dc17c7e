"""Checkpoints: saving, loading, resuming and comparing."""
