"""A server for checkpoints of the zoo."""
