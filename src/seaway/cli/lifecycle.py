"""`seaway restart`, `stop`, `start`, `cancel` and `destroy`."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.cli.answers import DeploymentAnswer
    from seaway.cli.client import Client

_Ask = Callable[["Client", str], "DeploymentAnswer"]

_detach = click.option("--detach", is_flag=True, help="Do not wait for the end.")


@click.command(cls=Command)
@click.argument("app")
@_detach
@json_option
@click.pass_context
def restart(ctx: click.Context, app: str, detach: bool, as_json: bool) -> None:
    """Restart an app: new instances of the same release first, then the old ones go."""
    ctx.exit(_ask(app, lambda client, name: client.restart(name), detach, as_json))


@click.command(cls=Command)
@click.argument("app")
@_detach
@json_option
@click.pass_context
def stop(ctx: click.Context, app: str, detach: bool, as_json: bool) -> None:
    """Stop an app. Its releases, settings and domains stay."""
    ctx.exit(_ask(app, lambda client, name: client.stop(name), detach, as_json))


@click.command(cls=Command)
@click.argument("app")
@_detach
@json_option
@click.pass_context
def start(ctx: click.Context, app: str, detach: bool, as_json: bool) -> None:
    """Start an app that was stopped, with the release it had."""
    ctx.exit(_ask(app, lambda client, name: client.start(name), detach, as_json))


def _ask(app: str, ask: _Ask, detach: bool, as_json: bool) -> int:
    from seaway.cli.connect import connect
    from seaway.cli.follow import ask_and_accompany
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        return ask_and_accompany(client, lambda: ask(client, app), detach=detach, as_json=as_json)


@click.command(cls=Command)
@click.argument("deployment", type=int)
@json_option
@click.pass_context
def cancel(ctx: click.Context, deployment: int, as_json: bool) -> None:
    """Cancel a deployment and wait until it has stopped. What served before goes on serving."""
    from seaway.cli.connect import connect
    from seaway.cli.follow import summary, watch
    from seaway.cli.show import Silent, marked

    with connect() as client:
        asked = client.cancel(deployment)
        ended = asked if asked.is_final else watch(client, deployment, Silent())
    if as_json:
        print_json(summary(ended))
    else:
        click.echo(f"{marked(ended.status, colour=sys.stdout.isatty())}  {ended.app}  deployment {ended.id}")
    ctx.exit(0 if ended.status == "cancelled" else 1)


@click.command(cls=Command)
@click.argument("app")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def destroy(app: str, yes: bool, as_json: bool) -> None:
    """Remove an app: its instances, route, releases, images and volumes. There is no way back."""
    from seaway.cli.connect import connect
    from seaway.core.app import check_app_name

    check_app_name(app)
    if not yes:
        _ask_for_the_name(app)
    with connect() as client:
        client.destroy(app)
    if as_json:
        print_json({"app": app, "destroyed": True})
    else:
        click.echo(f"{app} is destroyed.")


def _ask_for_the_name(app: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("Without a terminal nobody can be asked. Add --yes.")
    typed = click.prompt(f"This removes {app} with its releases, images and volumes. Type its name to go on", err=True)
    if typed.strip() != app:
        raise click.ClickException(f"{typed.strip()!r} is not {app!r}. Nothing was changed.")
