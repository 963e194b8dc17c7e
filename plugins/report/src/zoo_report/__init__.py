"""Reports on runs and inspections, each one HTML page."""
