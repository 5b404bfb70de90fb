"""What facts mean: each rule gives points to one cause when all its facts hold.

1. Points are on one scale: 90 and more is said outright by the text, 40 to 60 is the usual meaning of a refusal,
   up to 30 is a hint from circumstances. Points of rules that hold are added.
2. A circumstance never makes a cause by itself: with every hint stands a fact of the text (but for _TOLD_ONLY, where
   the text says nothing and somebody told what happened).
3. `!fact` means that the fact must not hold.
4. The text opens a case and says which causes are possible at all; what somebody told moves points between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    cause: str
    points: int
    needs: frozenset[str]
    without: frozenset[str]


def _rules(rows: Mapping[str, Mapping[str, int]]) -> tuple[Rule, ...]:
    """From what must hold to the causes that it speaks for, or against."""
    return tuple(_rule(cause, points, facts) for facts, causes in rows.items() for cause, points in causes.items())


def _rule(cause: str, points: int, facts: str) -> Rule:
    names = facts.split(", ")
    needs = frozenset(name for name in names if not name.startswith("!"))
    return Rule(cause, points, needs, frozenset(name[1:] for name in names if name.startswith("!")))


STALE = "stale_credential_blocks_public"
DEAD = "credential_expired_or_revoked"
SHORT = "short_lived_token_expired"
BAD = "bad_credentials"
KIND = "token_type_unsupported"
READ = "missing_scope_read"
WRITE = "missing_scope_write"
ROLE = "no_role_on_repo"
LINK = "package_not_linked"
NONE = "no_credential_sent"
KEY = "credential_wrong_key"
PROPAGATE = "credential_not_propagated"
PULL_SECRET = "k8s_pull_secret_wrong"  # noqa: S105 - a cause
HELPER_MISSING = "credential_helper_missing"
HELPER_FAILED = "credential_helper_failed"
TAG = "tag_not_found"
REPOSITORY = "repository_not_found"
REFERENCE = "invalid_reference"
FORMAT = "manifest_format_unsupported"
RETIRED = "registry_retired_or_moved"
POLICY = "policy_denied"
QUOTA = "quota_or_billing"
PROXY = "proxy_misconfigured"
NETWORK = "network_timeout"
OUTAGE = "registry_outage"
SETUP = "registry_misconfigured"
DATA = "registry_data_missing"
BUG = "client_bug"
DAEMON = "daemon_unreachable"
DISK = "disk_full"
UNPACK = "unpack_failed"
CONFIG = "config_json_corrupt"
RATE = "rate_limited"
IMMUTABLE = "immutable_tag"
PLATFORM = "platform_mismatch"
DIGEST = "digest_mismatch"
PLAIN_HTTP = "plain_http_registry"
AUTHORITY = "tls_unknown_authority"
HOSTNAME = "tls_hostname_mismatch"
TIME = "cert_expired_or_clock_skew"
DNS = "dns_failure"
SSO = "sso_not_authorized"

# Question 1, and whatever the text says outright.
_OUTRIGHT = _rules(
    {
        "daemon down": {DAEMON: 140},
        "disk full": {DISK: 150},
        "unpack": {UNPACK: 110},
        "helper missing": {HELPER_MISSING: 130},
        "helper failed, !helper missing": {HELPER_FAILED: 110},
        "config corrupt, !pull secret": {CONFIG: 105},
        "pull secret": {PULL_SECRET: 115},
        "rate limit": {RATE: 115},
        "firewalled": {POLICY: 105},
        "html, forbidden": {POLICY: 55, ROLE: -30},
        "html, forbidden, at blob": {POLICY: 40},
        "forbidden, told others can, !on ghcr": {POLICY: 40},
        "manifest forbidden, told others can, told public, !on ghcr": {POLICY: 50},
        "odd answer to a login": {SETUP: 60, BUG: 30},
        "odd answer to a login, told other version": {BUG: 60},
        "html, !unreachable, !server error, !forbidden": {SETUP: 45},
        "html, unauthorized": {SETUP: -25},
        "manifest format, html": {FORMAT: -70},
        "quota, !rate limit": {QUOTA: 100},
        "immutable": {IMMUTABLE: 120},
        "retired": {RETIRED: 100},
        "old home": {RETIRED: 30},
        "old home, silent text": {RETIRED: 15},
        "manifest format": {FORMAT: 100},
        "manifest format, unpack": {FORMAT: 25},
        "platform": {PLATFORM: 110},
        "bad reference": {REFERENCE: 100},
        "odd name": {REFERENCE: 45},
        "bad request": {REFERENCE: 50},
        "digest": {DIGEST: 110},
        "plain http": {PLAIN_HTTP: 105},
        "plain http, proxy": {PLAIN_HTTP: -40},
        # Docker tries https first and goes on; the registry's own answer is what ended it.
        "plain http, blob missing": {PLAIN_HTTP: -60},
        "plain http, tag missing": {PLAIN_HTTP: -60},
        "unknown authority": {AUTHORITY: 100},
        "wrong name": {HOSTNAME: 110},
        "tls refused, !wrong name, !unknown authority": {SETUP: 50},
        "tls refused, !wrong name": {AUTHORITY: 45},
        "wrong time": {TIME: 110},
        "dns": {DNS: 90},
        "proxy": {PROXY: 105},
        "unreachable, !dns": {NETWORK: 70},
        "unreachable, dns": {NETWORK: 20},
        "server error, !config corrupt": {OUTAGE: 65},
        "server error, blob missing": {OUTAGE: -40},
        "server setup": {SETUP: 100},
        "server log": {SETUP: 60},
        "client crash": {BUG: 60},
    }
)

_NOT_FOUND = _rules(
    {
        "tag missing": {TAG: 80, REPOSITORY: 30},
        "tag missing, bitnami": {RETIRED: 85},
        "tag missing, told moved": {RETIRED: 45},
        "tag missing, on gcr": {RETIRED: 15},
        "pull access denied, bitnami": {RETIRED: 45},
        "tag missing, told typo": {REPOSITORY: 30},
        "tag missing, told tool speaks": {BUG: 50},
        "tag missing, told cleaned": {DATA: 35},
        "tag missing, op push": {DATA: 45, TAG: -40},
        "tag missing, op push, own registry": {SETUP: 35},
        "tag missing, op push, told other client": {BUG: 30},
        "name unknown": {REPOSITORY: 95, TAG: 15},
        "tag missing, blob missing": {TAG: -50},
        "tag missing, html": {TAG: -60},
        "blob missing": {DATA: 80},
        "blob missing, op push, own registry": {SETUP: 40, DATA: -40},
        "blob missing, op push, told cleaned": {DATA: 20},
        "blob missing, op push, told server": {SETUP: 25},
        "blob missing, op push": {BUG: 20, SETUP: 15},
        "blob missing, told version": {BUG: 45},
        "blob missing, told cleaned": {DATA: 20},
        "no digest recorded": {PROPAGATE: 70, NONE: 45},
        "no such image, swarm": {PROPAGATE: 70},
        "no such image, !swarm": {PROPAGATE: 60},
        "no such image": {TAG: 30},
        "tag missing, told other client": {BUG: 35},
        "tag missing, told other version": {BUG: 45},
        "tag missing, at upload": {SETUP: 45},
        "blob missing, auth required": {OUTAGE: 40},
        "server setup, blob missing, told many": {OUTAGE: 30},
        "told many, blob missing": {OUTAGE: 60},
        "name unknown, told moved": {RETIRED: 60},
        "pull access denied, told moved": {RETIRED: 25},
        "tag missing, old home": {RETIRED: 50},
    }
)

_NETWORK_HINTS = _rules(
    {
        "unreachable, told proxy": {PROXY: 75},
        "unreachable, told proxy, at token, own registry": {PROXY: -30},
        "unreachable, told other version": {BUG: 85},
        "dns, told proxy": {PROXY: 25},
        "unknown authority, told proxy": {PROXY: 30},
        "server error, told proxy": {PROXY: 30},
        "server error, told proxy, own registry": {PROXY: 40},
        "server error, told http, own registry": {PLAIN_HTTP: 75},
        "plain http, told proxy": {PROXY: 30},
        "forbidden, told proxy": {PROXY: 20},
        "unreachable, told policy": {POLICY: 30},
        "unreachable, told boot": {DNS: 20},
        "refused, told clock": {TIME: 60},
        "unreachable, told http": {PLAIN_HTTP: 20},
        "plain http, told http": {PLAIN_HTTP: 10},
        "plain http, told other key": {HOSTNAME: 15},
        "server error, own registry": {SETUP: 50},
        "server error, told server": {SETUP: 20},
        "server error, !own registry": {OUTAGE: 40},
        "server error, told many": {OUTAGE: 45},
        "server setup, own registry": {SETUP: 30},
        "tag missing, told server": {SETUP: 25},
        "unreachable, told server": {SETUP: 20},
        "unreachable, told server, at token, own registry": {SETUP: 40},
        "unreachable, told many": {OUTAGE: 80},
        # Many at once, or now and then: the registry.
        "refused, told many": {OUTAGE: 80},
        "refused, told flaky, !told many": {OUTAGE: 45},
        "refused, told later works, !told many": {OUTAGE: 25},
        "server error, told flaky, !told many": {OUTAGE: 45},
        "unreachable, told flaky": {NETWORK: 15},
        "unknown token": {OUTAGE: 25},
        "denied twice, told no login, told public": {OUTAGE: 35},
        "unknown token, not sent": {OUTAGE: 30},
        "refused, told public, told worked before": {OUTAGE: 20},
    }
)

# A credential was sent and refused as such.
_DEAD_LOGIN = _rules(
    {
        "denied twice, !op push": {STALE: 62},
        "denied twice": {DEAD: 50},
        "denied twice, op push": {STALE: 10},
        "denied twice, op login": {BAD: 25},
        "oauth refused, !op push": {STALE: 60},
        "oauth refused": {DEAD: 50, BAD: 20},
        "oauth refused, !on ghcr, !on hub": {ROLE: 30},
        "wrong password, !op login, !op push": {STALE: 60},
        "wrong password": {BAD: 55, DEAD: 45},
        "wrong password, op login": {BAD: 20},
        "unknown token": {DEAD: 55},
        "unknown token, !op push": {STALE: 50},
        "any 401": {BAD: 40, NONE: 35, STALE: 30, DEAD: 30},
        "gitlab basic": {BAD: 60, DEAD: 50, KIND: 40, READ: 30},
        "token expired": {SHORT: 100},
        "token expired, on ecr public": {STALE: 90},
        "forbidden, on ecr public": {STALE: 40},
        "nv denied, on nvcr, !op push": {STALE: 55},
        "nv denied, on nvcr": {ROLE: 60},
        "nv denied, !on nvcr": {ROLE: 45},
        "quay robot": {BAD: 60},
        "login refused": {BAD: 55, DEAD: 45},
        "nothing to log in with": {BAD: 65, NONE: 60},
        "dead token": {DEAD: 70},
        "dead token, !op push, !op login": {STALE: 60},
        "account disabled": {DEAD: 85, BAD: 25},
        "classic only": {KIND: 70},
        "two-factor": {KIND: 55, BAD: 40},
        "sso": {SSO: 110},
        "bad request, on ecr public": {STALE: 60},
    }
)

# The login is accepted; the right is lacking.
_NO_RIGHT = _rules(
    {
        "denied once, on ghcr, !denied twice": {ROLE: 55, NONE: 25},
        "denied once, on ghcr, !denied twice, !op push": {READ: 40},
        "denied once, !on ghcr, !denied twice": {ROLE: 30, NONE: 30},
        "manifest forbidden, !on ecr public": {ROLE: 60},
        "manifest forbidden, on ecr public": {STALE: 55},
        "manifest forbidden": {NONE: 30},
        "read package": {ROLE: 75, READ: 55},
        "read package, told workflow": {LINK: 25},
        "write package": {LINK: 90, ROLE: 55, WRITE: 50},
        "create package": {WRITE: 75},
        "installation write": {WRITE: 100},
        "installation write, told has write": {LINK: 60},
        "installation read": {LINK: 85, READ: 75},
        "integration refused, !op push": {READ: 60},
        "integration refused": {WRITE: 60},
        "token scopes, !op push": {READ: 85},
        "token scopes": {WRITE: 70},
        "token scopes, op push": {WRITE: 40},
        "hub scopes, op push": {WRITE: 110},
        "hub scopes, !op push": {READ: 95},
        "aws read denied": {READ: 100},
        "aws write denied": {WRITE: 100},
        "aws assume denied": {READ: 60},
        "aws no resource policy": {ROLE: 40},
        "gar read denied, !op push": {READ: 50, NONE: 50},
        "gar read denied": {ROLE: 55, REPOSITORY: 25},
        "gar write denied": {WRITE: 75, ROLE: 50},
        "unauthenticated": {NONE: 85},
        "project denied": {ROLE: 50, NONE: 35, REPOSITORY: 25},
        "project denied, op push": {WRITE: 40, KEY: 20},
        "project denied, !op push": {READ: 20},
        "quay denied": {ROLE: 45, REPOSITORY: 42},
        "quay denied, !op push": {NONE: 45},
        "quay denied, op push": {WRITE: 25},
        "access forbidden": {ROLE: 45, NONE: 40, READ: 35, REPOSITORY: 25},
        "access forbidden, op push": {WRITE: 40},
        "repository manager denied": {ROLE: 45},
        "repository manager denied, !op push": {NONE: 47, READ: 30},
        "repository manager denied, op push": {WRITE: 40},
        "asks for login": {NONE: 30},
        "package access": {NONE: 45, ROLE: 40, KIND: 30},
    }
)

# Denied, without a word on whether anything was sent.
_SILENT = _rules(
    {
        "ghcr unauthorized": {NONE: 55, REPOSITORY: 40, DEAD: 15},
        "ghcr unauthorized, told login ok": {ROLE: 30, READ: 20},
        "anonymous refused": {NONE: 65, REPOSITORY: 42},
        "no basic auth": {NONE: 65, KEY: 45, PROPAGATE: 35},
        "pull access denied, !sent": {REPOSITORY: 50, NONE: 47},
        "pull access denied, !op push": {ROLE: 30},
        "pull access denied, sent": {REPOSITORY: 40, ROLE: 25},
        "insufficient scope, op push": {ROLE: 60},
        "insufficient scope, !op push, !pull access denied": {ROLE: 45},
        "insufficient scope, !op push": {REPOSITORY: 20, NONE: 15},
        "requested access denied, op push": {ROLE: 50, NONE: 35, WRITE: 35, KEY: 15},
        "requested access denied, !op push": {ROLE: 45, NONE: 45, REPOSITORY: 40},
        "auth required": {NONE: 50, BAD: 30, DEAD: 25, ROLE: 15},
        "auth required, on acr": {READ: 25, ROLE: 20},
        "auth required, own registry": {SETUP: 20, BAD: 12},
        "unauthorized, !on ghcr": {NONE: 45, BAD: 40, DEAD: 30, ROLE: 20},
        "unauthorized, sent": {BAD: 25},
        "unauthorized, !on ghcr, !op push": {STALE: 30},
        "unauthorized, at upload": {ROLE: 35, WRITE: 35},
        "forbidden, !at token": {ROLE: 45},
        "forbidden, at token": {ROLE: 30, DEAD: 25},
        "forbidden": {NONE: 30, DEAD: 25},
        "forbidden, at token, !op push": {STALE: 55},
        "forbidden, op push": {WRITE: 40},
        "denied": {ROLE: 30},
        "no credentials found, told public": {BUG: 35},
        "no credentials found": {NONE: 60, KEY: 40, PROPAGATE: 35},
        "metadata failed, sent, !refused": {STALE: 50, DEAD: 40},
        "metadata failed, !sent, !refused, silent text": {NONE: 40, REPOSITORY: 38},
        # What was sent was not missing.
        "was sent": {NONE: -40, PROPAGATE: -60},
        # The layers were taken and the manifest is not: a limit or a protected tag, not the right to push.
        "at manifest put, manifest forbidden, !on ghcr": {QUOTA: 65, IMMUTABLE: 40},
        "at manifest put, bad request": {IMMUTABLE: 45},
        "at manifest put, told immutable": {IMMUTABLE: 30},
        "refused, op push, told immutable": {IMMUTABLE: 60},
    }
)

# What is known beside the text decides between the causes that a refusal leaves open.

# A. The login itself.
_TOLD_OF_LOGIN = _rules(
    {
        "refused, told public, !not sent, !op push, !op login": {STALE: 35},
        "refused, told public, told stored, !op push": {STALE: 25},
        "refused, official, wrong password": {STALE: 30},
        "refused, told private, !told public": {STALE: -60},
        "told no login, !told many": {STALE: -60},
        "told no login, told many": {STALE: -30},
        "refused, op login, !at manifest, !at token": {STALE: -60},
        "refused, told public, told dead, !op push": {STALE: 45},
        "own registry, !told stored": {STALE: -30},
        "pull access denied, told public, told stored": {STALE: 30},
        "refused, told private, !no basic auth": {DEAD: 20},
        "refused, told dead": {DEAD: 50},
        "refused, told worked before": {DEAD: 15},
        "refused, told no login": {DEAD: -25},
        "refused, told short token, told over time": {SHORT: 55},
        "refused, told short token, told worked before": {SHORT: 15},
        "refused, told short token, told dead": {SHORT: 20},
        "refused, on ecr, told over time": {SHORT: 40},
        "refused, on gar, told over time": {SHORT: 40},
        "refused, on acr, told over time": {SHORT: 40},
        "refused, told long push, op push": {SHORT: 45},
        "refused, told wrong pair": {BAD: 45},
        "refused, told login ok": {BAD: -30},
        "refused, told wrong kind": {KIND: 85},
    }
)

# A. Its rights.
_TOLD_OF_RIGHT = _rules(
    {
        "refused, told no login": {ROLE: -40},
        "refused, told has read, !told foreign": {ROLE: -10},
        "refused, told foreign": {ROLE: 45},
        "refused, told login ok, !no basic auth": {ROLE: 15},
        "refused, told has read": {READ: -25},
        "refused, told lacks read, !op push": {READ: 60},
        "refused, told lacks read, op push": {READ: 55},
        "refused, told narrow token, !op push": {READ: 20},
        "denied and unauthorized": {WRITE: 22},
        "refused, told lacks write, op push": {WRITE: 45},
        "refused, told lacks write, !op push": {WRITE: 20},
        "refused, on ghcr, told workflow, op push, !told has write": {WRITE: 20},
        "forbidden, on ghcr, told workflow, op push": {LINK: 40},
        "refused, on ghcr, told workflow, told linked by hand": {LINK: 35},
        "refused, on ghcr, told workflow, told has write": {LINK: 30},
        "refused, on ghcr, told workflow, told private, !op push": {LINK: 20},
        "refused, told sso": {SSO: 100},
    }
)

# B. Where the login is.
_TOLD_OF_PLACE = _rules(
    {
        "refused, told other process, told has read": {PROPAGATE: 15},
        "auth required, told login ok": {PROPAGATE: 35, KEY: 30},
        "no basic auth, told login ok": {PROPAGATE: 25},
        "refused, told other process": {PROPAGATE: 30},
        "refused, told other process, told login ok": {PROPAGATE: 35},
        "refused, told public, !told private": {PROPAGATE: -30, NONE: -45},
        "refused, told entered, told other process": {PROPAGATE: 25},
        "refused, swarm": {PROPAGATE: 25},
        "refused, told entered": {PROPAGATE: 30, KEY: 15, NONE: -15},
        "pull access denied, told entered": {PROPAGATE: 25, KEY: 25},
        "refused, told other key, told login ok": {KEY: 40},
        "no basic auth, told other key": {KEY: 30},
        "refused, told other key": {KEY: 20},
        "no basic auth, told login ok, !told other process": {KEY: 15},
        "refused, told no login": {NONE: 40},
        "refused, told private, !told login ok": {NONE: 20},
        "refused, told login ok": {NONE: -20},
        "refused, told pull secret, told secret wrong": {PULL_SECRET: 60, NONE: -35},
        "refused, told pull secret": {PULL_SECRET: 25},
        "no basic auth, told helper, told helper absent": {HELPER_MISSING: 50},
        "no basic auth, told helper": {HELPER_MISSING: 25, HELPER_FAILED: 25},
        "refused, told helper, told login ok, !told helper absent": {HELPER_FAILED: 55},
        "refused, told config broken": {CONFIG: 75},
    }
)

# C to H. The name, limits, the registry and the rest.
_TOLD_OF_OTHERS = _rules(
    {
        "refused, told partly anonymous": {SETUP: 95},
        "refused, told partly anonymous, told version": {SETUP: 30},
        "refused, told server": {SETUP: 55},
        "refused, told server, own registry": {SETUP: 20},
        "refused, told server, told login ok": {SETUP: 30},
        "login refused, own registry, told login ok": {SETUP: 45},
        "refused, told private, !told typo": {REPOSITORY: -25},
        "refused, told pull secret": {REPOSITORY: -20},
        "may be absent, told typo, !op push": {REPOSITORY: 40},
        "may be absent, told typo, op push": {REPOSITORY: 20},
        "may be absent, told public": {REPOSITORY: 15},
        "refused, told entered": {REPOSITORY: -20},
        "refused, told quota": {QUOTA: 95},
        "refused, told policy": {POLICY: 65},
        "refused, told server, own registry, !told other version": {BUG: -20},
        "refused, told narrow token": {BUG: -30},
        "refused, told jwt": {TIME: 50},
        "refused, told moved": {RETIRED: 40},
        "refused, told reference": {REFERENCE: 40},
        "refused, told throttled": {RATE: 30},
    }
)

# What works instead: another client means this one, by hand means this process, anonymously means the login.
_WORKS = _rules(
    {
        "refused, told anonymous works, !op push": {STALE: 45},
        "refused, told others can, told public, !op push": {STALE: 25},
        "refused, told others can, !told public": {ROLE: 10},
        "refused, told other works, !told no login": {ROLE: 25},
        "refused, told other client, !told other works": {ROLE: -25},
        "pull access denied, told other works, !told login ok": {REPOSITORY: 30},
        "refused, told login elsewhere": {KEY: 55},
        "refused, told works by hand, !told other client": {PROPAGATE: 40},
        "refused, told works by hand, told other client, told other process": {PROPAGATE: 40},
        "not sent, told works by hand, told other client, !told other process": {PROPAGATE: 40},
        "refused, told same login works, told other client": {BUG: 30},
        "refused, told same login works, told other version": {BUG: 20},
        "refused, told version": {BUG: 25},
        "refused, told other client": {BUG: 55},
        "refused, told other client, told public, !was sent": {BUG: 25},
        "refused, told other version, !told other client": {BUG: 80},
        "refused, told other version, told other client": {BUG: 45},
        "refused, told other client, told other process, !told other version": {BUG: -40},
        "refused, told tool speaks": {BUG: 55},
        "refused, told other version": {OUTAGE: -60},
        "refused, told narrow token, told other client, !op login, !at manifest, !project denied": {READ: 65},
    }
)

# Nothing in the text says why, but somebody told.
_TOLD_ONLY = _rules(
    {
        "silent text, told lacks read": {READ: 40},
        "silent text, told lacks write, op push": {WRITE: 35},
        "silent text, told wrong kind": {KIND: 40},
        "silent text, told dead": {DEAD: 40},
        "silent text, told tool speaks": {BUG: 30},
        "silent text, told other client, told images": {BUG: 30},
        "silent text, told other version, told images": {BUG: 30},
        "silent text, told server, told images": {SETUP: 35},
        "silent text, told many, told images": {OUTAGE: 35},
    }
)

RULES = (
    _OUTRIGHT + _NOT_FOUND + _NETWORK_HINTS + _DEAD_LOGIN + _NO_RIGHT + _SILENT
    + _TOLD_OF_LOGIN + _TOLD_OF_RIGHT + _TOLD_OF_PLACE + _TOLD_OF_OTHERS + _WORKS + _TOLD_ONLY
)  # fmt: skip

# How often causes were met in public threads, most first: it breaks ties.
_COMMON = (
    STALE, SETUP, OUTAGE, REPOSITORY, PROPAGATE, ROLE, NONE, HELPER_FAILED, RATE, BUG, READ, DEAD, SHORT,
    WRITE, TAG, QUOTA, LINK, KEY, CONFIG, REFERENCE, PLATFORM, FORMAT, BAD,
)  # fmt: skip
RARITY = {cause: rank for rank, cause in enumerate(_COMMON)}
