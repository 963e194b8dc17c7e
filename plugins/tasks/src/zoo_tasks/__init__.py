"""Generated tasks: what a recurrent network can remember, count and track."""
