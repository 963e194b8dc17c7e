"""Installing and removing plugin packages."""
