"""`seaway env set`, `unset` and `list`. Values go to the server and never come back."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.cli.answers import AppAnswer

_detach = click.option("--detach", is_flag=True, help="Do not wait for the end.")


@click.group()
def group() -> None:
    """Set, unset and list the variables of an app.

    A change makes a new release. It is built anew only when a build sees what changed: mark what only the running app
    needs with --runtime.
    """


@group.command("set", cls=Command)
@click.argument("app")
@click.argument("variables", nargs=-1, metavar="K=V...")
@click.option("--env-file", type=click.Path(path_type=Path), metavar="FILE", help="Set the variables of a .env file.")
@click.option("--runtime/--both", "runtime_only", default=None, help="Seen at run time only, or by builds too.")
@_detach
@json_option
@click.pass_context
def set_variables(
    ctx: click.Context,
    app: str,
    variables: tuple[str, ...],
    env_file: Path | None,
    runtime_only: bool | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Set variables; `K` alone takes its value from here, and so keeps it out of the shell's history."""
    from seaway.cli.envfile import read_file, read_options

    found = read_file(env_file, os.environ) if env_file else {}
    found |= read_options(variables, os.environ)
    if not found:
        raise click.UsageError("Name a variable: K=V, K, or --env-file FILE.")
    marks = {} if runtime_only is None else dict.fromkeys(found, runtime_only)
    ctx.exit(_change(app, {"env": found, "runtime_only": marks}, detach, as_json))


@group.command(cls=Command)
@click.argument("app")
@click.argument("names", nargs=-1, required=True, metavar="K...")
@_detach
@json_option
@click.pass_context
def unset(ctx: click.Context, app: str, names: tuple[str, ...], detach: bool, as_json: bool) -> None:
    """Remove variables."""
    ctx.exit(_change(app, {"env": dict.fromkeys(names)}, detach, as_json))


@group.command("list", cls=Command)
@click.argument("app")
@json_option
def list_variables(app: str, as_json: bool) -> None:
    """List the variables. Their values are secrets and stay on the server."""
    from seaway.cli.connect import connect
    from seaway.cli.show import table
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        found = client.app(app)
    if as_json:
        print_json({"app": app, "variables": [{"name": n, "runtime_only": only} for n, only in _marked(found)]})
        return
    rows = [(name, "•••", "run time" if only else "build and run time") for name, only in _marked(found)]
    for line in table(("NAME", "VALUE", "SEEN AT"), rows) if rows else (f"{app} has no variables.",):
        click.echo(line, file=sys.stdout)


def _marked(app: "AppAnswer") -> list[tuple[str, bool]]:
    return [(name, name in app.runtime_only) for name in app.env]


def _change(app: str, change: dict[str, Any], detach: bool, as_json: bool) -> int:
    from seaway.cli.connect import connect
    from seaway.cli.follow import ask_and_accompany
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        return ask_and_accompany(client, lambda: client.configure(app, change), detach=detach, as_json=as_json)
