"""The kernels that the core itself brings."""
