"""`seaway apps` and `seaway show`."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.cli.answers import AppAnswer


@click.command(cls=Command)
@json_option
def apps(as_json: bool) -> None:
    """List the apps."""
    from seaway.cli.connect import connect

    with connect() as client:
        found, raw = client.apps()
    if as_json:
        print_json(raw)
        return
    if not found:
        click.echo("There are no apps yet. Make one: seaway deploy PATH --app NAME")
    for line in app_rows(found, now=datetime.now(UTC), colour=sys.stdout.isatty()) if found else ():
        click.echo(line)


@click.command(cls=Command)
@click.argument("app")
@json_option
def show(app: str, as_json: bool) -> None:
    """Show one app: its release, instances and settings."""
    from seaway.cli.connect import connect
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        found = client.app(app)
    if as_json:
        print_json(found.raw)
        return
    for line in app_lines(found, now=datetime.now(UTC), colour=sys.stdout.isatty()):
        click.echo(line)


def app_rows(apps: "list[AppAnswer]", *, now: datetime, colour: bool) -> Iterator[str]:
    from seaway.cli.show import ago, marked, megabytes, table

    rows = [
        (
            app.name,
            marked(app.state, colour=colour),
            app.url or "",
            "" if app.release is None else str(app.release),
            megabytes(app.memory_bytes),
            ago(app.last_deployment.created_at if app.last_deployment else None, now),
        )
        for app in apps
    ]
    return table(("APP", "STATE", "URL", "RELEASE", "MEMORY", "DEPLOYED"), rows)


def app_lines(app: "AppAnswer", *, now: datetime, colour: bool) -> Iterator[str]:
    from seaway.cli.show import ago, facts, finding_lines, marked, megabytes, short_digest, table

    yield f"{app.name}  {marked(app.state, colour=colour)}"
    last = app.last_deployment
    if app.finding is not None:
        yield from finding_lines(app.finding, colour=colour)
    if last is not None and last.finding is not None:
        yield from finding_lines(last.finding, colour=colour)
    ended = last and f"{last.id}  {marked(last.status, colour=colour)}  {ago(last.created_at, now)}"
    yield from facts(
        [
            ("url", "  ".join(app.urls) or app.url or ""),
            ("release", "" if app.release is None else str(app.release)),
            ("image", short_digest(app.image)),
            ("port", "" if app.port is None else str(app.port)),
            ("builder", app.builder or ""),
            ("variables", " ".join(app.env)),
            ("memory", megabytes(app.memory_bytes)),
            ("deployment", ended or ""),
            ("created", ago(app.created_at, now)),
        ]
    )
    if app.instances:
        yield ""
        rows = [
            (
                each.name,
                marked(each.state, colour=colour),
                each.address or "",
                str(each.restarts),
                ago(each.started_at, now),
            )
            for each in app.instances
        ]
        yield from (f"  {row}" for row in table(("INSTANCE", "STATE", "ADDRESS", "RESTARTS", "STARTED"), rows))
