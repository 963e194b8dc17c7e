"""The portable kernel: backpropagation through time in plain torch."""
