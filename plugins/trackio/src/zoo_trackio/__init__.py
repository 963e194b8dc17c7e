"""A logger for Trackio."""
