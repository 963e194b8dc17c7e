"""Shapes of every layer of a model."""
