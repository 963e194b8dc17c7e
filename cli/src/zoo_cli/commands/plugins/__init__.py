"""The commands of ``zoo plugins``, one module each."""
