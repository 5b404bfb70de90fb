"""`seaway serve`: runs the server in the foreground."""

import click

from seaway.cli.command import Command


@click.command(cls=Command)
@click.option("--host", help="Listen here instead of where the settings say.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port instead.")
def command(host: str | None, port: int | None) -> None:
    """Run the server. SEAWAY_HOME holds all its state."""
    from seaway.wiring import serve

    serve(host=host, port=port)
