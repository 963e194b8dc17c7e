"""Deep residual networks of any recurrent cell."""
