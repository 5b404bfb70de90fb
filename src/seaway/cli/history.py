"""`seaway deployments` and `seaway rollback`."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.cli.answers import DeploymentAnswer


@click.command(cls=Command)
@click.argument("app")
@json_option
def deployments(app: str, as_json: bool) -> None:
    """List the deployments of an app, the newest first."""
    from seaway.cli.connect import connect
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        found, raw = client.deployments(app)
    if as_json:
        print_json(raw)
        return
    for line in deployment_rows(found, now=datetime.now(UTC), colour=sys.stdout.isatty()):
        click.echo(line)


@click.command(cls=Command)
@click.argument("app")
@click.argument("deployment", type=int, required=False)
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@json_option
@click.pass_context
def rollback(ctx: click.Context, app: str, deployment: int | None, detach: bool, as_json: bool) -> None:
    """Go back to the release before this one, or to that of DEPLOYMENT.

    Needs no registry, no git and no credential: the image is still here.
    """
    from seaway.cli.connect import connect
    from seaway.cli.follow import ask_and_accompany
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        ctx.exit(ask_and_accompany(client, lambda: client.rollback(app, deployment), detach=detach, as_json=as_json))


def deployment_rows(deployments: "list[DeploymentAnswer]", *, now: datetime, colour: bool) -> Iterator[str]:
    from seaway.cli.show import ago, clean, duration, marked, table

    rows = [
        (
            str(each.id),
            marked(each.status, colour=colour),
            each.kind,
            "" if each.release is None else str(each.release),
            duration(each.seconds["total"]) if "total" in each.seconds else "",
            ago(each.created_at, now),
            clean(each.finding.title if each.finding else each.source),
        )
        for each in deployments
    ]
    return table(("ID", "STATUS", "KIND", "RELEASE", "TOOK", "WHEN", "WHAT"), rows)
