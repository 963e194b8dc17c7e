"""Linear recurrences, trained in parallel over time."""
