"""The command line: ``consilium …``."""

from web.cli.commands import main

__all__ = ["main"]
