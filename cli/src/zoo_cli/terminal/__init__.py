"""What a person sees: output, progress and questions."""
