"""Music for the zoo."""
