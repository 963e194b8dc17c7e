"""The commands of ``zoo``, one module each."""
