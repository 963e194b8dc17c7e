"""Variants of the LSTM and other gated cells."""
