"""The files of a run folder: run config, manifest, weights, lock."""
