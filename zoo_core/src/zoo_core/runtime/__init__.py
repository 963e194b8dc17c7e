"""The side of the core that imports torch."""
