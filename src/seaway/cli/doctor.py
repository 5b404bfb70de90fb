"""`seaway doctor IMAGE`: walks the chain to one image and says where it breaks. Needs no server and no configuration.

Everything that is not needed for `--help` is imported when it runs.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seaway.cli.command import Command, json_option, print_json

if TYPE_CHECKING:
    from seaway.core.credential import Credential
    from seaway.core.finding import Finding
    from seaway.core.image import ImageRef
    from seaway.core.proof import Link, Proof
    from seaway.doors.docker_config import Flaw, Found
    from seaway.doors.http import HttpPipe
    from seaway.doors.registry import IssuerDoor

BROKEN, WRONG_USE = 1, 2
_MARKS = {True: ("✓", "ok", "green"), False: ("✕", "failed", "red"), None: ("–", "", "bright_black")}


@dataclass(frozen=True)
class Examined:
    """What the doctor found: the proof, and what else is wrong on the way to it."""

    proof: "Proof"
    findings: tuple["Finding", ...]

    @property
    def verdict(self) -> str:
        if not self.proof.ok:
            return "broken"
        return "degraded" if self.findings else "ok"

    def as_json(self) -> dict[str, Any]:
        return {
            "image": str(self.proof.image),
            "digest": self.proof.digest,
            "links": [link.as_json() for link in self.proof.links],
            "findings": [finding.as_json() for finding in self.findings],
            "verdict": self.verdict,
        }


@click.command(cls=Command, name="doctor")
@click.argument("image")
@click.option("--push", is_flag=True, help="Prove the right to push, too. Nothing is written.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["docker-config"]),
    help="Use the login that docker on this machine would use.",
)
@click.option("--credential", "kept", metavar="NAME", help="Use a credential that Seaway keeps; its server asks.")
@click.option("--username", "-u", help="Log in as this user; the secret comes with --password-stdin.")
@click.option("--password-stdin", is_flag=True, help="Read the password or token from standard input.")
@click.option("--insecure", is_flag=True, help="Allow plain http and unknown certificates for this registry.")
@click.option("--github-api", envvar="SEAWAY_GITHUB_API", hidden=True, help="GitHub's API, of an enterprise server.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    image: str,
    push: bool,
    source: str | None,
    kept: str | None,
    username: str | None,
    password_stdin: bool,
    insecure: bool,
    github_api: str | None,
    as_json: bool,
) -> None:
    """Find out why IMAGE cannot be pulled, or pushed.

    Tries it link by link, with the login given and as anybody, and says what to do. Exit status: 0 it works, 1 it does
    not, 2 the name is no image.
    """
    if sum(map(bool, (source, kept, username or password_stdin))) > 1:
        raise click.UsageError("Give one of --from, --credential and --username.")
    if bool(username) != password_stdin:
        raise click.UsageError("--username and --password-stdin go together.")
    from seaway.core.image import InvalidReference, parse_image

    try:
        reference = parse_image(image)
    except InvalidReference as error:
        _complain_of_name(image, error, as_json=as_json)
        ctx.exit(WRONG_USE)
    credential = _given(reference, username, sys.stdin.read()) if username else None
    import asyncio

    if kept:
        examined = _examined_by_the_server(reference, kept, push)
    else:
        examined = asyncio.run(_examine(reference, credential, source, push, insecure, github_api))
    if as_json:
        print_json(examined.as_json())
    else:
        for line in picture(examined, colour=sys.stdout.isatty()):
            click.echo(line)
    ctx.exit(BROKEN if examined.verdict == "broken" else 0)


def _given(image: "ImageRef", username: str, typed: str) -> "Credential":
    from seaway.core.credential import Credential
    from seaway.core.secret import Secret

    secret = typed.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise click.UsageError("Standard input holds no password.")
    return Credential("the login given", image.registry, username, Secret(secret))


def _complain_of_name(text: str, error: Any, *, as_json: bool) -> None:
    from seaway.cli.show import finding_lines
    from seaway.core.finding import finding_of

    finding = finding_of(error)
    for line in finding_lines(finding, colour=sys.stderr.isatty()):
        click.echo(line, err=True)
    if as_json:
        links = [{"name": "reference", "ok": False, "ms": 0.0, "evidence": [error.what]}]
        findings = [finding.as_json()]
        print_json({"image": text, "digest": None, "links": links, "findings": findings, "verdict": "broken"})


async def _examine(
    image: "ImageRef",
    credential: "Credential | None",
    source: str | None,
    push: bool,
    insecure: bool,
    github_api: str | None,
) -> Examined:
    from seaway.core.manifest import platform_of_machine
    from seaway.doors.http import HttpPipe
    from seaway.doors.network import Trust
    from seaway.doors.registry import RegistryDoor
    from seaway.registries import all_kinds

    found = await _from_docker(image) if source else None
    used = found.credential if found is not None else credential
    allowed = frozenset({image.api_host}) if insecure else frozenset()
    uname = os.uname()
    async with HttpPipe(Trust(unverified=allowed), trust_env=True) as http:
        door = RegistryDoor(http, kinds=all_kinds(), insecure=allowed, issuers=[_issuer(http, image, github_api)])
        proof = await door.prove(
            image,
            used,
            push=push,
            platform=None if push else platform_of_machine("linux", uname.machine),
            thorough=True,
            near_keys=found.near_keys if found is not None else (),
        )
    flaws = tuple(finding_of_flaw(flaw, image) for flaw in found.flaws) if found is not None else ()
    return Examined(proof, ((proof.finding,) if proof.finding else ()) + flaws)


def _examined_by_the_server(image: "ImageRef", kept: str, push: bool) -> Examined:
    """The secret stays there, so the server looks, from where it would pull."""
    from seaway.cli.connect import connect
    from seaway.core.finding import Finding
    from seaway.core.proof import Link, Proof

    with connect() as client:
        told = client.call("POST", "/doctor", {"image": str(image), "credential": kept, "push": push}, patient=True)
    links = tuple(Link(each["name"], each["ok"], each["ms"], tuple(each["evidence"])) for each in told["links"])
    findings = tuple(Finding.from_json(each) for each in told["findings"])
    proof = Proof(
        image,
        told["verdict"] != "broken",
        told["digest"],
        credential=told["credential"],
        links=links,
        finding=findings[0] if findings else None,
    )
    return Examined(proof, findings)


def _issuer(http: "HttpPipe", image: "ImageRef", github_api: str | None) -> "IssuerDoor":
    """GitHub for ghcr.io; with an address of its own, an enterprise server for this image's registry."""
    from seaway.core.destination import ANY_MACHINE
    from seaway.doors.github_issuer import GithubIssuer

    if github_api is None:
        return GithubIssuer(http)
    return GithubIssuer(http, github_api, hosts=(image.registry,), destination=ANY_MACHINE)


async def _from_docker(image: "ImageRef") -> "Found":
    from seaway.doors.docker_config import DockerConfigDoor

    return await DockerConfigDoor(os.environ, Path.home()).find(image)


def finding_of_flaw(flaw: "Flaw", image: "ImageRef") -> "Finding":
    """A broken place of logins, as a finding of its own: docker stumbles over it even when the image is public."""
    from seaway.core.finding import Finding

    logout = f"docker logout{'' if image.registry == 'docker.io' else ' ' + image.registry}"
    titles = {
        "config_json_corrupt": (
            "A file with docker's logins is broken",
            "Repair it, or move it away and log in again.",
        ),
        "credential_helper_missing": (
            "Docker's configuration names a helper that is not installed",
            "Install it, or remove credsStore and credHelpers from the file and log in again.",
        ),
        "credential_helper_failed": (
            "Docker's credential helper fails",
            "Unlock or initialise its store. Docker stops here even for a public image.",
        ),
    }
    title, remedy = titles[flaw.cause]
    commands = (f"mv {flaw.where} {flaw.where}.broken",) if flaw.where.startswith("/") else (logout,)
    fits = flaw.cause == "config_json_corrupt"
    return Finding(flaw.cause, title, (f"{flaw.where}: {flaw.what}",), remedy, commands if fits else ())


def picture(examined: Examined, *, colour: bool) -> Iterator[str]:
    """The chain link by link, the verdict, then what is wrong and what to do."""
    from seaway.cli.show import finding_lines, painted

    proof = examined.proof
    yield str(proof.image)
    yield ""
    width = max(len(link.name) for link in proof.links)
    failed = False
    for link in proof.links:
        yield from _link_lines(link, width, "not reached" if failed and not proof.ok else "not needed", colour)
        failed = failed or link.ok is False
    yield ""
    for finding in examined.findings:
        blocks = not proof.ok and finding is proof.finding
        mark, paint = ("✕", "red") if blocks else ("▲", "yellow")
        yield from finding_lines(finding, colour=colour, mark=mark, paint=paint)
        yield ""
    yield painted(_closing(examined), _PAINTS[examined.verdict], colour, bold=True)


_PAINTS = {"ok": "green", "degraded": "yellow", "broken": "red"}


def _link_lines(link: "Link", width: int, absent: str, colour: bool) -> Iterator[str]:
    from seaway.cli.show import clean, faint, painted

    mark, word, paint = _MARKS[link.ok]
    word = word or absent
    told = [clean(line) for line in link.evidence] or [""]
    time = f"{link.ms:.0f} ms" if link.ms >= 0.5 else ""
    head = f"  {painted(mark, paint, colour)} {link.name:{width}}  {painted(f'{word:11}', paint, colour)}  {time:>7}  "
    yield f"{head}{told[0]}".rstrip()
    indent = " " * (2 + 2 + width + 2 + 11 + 2 + 7 + 2)
    for line in told[1:]:
        yield f"{indent}{faint(line, colour)}"


def _closing(examined: Examined) -> str:
    proof = examined.proof
    if examined.verdict == "broken":
        return f"✕ broken: {proof.image} cannot be {_deed(proof.links)} from here."
    how = f"with {proof.credential}" if proof.credential else "without a login"
    digest = f" {proof.digest}" if proof.digest else ""
    mark = "●" if examined.verdict == "ok" else "▲"
    return f"{mark} {examined.verdict}: {proof.image} can be {_deed(proof.links)} {how}.{digest}"


def _deed(links: "Sequence[Link]") -> str:
    return "pushed" if any(link.name == "push" for link in links) else "pulled"
