"""Inspection: what a model computes and expects, symbol by symbol."""
