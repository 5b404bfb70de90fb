"""`seaway credentials` and `seaway vault`: logins that Seaway keeps for registries. Secrets come on standard input."""

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.cli.client import Client

REFUSED = 1

_password = click.option("--password-stdin", is_flag=True, help="Read the password or token from standard input.")
_expires = click.option("--expires", metavar="DATE", help="When it ends, e.g. 2027-03-31. GitHub is asked by itself.")
_image = click.option("--image", metavar="REF", help="Prove it on this image.")
_force = click.option("--force", is_flag=True, help="Store it although it could not be proved.")


class _Group(click.Group):
    """Imports `import` only when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), "import"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "import":
            return super().get_command(ctx, cmd_name)
        from seaway.cli.credentials_import import command

        return command


@click.group("credentials", cls=_Group)
def group() -> None:
    """Keep the logins for registries: proved before they are stored, sealed at rest."""


@group.command(cls=Command)
@click.argument("prefix", metavar="HOST[/PREFIX]")
@click.option("--username", "-u", required=True, help="The user name that the registry knows.")
@_password
@click.option("--app", help="Only this app may use it.")
@click.option("--for", "purpose", type=click.Choice(["pull", "push", "both"]), default="both", show_default=True)
@_expires
@click.option("--name", help="What it is called here; else its prefix, with @APP for an app's own.")
@click.option("--owner", default="", help="A note: whose account it is.")
@_image
@_force
@json_option
def add(
    prefix: str,
    username: str,
    password_stdin: bool,
    app: str | None,
    purpose: str,
    expires: str | None,
    name: str | None,
    owner: str,
    image: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Prove a login and keep it for HOST, or for the images below HOST/PREFIX.

    The longest prefix that fits an image wins, an app's own before all others.
    """
    from seaway.core.keeping import new_credential

    secret = _secret(password_stdin)
    # What can be said without the server is said at once: a prefix that names nothing, an empty secret.
    checked = new_credential(prefix, username, secret, app=app, name=name)
    body = {
        "prefix": checked.prefix,
        "username": username,
        "secret": secret.reveal(),
        "purpose": purpose,
        "app": app,
        "expires_at": expires,
        "name": name,
        "owner": owner,
        "image": image,
        "force": force,
    }
    from seaway.cli.connect import connect

    with connect() as client:
        answer = client.call("POST", "/credentials", body, patient=True)
    _tell_proved(answer, "is kept", as_json)


@group.command("list", cls=Command)
@json_option
def list_all(as_json: bool) -> None:
    """List the credentials, with their life, their last proof and the apps that depend on them."""
    from seaway.cli.connect import connect

    with connect() as client:
        answer = client.call("GET", "/credentials")
    if as_json:
        print_json(answer)
        return
    from seaway.cli.credential_words import rows

    if not answer["credentials"]:
        click.echo("There are none yet. Keep one: seaway credentials add HOST --username USER --password-stdin")
    for line in rows(answer["credentials"], colour=sys.stdout.isatty()) if answer["credentials"] else ():
        click.echo(line)


@group.command(cls=Command)
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one credential: whose it is, how it fared, and which apps and images depend on it."""
    from seaway.cli.connect import connect

    with connect() as client:
        answer = client.call("GET", f"/credentials/{_path(name)}")
    if as_json:
        print_json(answer)
        return
    from seaway.cli.credential_words import shown

    _echo(shown(answer, colour=sys.stdout.isatty()))


@group.command(cls=Command)
@click.argument("name")
@_image
@click.option("--push", is_flag=True, help="Prove the right to push, too. Nothing is written.")
@json_option
@click.pass_context
def check(ctx: click.Context, name: str, image: str | None, push: bool, as_json: bool) -> None:
    """Prove a credential again, on every image that depends on it. Exit status 1 when it is refused."""
    from seaway.cli.connect import connect

    with connect() as client:
        answer = client.call("POST", f"/credentials/{_path(name)}/check", {"image": image, "push": push}, patient=True)
    _tell_proved(answer, "was tried", as_json)
    bad = any(proof["verdict"] == "broken" or proof["credential"] is None for proof in answer["proofs"])
    ctx.exit(REFUSED if bad else 0)


@group.command(cls=Command)
@click.argument("name")
@click.option("--username", "-u", help="Another user name, too.")
@_password
@_expires
@_image
@_force
@click.option("--undo", is_flag=True, help="Back to the secret before, which is kept for 24 hours.")
@json_option
def rotate(
    name: str,
    username: str | None,
    password_stdin: bool,
    expires: str | None,
    image: str | None,
    force: bool,
    undo: bool,
    as_json: bool,
) -> None:
    """Put a new secret in the place of the old one, once it opens every image that depends on it."""
    from seaway.cli.connect import connect

    if undo:
        with connect() as client:
            answer = client.call("POST", f"/credentials/{_path(name)}/undo", {})
        print_json(answer) if as_json else click.echo(f"{name} has the secret again that it had before.")
        return
    body = {
        "secret": _secret(password_stdin).reveal(),
        "username": username,
        "expires_at": expires,
        "image": image,
        "force": force,
    }
    with connect() as client:
        answer = client.call("POST", f"/credentials/{_path(name)}/rotate", body, patient=True)
    _tell_proved(answer, "has its new secret", as_json)


@group.command(cls=Command)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(name: str, yes: bool, as_json: bool) -> None:
    """Remove a credential; says which apps depend on it, and asks."""
    from seaway.cli.connect import connect

    with connect() as client:
        if not yes:
            _ask(client, name)
        answer = client.call("DELETE", f"/credentials/{_path(name)}")
    if as_json:
        print_json(answer)
        return
    click.echo(f"{name} is removed.")
    if answer["apps"]:
        click.echo(f"  Their next deployment asks without it: {', '.join(answer['apps'])}")


@click.group("vault")
def vault() -> None:
    """The keys that everything is sealed with."""


@vault.command("rotate", cls=Command)
@json_option
def rotate_vault(as_json: bool) -> None:
    """Seal all credentials and variables with a new key. Back up the key file afterwards."""
    from seaway.cli.connect import connect

    with connect() as client:
        answer = client.call("POST", "/vault/rotate", {}, patient=True)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{answer['values']} values are sealed with the new key {answer['key']}.")
    click.echo("  Back up vault.key now: older copies of it do not open the database any more.")


def _ask(client: "Client", name: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("Without a terminal nobody can be asked. Add --yes.")
    apps = client.call("GET", f"/credentials/{_path(name)}")["apps"]
    used = f"{', '.join(apps)} depend on it" if apps else "no app depends on it"
    if not click.confirm(f"Remove {name}: {used}. Go on?", err=True):
        raise click.ClickException("Nothing was changed.")


def _secret(from_stdin: bool) -> Any:
    """From standard input, or typed unseen at a terminal; never from an argument."""
    from seaway.core.secret import Secret

    if from_stdin:
        text = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        text = click.prompt("Password or token", hide_input=True, err=True)
    else:
        raise click.UsageError("Give the secret on standard input: add --password-stdin.")
    return Secret(text)


def _path(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="/:@")


def _tell_proved(answer: Mapping[str, Any], deed: str, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    from seaway.cli.credential_words import proved

    _echo(proved(answer, deed, colour=sys.stdout.isatty()))


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
