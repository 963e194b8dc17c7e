"""Downloads over HTTP, verified by size and sha256."""
