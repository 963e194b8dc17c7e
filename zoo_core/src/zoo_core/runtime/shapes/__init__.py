"""Shapes: every tensor of a model, with named axes."""
