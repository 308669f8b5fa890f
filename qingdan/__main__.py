"""`python -m qingdan` is the command `qingdan`."""

from .app.cli import main

main()
