"""``registry.toml``: pretrained checkpoints and known plugins."""
