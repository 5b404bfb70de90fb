"""`seaway deploy`: sends a folder, or names a git URL or an image, and watches it go live."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seaway.cli.command import INTERRUPTED, Command, complain, json_option, print_json
from seaway.core.errors import SeawayError

if TYPE_CHECKING:
    from seaway.cli.client import Client


@click.command(cls=Command, short_help="Deploy a folder, a git repository or an image.")
@click.argument("what", metavar="[PATH | GIT_URL]", required=False)
@click.option("--app", metavar="NAME", help="The app to deploy; made when it is new.")
@click.option("--image", metavar="REF", help="Deploy this image instead of building one.")
@click.option("--again", is_flag=True, help="Deploy what was deployed last, with the settings given here.")
@click.option("--ref", metavar="REF", help="Branch, tag or commit of the git URL.")
@click.option("--env", multiple=True, metavar="K=V", help="Set a variable; `K` alone takes its value from here.")
@click.option("--env-file", type=click.Path(path_type=Path), metavar="FILE", help="Set the variables of a .env file.")
@click.option("--unset", multiple=True, metavar="K", help="Remove a variable.")
@click.option("--port", type=int, metavar="N", help="The port that the app listens on.")
@click.option("--domain", "domains", multiple=True, metavar="HOST", help="Serve it under this host name too.")
@click.option("--builder", type=click.Choice(["debian", "nix"]), help="What carries out the plan.")
@click.option("--memory", metavar="512m", help="Memory limit of an instance.")
@click.option("--cpus", type=float, metavar="0.5", help="CPU limit of an instance.")
@click.option("--release-command", metavar="CMD", help="Run this once in the new image before it gets traffic.")
@click.option("--volume", "volumes", multiple=True, metavar="NAME:/path[:exclusive]", help="Keep this path's files.")
@click.option("--stop-first/--start-first", default=None, help="End the old release before the new one starts.")
@click.option("--health-path", metavar="PATH", help="Healthy is what answers below 500 here.")
@click.option("--health-timeout", "health_timeout_s", type=float, metavar="S", help="Seconds until it must be healthy.")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@json_option
def command(detach: bool, as_json: bool, **options: Any) -> None:
    """Deploy a folder (the default: this one), a git repository or an image.

    Waits until the new release serves and exits with 0 only then; the old one serves until it does. Ctrl-C cancels.
    """
    from seaway.cli.follow import failed_summary
    from seaway.core.finding import finding_of

    try:
        sys.exit(_deploy(options, detach=detach, as_json=as_json))
    except SeawayError as error:
        complain(error)
        if as_json:
            print_json(failed_summary(options["app"], finding_of(error)))
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("Nothing was deployed.", err=True)
        sys.exit(INTERRUPTED)


def _deploy(options: dict[str, Any], *, detach: bool, as_json: bool) -> int:
    from seaway.cli.connect import connect
    from seaway.cli.follow import ask_and_accompany
    from seaway.cli.request import Options, read_request

    request = read_request(Options(**options), os.environ)
    with connect() as client:
        source = request.source if request.folder is None else _send(client, request.folder, quiet=as_json)
        body = {"source": source, "settings": request.settings}
        return ask_and_accompany(client, lambda: client.deploy(request.app, body), detach=detach, as_json=as_json)


def _send(client: "Client", folder: Path, *, quiet: bool) -> dict[str, str]:
    from seaway.cli import pack

    out = sys.stderr if quiet else sys.stdout
    began = time.monotonic()
    packing = pack.look_at(folder)
    for note in packing.notes:
        click.echo(f"! {note}", err=True)
    digest = client.send_folder(pack.stream(packing, level=0 if client.server.is_here else 1))
    size = f"{packing.size_bytes / 1024**2:,.1f} MB"
    click.echo(f"Sent {packing.files:,} files, {size}, in {time.monotonic() - began:.1f} s.", file=out)
    return {"kind": "folder", "digest": digest}
