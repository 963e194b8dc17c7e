"""The kernels of the core."""
