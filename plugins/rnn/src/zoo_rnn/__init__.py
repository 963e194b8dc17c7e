"""Plain recurrent networks."""
