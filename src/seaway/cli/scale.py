"""`seaway scale`."""

import click

from seaway.cli.command import Command, json_option


@click.command(cls=Command)
@click.argument("app")
@click.argument("instances", type=click.IntRange(min=1), metavar="N")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@json_option
@click.pass_context
def command(ctx: click.Context, app: str, instances: int, detach: bool, as_json: bool) -> None:
    """Run an app with N instances. Needs no registry, no git and no credential."""
    from seaway.cli.connect import connect
    from seaway.cli.follow import ask_and_accompany
    from seaway.core.app import check_app_name

    check_app_name(app)
    with connect() as client:
        change = {"instances": instances}
        ctx.exit(ask_and_accompany(client, lambda: client.configure(app, change), detach=detach, as_json=as_json))
