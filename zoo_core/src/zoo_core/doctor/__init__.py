"""The checks of ``zoo doctor``."""
