"""Parameter types, options and groups of the command line."""
