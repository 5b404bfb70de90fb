"""`seaway logs`: what an app's instances write."""

import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from seaway.cli.command import Command, json_option

if TYPE_CHECKING:
    from seaway.cli.client import Client

_PAUSE_S = 1.0


@click.command(cls=Command)
@click.argument("app")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@click.option(
    "--tail", type=click.IntRange(0, 100_000), default=100, show_default=True, help="Begin with the last N lines."
)
@json_option
def command(app: str, follow: bool, tail: int, as_json: bool) -> None:
    """Show what an app writes; with --json one object a line."""
    from seaway.cli.connect import connect
    from seaway.cli.show import clean, faint
    from seaway.core.app import check_app_name

    check_app_name(app)
    colour = sys.stdout.isatty()
    with connect() as client:
        for line in _lines(client, app, tail=tail, follow=follow):
            if as_json:
                click.echo(json.dumps(line, ensure_ascii=False))
                continue
            text = clean(line["text"], colour=colour)
            click.echo(f"{faint(line['instance'], True)} {text}" if colour else text)


def _lines(client: "Client", app: str, *, tail: int, follow: bool) -> Iterator[dict[str, Any]]:
    """The lines, across restarts of the server when they are followed; ends when the app is stopped."""
    from seaway.cli.client import PATIENCE_S, Unreachable

    heard_at = time.monotonic()
    lost = False
    while True:
        try:
            for event in client.log(app, tail=tail, follow=follow):
                heard_at, lost = time.monotonic(), False
                if event.name == "line":
                    yield event.data
            if not follow or client.app(app).state == "stopped":
                return
            heard_at, lost = time.monotonic(), False
        except Unreachable:
            if not follow or time.monotonic() - heard_at > PATIENCE_S:
                raise
            if not lost:
                click.echo("! The connection was lost; lines may be missing here.", err=True)
            lost = True
        tail = 0
        time.sleep(_PAUSE_S)
