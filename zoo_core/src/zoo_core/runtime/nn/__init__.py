"""Cells, states, layers, models and batches."""
