"""The character models of fast.ai's lesson."""
