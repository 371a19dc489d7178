"""`python -m web` is `consilium`."""

from web.cli import main

if __name__ == "__main__":
    main()
