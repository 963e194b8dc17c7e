"""Training the runs of sweeps on a Ray cluster."""
