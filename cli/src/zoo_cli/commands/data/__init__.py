"""``zoo data`` and its commands."""
