"""ghcr.io, Docker Hub and GitLab as they answer at the door: tokens, refusals and GitHub's opinion of a token.

What lies behind is either fixed manifests or the real docker-registry. README.md beside this file says what is
simulated and how to play with it.
"""

import argparse
import base64
import contextlib
import hashlib
import http.client
import json
import secrets
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulators.small_server import Asked, Reply, SmallServer

Rights = Mapping[str, frozenset[str]]
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Account:
    """Who logs in with `secret`. `rights` are actions by repository; `username` None means any name will do.

    `scopes` is what the token itself may do, whatever the account may; `sso_url` is set when an organisation wants the
    token authorised first.
    """

    secret: str
    username: str | None = None
    alive: bool = True
    rights: Rights = field(default_factory=dict)
    scopes: frozenset[str] = frozenset({"pull", "push"})
    expires: str | None = None
    sso_url: str | None = None


@dataclass(frozen=True)
class Package:
    """A repository and its manifests by tag. `linked` False: pushes by its own rights' owner are turned away."""

    public: bool = True
    manifests: Mapping[str, bytes] = field(default_factory=dict)
    linked: bool = True


@dataclass
class Ticket:
    """A token that was given: opaque, as ghcr.io's are."""

    account: Account | None
    asked: dict[str, frozenset[str]]
    until: float


@dataclass
class Trouble:
    """Answers instead of the front, `times` times, to requests whose path contains `path`."""

    path: str
    reply: Reply
    times: int = 1


def error(status: int, code: str, message: str, *headers: tuple[str, str]) -> Reply:
    return json_reply(status, {"errors": [{"code": code, "message": message}]}, *headers)


def json_reply(status: int, value: object, *headers: tuple[str, str]) -> Reply:
    return Reply(status, json.dumps(value).encode(), (("Content-Type", "application/json"), *headers))


@dataclass(frozen=True)
class Manners:
    """How one kind of registry says no, and at which step.

    `hides_at_token`: what an identity may not read is refused by the token service already. `post`: whether the OAuth2
    form is taken. `scope_hint` is the placeholder that its challenge carries.
    """

    name: str
    service: str
    dead: Reply
    anonymous_private: Reply | None
    no_right_token: Reply | None
    no_right_manifest: Reply
    realm_path: str = "/token"
    post: bool = False
    short_scopes: Reply | None = None
    scope_hint: str | None = None


GHCR = Manners(
    "ghcr",
    "ghcr.io",
    dead=error(403, "DENIED", "denied"),
    anonymous_private=error(401, "UNAUTHORIZED", "authentication required"),
    no_right_token=None,
    no_right_manifest=error(403, "DENIED", "denied"),
    scope_hint="repository:user/image:pull",
)
DOCKER_HUB = Manners(
    "docker_hub",
    "registry.docker.io",
    dead=json_reply(401, {"details": "incorrect username or password"}),
    anonymous_private=None,
    no_right_token=None,
    no_right_manifest=error(401, "UNAUTHORIZED", "authentication required"),
    short_scopes=json_reply(401, {"details": "access token has insufficient scopes"}),
    post=True,
)
GITLAB = Manners(
    "gitlab",
    "container_registry",
    dead=error(401, "UNAUTHORIZED", "HTTP Basic: Access denied"),
    anonymous_private=error(403, "DENIED", "access forbidden"),
    no_right_token=error(403, "DENIED", "access forbidden"),
    no_right_manifest=error(401, "UNAUTHORIZED", "authentication required"),
    realm_path="/jwt/auth",
)
ALL_MANNERS = {manners.name: manners for manners in (GHCR, DOCKER_HUB, GITLAB)}


class RegistryFront(SmallServer):
    """A registry with `manners`, its token service and, at `/user`, GitHub's API.

    `packages` and `accounts` may be changed while it runs. With `behind` (`host:port` of a docker-registry) what is
    allowed is passed on there, pushes too, and packages without manifests are fine.
    """

    def __init__(
        self,
        manners: Manners,
        packages: Mapping[str, Package],
        accounts: list[Account] | None = None,
        *,
        behind: str | None = None,
        tls: ssl.SSLContext | None = None,
        realm: str | None = None,
        name: str | None = None,
    ) -> None:
        self.manners, self.packages, self.accounts = manners, dict(packages), list(accounts or [])
        self.behind, self.troubles, self.tickets = behind, list[Trouble](), dict[str, Ticket]()
        self.token_life_s = 300
        super().__init__(self._route, tls=tls, name=name)
        self.realm = realm or f"{self.url}{manners.realm_path}"

    @property
    def token_requests(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == self.manners.realm_path]

    def logins_seen(self) -> list[str]:
        """Every secret that was sent to the token service, in order."""
        return [
            base64.b64decode(asked.authorization[6:]).decode().partition(":")[2]
            for asked in self.token_requests
            if asked.authorization
        ]

    def _route(self, asked: Asked) -> Reply:
        for trouble in self.troubles:
            if trouble.times > 0 and trouble.path in asked.path:
                trouble.times -= 1
                return trouble.reply
        if asked.path == self.manners.realm_path:
            return self._token(asked)
        if asked.path == "/user":
            return self._github_user(asked)
        return self._registry(asked) if asked.path.startswith("/v2/") else Reply(404)

    # The token service -------------------------------------------------------------------------------------------

    def _token(self, asked: Asked) -> Reply:
        if asked.method == "POST" and not self.manners.post:
            return Reply(405)
        login = self._login_of(asked)
        account = None if login is None else self._account(*login)
        if login is not None and (account is None or not account.alive):
            return self.manners.dead
        scopes = asked.form().get("scope", "").split() if asked.method == "POST" else asked.query.get("scope", [])
        wanted = {name: actions for name, actions in map(_parsed_scope, scopes) if name}
        refusal = self._token_refusal(account, wanted)
        return refusal or self._new_token(account, wanted)

    def _token_refusal(self, account: Account | None, wanted: dict[str, frozenset[str]]) -> Reply | None:
        for name, actions in wanted.items():
            if account is None:
                public = name in self.packages and self.packages[name].public and actions <= {"pull"}
                if not public and self.manners.anonymous_private is not None:
                    return self.manners.anonymous_private
                continue
            if self.manners.short_scopes is not None and not actions <= account.scopes:
                return self.manners.short_scopes
            if self.manners.no_right_token is not None and not actions <= self.rights(account, name):
                return self.manners.no_right_token
        return None

    def _new_token(self, account: Account | None, wanted: dict[str, frozenset[str]]) -> Reply:
        text = secrets.token_urlsafe(24)
        self.tickets[text] = Ticket(account, wanted, time.monotonic() + self.token_life_s)
        return json_reply(200, {"token": text, "expires_in": self.token_life_s})

    def _login_of(self, asked: Asked) -> tuple[str, str] | None:
        if asked.method == "POST":
            form = asked.form()
            return (form.get("username", ""), form.get("password", form.get("refresh_token", "")))
        if asked.authorization is None:
            return None
        user, _, secret = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode().partition(":")
        return user, secret

    def _account(self, username: str, secret: str) -> Account | None:
        fitting = (each for each in self.accounts if each.secret == secret and each.username in (None, username))
        return next(fitting, None)

    def rights(self, account: Account | None, name: str) -> frozenset[str]:
        package = self.packages.get(name)
        anybody = frozenset({"pull"}) if package is not None and package.public else frozenset()
        if account is None or account.sso_url is not None:
            return anybody
        return anybody | (account.rights.get(name, frozenset()) & account.scopes)

    # The registry ------------------------------------------------------------------------------------------------

    def _registry(self, asked: Asked) -> Reply:
        ticket = self._ticket(asked)
        if ticket is None:
            return self._challenge(asked)
        if asked.path == "/v2/":
            return json_reply(200, {})
        name, kind, reference = _split(asked.path)
        writes = asked.method not in ("GET", "HEAD") or kind == "uploads"
        action = "push" if writes else "pull"
        if action not in ticket.asked.get(name, ()) or action not in self.rights(ticket.account, name):
            return self._refusal(ticket, name, writes)
        if writes and not self.packages.get(name, Package()).linked:
            return error(403, "DENIED", "permission_denied: write_package")
        return self._pass_on(asked) if self.behind else self._fixed(asked, name, kind, reference)

    def _refusal(self, ticket: Ticket, name: str, writes: bool) -> Reply:
        if self.manners is GHCR and writes and ticket.account is not None and "push" not in ticket.account.scopes:
            return error(403, "DENIED", "permission_denied: The token provided does not match expected scopes.")
        reply = self.manners.no_right_manifest
        if reply.status != 401:
            return reply
        return Reply(401, reply.body, (*reply.headers, self._challenge_field("insufficient_scope")))

    def _ticket(self, asked: Asked) -> Ticket | None:
        ticket = self.tickets.get((asked.authorization or "").removeprefix("Bearer "))
        return ticket if ticket is not None and ticket.until > time.monotonic() else None

    def _challenge(self, asked: Asked) -> Reply:
        body = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
        problem = "invalid_token" if asked.authorization else None
        return json_reply(401, body, self._challenge_field(problem))

    def _challenge_field(self, problem: str | None) -> tuple[str, str]:
        hint = f',scope="{self.manners.scope_hint}"' if self.manners.scope_hint else ""
        why = f',error="{problem}"' if problem else ""
        return "WWW-Authenticate", f'Bearer realm="{self.realm}",service="{self.manners.service}"{hint}{why}'

    def _fixed(self, asked: Asked, name: str, kind: str, reference: str) -> Reply:
        package = self.packages.get(name, Package())
        if kind == "tags":
            return json_reply(200, {"name": name, "tags": sorted(package.manifests)})
        if kind == "uploads":
            there = ("Location", f"/v2/{name}/blobs/uploads/{secrets.token_hex(8)}")
            return Reply(202, b"", (there,)) if asked.method == "POST" else Reply(405)
        found = {digest_of(body): body for body in package.manifests.values()} | dict(package.manifests)
        body = found.get(reference) if kind == "manifests" else None
        if body is None:
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        digest = ("Docker-Content-Digest", digest_of(body))
        return Reply(200, body, (("Content-Type", MANIFEST_TYPE), digest, ("Content-Length", str(len(body)))))

    def _pass_on(self, asked: Asked) -> Reply:
        connection = http.client.HTTPConnection(self.behind or "", timeout=60)
        skip = ("authorization", "connection", "content-length")
        headers = {key: value for key, value in asked.headers.items() if key not in skip}
        connection.request(asked.method, asked.target, asked.body, headers | {"Content-Length": str(len(asked.body))})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        kept = tuple(each for each in response.getheaders() if each[0].lower() not in ("connection", "date", "server"))
        return Reply(response.status, body, kept)

    # GitHub's API ------------------------------------------------------------------------------------------------

    def _github_user(self, asked: Asked) -> Reply:
        secret = (asked.authorization or "").removeprefix("Bearer ")
        account = next((each for each in self.accounts if each.secret == secret), None)
        if account is None or not account.alive:
            return json_reply(401, {"message": "Bad credentials"})
        if account.sso_url is not None:
            sso = ("X-GitHub-SSO", f"required; url={account.sso_url}")
            return json_reply(403, {"message": "Resource protected by organization SAML enforcement."}, sso)
        words = {"pull": "read:packages", "push": "write:packages"}
        scopes = ("x-oauth-scopes", ", ".join(sorted(words[each] for each in account.scopes)))
        expiry = (("github-authentication-token-expiration", account.expires),) if account.expires else ()
        return json_reply(200, {"login": account.username or "somebody"}, scopes, *expiry)


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def manifest_named(name: str) -> bytes:
    """A manifest that is like no other; what it points to does not exist."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(name.encode()), "size": 2}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": []}).encode()


def _parsed_scope(scope: str) -> tuple[str, frozenset[str]]:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    return (name, frozenset(actions.split(","))) if kind == "repository" else ("", frozenset())


def _split(path: str) -> tuple[str, str, str]:
    """Repository, kind (`manifests`, `blobs`, `uploads`, `tags`) and reference of a path below /v2/."""
    for kind, mark in (
        ("uploads", "/blobs/uploads"),
        ("manifests", "/manifests/"),
        ("blobs", "/blobs/"),
        ("tags", "/tags/"),
    ):
        name, found, reference = path.removeprefix("/v2/").partition(mark)
        if found:
            return name, kind, reference
    return "", "", ""


def play(argv: list[str] | None = None) -> None:
    """Start one front with a public and a private package and three accounts, and say how to reach it."""
    parser = argparse.ArgumentParser(description="A simulated registry for playing; Ctrl-C ends it.")
    parser.add_argument("kind", choices=sorted(ALL_MANNERS), nargs="?", default="ghcr")
    parser.add_argument("--behind", help="host:port of a docker-registry that holds the images")
    parser.add_argument("--tls", metavar="FOLDER", type=Path, help="serve https; the authority's ca.crt goes to FOLDER")
    options = parser.parse_args(argv)
    tls = None
    if options.tls:
        from simulators.authority import Authority

        options.tls.mkdir(parents=True, exist_ok=True)
        tls = Authority(options.tls).issue("127.0.0.1", "localhost").server_context()
    both: Rights = {name: frozenset({"pull", "push"}) for name in ("acme/public", "acme/private")}
    packages = {
        "acme/public": Package(True, {"1": manifest_named("public")}),
        "acme/private": Package(False, {"1": manifest_named("private")}),
    }
    accounts = [Account("live", rights=both), Account("stranger"), Account("dead", alive=False)]
    with RegistryFront(ALL_MANNERS[options.kind], packages, accounts, behind=options.behind, tls=tls) as front:
        print(f"{options.kind} at {front.host} has acme/public:1 and acme/private:1. Any user may log in with")
        print("live (may pull and push both), stranger (no right) or dead (refused). GitHub's API is there too.")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    play()
