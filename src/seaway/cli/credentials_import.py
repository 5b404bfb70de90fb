"""`seaway credentials import [FILE]`: reads docker's own logins on this machine and hands them to the server.

It is the one command about credentials that looks at files and helpers of this machine; that is why it stands apart.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.core.credential import Credential
    from seaway.doors.docker_config import Flaw


@click.command("import", cls=Command)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check-only", is_flag=True, help="Only say which are alive; keep none.")
@json_option
def command(file: Path | None, check_only: bool, as_json: bool) -> None:
    """Take over the logins of docker and podman: say of each whether it is alive, and keep those that are.

    FILE is a config.json; without it, every place where docker and podman look is read, helpers too.
    """
    import asyncio

    from seaway.doors.docker_config import DockerConfigDoor

    door = DockerConfigDoor(os.environ, Path.home(), only=file)
    logins, flaws = asyncio.run(door.every())
    answer = {"entries": _handed_over(logins, keep=not check_only) if logins else []}
    if as_json:
        print_json(answer | {"flaws": [{"cause": f.cause, "where": f.where, "what": f.what} for f in flaws]})
        return
    _tell(answer["entries"], flaws)


def _handed_over(logins: "tuple[Credential, ...]", *, keep: bool) -> list[Any]:
    from seaway.cli.connect import connect

    entries = [
        {"prefix": login.prefix, "username": login.username, "secret": login.secret.reveal()} for login in logins
    ]
    with connect() as client:
        answer = client.call("POST", "/credentials/import", {"entries": entries, "keep": keep}, patient=True)
    found: list[Any] = answer["entries"]
    return found


def _tell(entries: list[Any], flaws: "tuple[Flaw, ...]") -> None:
    from seaway.cli.credential_words import imported

    for line in imported(entries, colour=sys.stdout.isatty()):
        click.echo(line)
    for flaw in flaws:
        click.echo(f"! {flaw.where}: {flaw.what}")
    if not entries:
        click.echo("Docker and podman have no logins here.")
