"""Comparisons: runs side by side, with their spread over seeds."""
