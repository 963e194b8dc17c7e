"""New plugins, written from a template."""
