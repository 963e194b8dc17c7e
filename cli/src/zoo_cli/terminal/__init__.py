"""Output, progress, questions and signals."""
