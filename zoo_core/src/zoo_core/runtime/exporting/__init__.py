"""Exporting models to run outside the zoo, each verified against the model."""
