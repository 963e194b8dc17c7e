"""Recurrences whose state is a matrix, and the sLSTM beside them."""
