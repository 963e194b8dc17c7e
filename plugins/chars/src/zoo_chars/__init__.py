"""The ladder of character models."""
