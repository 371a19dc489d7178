"""`python -m web` is `consilium`."""

from web.cli import main

main()
