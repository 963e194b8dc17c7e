"""Files on disk: atomic writes, free space, locations and hashes."""
