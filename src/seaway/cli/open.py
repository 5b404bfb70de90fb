"""`seaway open`: a link that signs a browser in."""

import click

from seaway.cli.command import Command, json_option, print_json


@click.command(cls=Command)
@json_option
def command(as_json: bool) -> None:
    """Print a link to the pages that signs you in: good once, for ten minutes."""
    from seaway.cli.connect import connect

    with connect() as client:
        link = client.sign_in_link()
    if as_json:
        print_json({"url": link})
    else:
        click.echo(link)
