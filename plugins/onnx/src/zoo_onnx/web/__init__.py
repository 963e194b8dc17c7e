"""The format ``web``: a page that runs a model in the browser."""
