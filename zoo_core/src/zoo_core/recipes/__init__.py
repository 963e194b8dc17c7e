"""Recipes: reading, resolving and reproducing them."""
