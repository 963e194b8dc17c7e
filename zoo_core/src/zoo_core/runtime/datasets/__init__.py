"""Datasets: the interface, labelled rows, splits and the order of an epoch."""
