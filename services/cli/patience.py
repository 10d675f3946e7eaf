"""Progress for commands that may take longer than a person waits in silence."""

import time

import click

_SILENT_S = 2.0


class Patience:
    """Says how far it is, on standard error, every two seconds at most."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def tell(self, how_far: str) -> None:
        """What is done so far; nothing for what is quick."""
        if time.monotonic() - self._told > _SILENT_S:
            self._told = time.monotonic()
            click.echo(f"{how_far} ...", err=True)
