"""Language models from scratch."""
