"""Comparing what references name, and training what a comparison lacks."""
