"""Datasets: the interface and splits."""
