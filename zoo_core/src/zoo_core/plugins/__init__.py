"""Plugins: specs, hooks, discovery and the catalog."""
