"""Runs the command line as ``python -m zoo_cli``."""

from __future__ import annotations

from zoo_cli.start import main

if __name__ == "__main__":
    main()
