"""Opens the way to the server for one command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from seaway.cli.address import find_server

if TYPE_CHECKING:
    from seaway.cli.client import Client


@contextmanager
def connect() -> Iterator["Client"]:
    server = find_server(os.environ)
    if server.is_plain_abroad:
        click.echo(f"! The token travels to {server.url} in the clear. Use https:// there.", err=True)
    from seaway.cli.client import Client

    client = Client(server)
    try:
        yield client
    finally:
        client.close()
