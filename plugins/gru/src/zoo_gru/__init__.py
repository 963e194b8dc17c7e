"""Gated recurrent units."""
