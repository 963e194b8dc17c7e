"""Training curves and forest plots."""
