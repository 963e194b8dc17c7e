"""Models, datasets and trainers built from a run config."""
