"""The Hugging Face Hub: pulling and pushing checkpoints."""
