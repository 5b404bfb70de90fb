"""What facts mean: each rule gives points to one cause when all its facts hold.

1. Points are on one scale: 90 and more is said outright by the text, 40 to 60 is the usual meaning of a refusal,
   up to 30 is a hint from circumstances. Points of rules that hold are added.
2. A circumstance never makes a cause by itself: with every hint stands a fact of the text (but for _TOLD_ONLY, where
   the text says nothing and somebody told what happened).
3. `!fact` means that the fact must not hold.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    cause: str
    points: int
    needs: frozenset[str]
    without: frozenset[str]


def _rules(*rows: tuple[str, int, str]) -> tuple[Rule, ...]:
    return tuple(_rule(*row) for row in rows)


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

# Question 1, and whatever the text says outright.
_OUTRIGHT = _rules(
    ("daemon_unreachable", 140, "daemon down"),
    ("disk_full", 150, "disk full"),
    ("unpack_failed", 110, "unpack"),
    (HELPER_MISSING, 130, "helper missing"),
    (HELPER_FAILED, 110, "helper failed, !helper missing"),
    ("config_json_corrupt", 105, "config corrupt, !pull secret"),
    (PULL_SECRET, 115, "pull secret"),
    ("rate_limited", 115, "rate limit"),
    (POLICY, 105, "firewalled"),
    (POLICY, 40, "html, forbidden"),
    (SETUP, 45, "html, !unreachable, !server error, !forbidden"),
    (QUOTA, 100, "quota, !rate limit"),
    ("immutable_tag", 120, "immutable"),
    (RETIRED, 100, "retired"),
    (RETIRED, 45, "old home"),
    (FORMAT, 100, "manifest format"),
    ("platform_mismatch", 110, "platform"),
    (REFERENCE, 100, "bad reference"),
    (REFERENCE, 45, "odd name"),
    (REFERENCE, 50, "bad request"),
    ("digest_mismatch", 110, "digest"),
    ("plain_http_registry", 105, "plain http"),
    ("tls_unknown_authority", 100, "unknown authority"),
    ("tls_hostname_mismatch", 110, "wrong name"),
    ("cert_expired_or_clock_skew", 110, "wrong time"),
    ("dns_failure", 90, "dns"),
    (PROXY, 105, "proxy"),
    (NETWORK, 70, "unreachable, !dns"),
    (NETWORK, 20, "unreachable, dns"),
    (OUTAGE, 65, "server error, !config corrupt"),
    (OUTAGE, -40, "server error, blob missing"),
    (SETUP, 100, "server setup"),
    (SETUP, 60, "server log"),
    (BUG, 60, "client crash"),
)

_NOT_FOUND = _rules(
    (TAG, 80, "tag missing"),
    (REPOSITORY, 30, "tag missing"),
    (RETIRED, 60, "tag missing, bitnami"),
    (RETIRED, 45, "tag missing, told moved"),
    (RETIRED, 15, "tag missing, on gcr"),
    (RETIRED, 45, "pull access denied, bitnami"),
    (REPOSITORY, 30, "tag missing, told typo"),
    (BUG, 50, "tag missing, told tool speaks"),
    (DATA, 35, "tag missing, told cleaned"),
    (DATA, 45, "tag missing, op push"),
    (REPOSITORY, 95, "name unknown"),
    (TAG, 15, "name unknown"),
    (DATA, 80, "blob missing"),
    (BUG, 20, "blob missing, op push"),
    (BUG, 45, "blob missing, told version"),
    (DATA, 20, "blob missing, told cleaned"),
    (SETUP, 15, "blob missing, op push"),
    (PROPAGATE, 70, "no digest recorded"),
    (NONE, 45, "no digest recorded"),
    (PROPAGATE, 70, "no such image, swarm"),
    (PROPAGATE, 60, "no such image, !swarm"),
    (TAG, 30, "no such image"),
    (BUG, 35, "tag missing, told other client"),
    (SETUP, 45, "tag missing, at upload"),
    (OUTAGE, 40, "blob missing, auth required"),
    (OUTAGE, 30, "server setup, blob missing, told many"),
    (OUTAGE, 60, "told many, blob missing"),
    (RETIRED, 60, "name unknown, told moved"),
    (RETIRED, 25, "pull access denied, told moved"),
    (RETIRED, 50, "tag missing, old home"),
)

_NETWORK_HINTS = _rules(
    (PROXY, 45, "unreachable, told proxy"),
    (PROXY, 25, "dns, told proxy"),
    (PROXY, 30, "unknown authority, told proxy"),
    (PROXY, 30, "server error, told proxy"),
    (PROXY, 30, "plain http, told proxy"),
    (PROXY, 20, "forbidden, told proxy"),
    (POLICY, 30, "unreachable, told policy"),
    ("dns_failure", 20, "unreachable, told boot"),
    ("cert_expired_or_clock_skew", 60, "refused, told clock"),
    ("plain_http_registry", 20, "unreachable, told http"),
    ("plain_http_registry", 10, "plain http, told http"),
    ("tls_hostname_mismatch", 15, "plain http, told other key"),
    (SETUP, 50, "server error, own registry"),
    (SETUP, 20, "server error, told server"),
    (OUTAGE, 40, "server error, !own registry"),
    (OUTAGE, 45, "server error, told many"),
    (OUTAGE, 45, "unreachable, told many"),
    (SETUP, 30, "server setup, own registry"),
    (SETUP, 25, "tag missing, told server"),
    (SETUP, 20, "unreachable, told server"),
    (OUTAGE, 35, "unreachable, told many"),
)

_MANY = _rules(
    (OUTAGE, 70, "refused, told many"),
    (OUTAGE, 25, "refused, told flaky, !told many"),
    (OUTAGE, 45, "server error, told flaky, !told many"),
    (NETWORK, 15, "unreachable, told flaky"),
    (OUTAGE, 25, "unknown token"),
    (OUTAGE, 35, "denied twice, told no login, told public"),
    (OUTAGE, 30, "unknown token, not sent"),
    (OUTAGE, 20, "refused, told public, told worked before"),
)

# A credential was sent and refused as such.
_DEAD_LOGIN = _rules(
    (STALE, 62, "denied twice, !op push"),
    (DEAD, 50, "denied twice"),
    (STALE, 10, "denied twice, op push"),
    (BAD, 25, "denied twice, op login"),
    (STALE, 60, "oauth refused, !op push"),
    (DEAD, 50, "oauth refused"),
    (BAD, 20, "oauth refused"),
    (ROLE, 30, "oauth refused, !on ghcr, !on hub"),
    (STALE, 60, "wrong password, !op login, !op push"),
    (DEAD, 45, "wrong password"),
    (BAD, 55, "wrong password"),
    (BAD, 20, "wrong password, op login"),
    (DEAD, 55, "unknown token"),
    (STALE, 50, "unknown token, !op push"),
    (STALE, 30, "any 401"),
    (NONE, 35, "any 401"),
    (BAD, 40, "any 401"),
    (DEAD, 30, "any 401"),
    (BAD, 60, "gitlab basic"),
    (DEAD, 50, "gitlab basic"),
    (KIND, 40, "gitlab basic"),
    (READ, 30, "gitlab basic"),
    (SHORT, 100, "token expired"),
    (STALE, 90, "token expired, on ecr public"),
    (STALE, 40, "forbidden, on ecr public"),
    (STALE, 55, "nv denied, on nvcr, !op push"),
    (ROLE, 60, "nv denied, on nvcr"),
    (ROLE, 45, "nv denied, !on nvcr"),
    (BAD, 60, "quay robot"),
    (BAD, 55, "login refused"),
    (DEAD, 45, "login refused"),
    (KIND, 70, "classic only"),
    (KIND, 55, "two-factor"),
    (BAD, 40, "two-factor"),
    ("sso_not_authorized", 110, "sso"),
    (STALE, 60, "bad request, on ecr public"),
)

# The login is accepted; the right is lacking.
_NO_RIGHT = _rules(
    (ROLE, 55, "denied once, on ghcr, !denied twice"),
    (READ, 40, "denied once, on ghcr, !denied twice, !op push"),
    (NONE, 25, "denied once, on ghcr, !denied twice"),
    (ROLE, 30, "denied once, !on ghcr, !denied twice"),
    (NONE, 30, "denied once, !on ghcr, !denied twice"),
    (ROLE, 60, "manifest forbidden, !on ecr public"),
    (STALE, 55, "manifest forbidden, on ecr public"),
    (NONE, 30, "manifest forbidden"),
    (ROLE, 75, "read package"),
    (READ, 55, "read package"),
    (LINK, 25, "read package, told workflow"),
    (LINK, 90, "write package"),
    (ROLE, 55, "write package"),
    (WRITE, 50, "write package"),
    (WRITE, 75, "create package"),
    (WRITE, 100, "installation write"),
    (LINK, 60, "installation write, told has write"),
    (LINK, 85, "installation read"),
    (READ, 60, "integration refused, !op push"),
    (WRITE, 60, "integration refused"),
    (READ, 75, "installation read"),
    (READ, 85, "token scopes, !op push"),
    (WRITE, 70, "token scopes"),
    (WRITE, 40, "token scopes, op push"),
    (WRITE, 110, "hub scopes, op push"),
    (READ, 95, "hub scopes, !op push"),
    (READ, 100, "aws read denied"),
    (WRITE, 100, "aws write denied"),
    (READ, 60, "aws assume denied"),
    (ROLE, 40, "aws no resource policy"),
    (READ, 55, "gar read denied, !op push"),
    (ROLE, 50, "gar read denied"),
    (NONE, 50, "gar read denied, !op push"),
    (REPOSITORY, 25, "gar read denied"),
    (WRITE, 75, "gar write denied"),
    (ROLE, 50, "gar write denied"),
    (NONE, 85, "unauthenticated"),
    (ROLE, 50, "project denied"),
    (NONE, 35, "project denied"),
    (REPOSITORY, 25, "project denied"),
    (WRITE, 40, "project denied, op push"),
    (READ, 20, "project denied, !op push"),
    (KEY, 20, "project denied, op push"),
    (ROLE, 45, "quay denied"),
    (NONE, 45, "quay denied, !op push"),
    (REPOSITORY, 42, "quay denied"),
    (WRITE, 25, "quay denied, op push"),
    (ROLE, 45, "access forbidden"),
    (WRITE, 40, "access forbidden, op push"),
    (NONE, 40, "access forbidden"),
    (READ, 35, "access forbidden"),
    (REPOSITORY, 25, "access forbidden"),
    (ROLE, 40, "package access"),
    (NONE, 45, "package access"),
    (KIND, 30, "package access"),
)

# Denied, without a word on whether anything was sent.
_SILENT = _rules(
    (NONE, 55, "ghcr unauthorized"),
    (REPOSITORY, 40, "ghcr unauthorized"),
    (DEAD, 15, "ghcr unauthorized"),
    (ROLE, 30, "ghcr unauthorized, told login ok"),
    (READ, 20, "ghcr unauthorized, told login ok"),
    (NONE, 65, "anonymous refused"),
    (REPOSITORY, 42, "anonymous refused"),
    (NONE, 65, "no basic auth"),
    (KEY, 45, "no basic auth"),
    (PROPAGATE, 35, "no basic auth"),
    (REPOSITORY, 50, "pull access denied, !sent"),
    (NONE, 47, "pull access denied, !sent"),
    (ROLE, 30, "pull access denied"),
    (ROLE, 25, "pull access denied, sent"),
    (REPOSITORY, 40, "pull access denied, sent"),
    (ROLE, 60, "insufficient scope, op push"),
    (REPOSITORY, 20, "insufficient scope, !op push"),
    (NONE, 15, "insufficient scope, !op push"),
    (ROLE, 50, "requested access denied, op push"),
    (NONE, 35, "requested access denied, op push"),
    (WRITE, 35, "requested access denied, op push"),
    (KEY, 15, "requested access denied, op push"),
    (ROLE, 45, "requested access denied, !op push"),
    (NONE, 45, "requested access denied, !op push"),
    (REPOSITORY, 40, "requested access denied, !op push"),
    (NONE, 50, "auth required"),
    (BAD, 30, "auth required"),
    (ROLE, 15, "auth required"),
    (ROLE, 20, "auth required, on acr"),
    (READ, 25, "auth required, on acr"),
    (DEAD, 25, "auth required"),
    (SETUP, 20, "auth required, own registry"),
    (BAD, 12, "auth required, own registry"),
    (NONE, 45, "unauthorized, !on ghcr"),
    (BAD, 40, "unauthorized, !on ghcr"),
    (DEAD, 30, "unauthorized, !on ghcr"),
    (ROLE, 20, "unauthorized, !on ghcr"),
    (BAD, 25, "unauthorized, sent"),
    (STALE, 30, "unauthorized, !on ghcr, !op push"),
    (ROLE, 35, "unauthorized, at upload"),
    (WRITE, 35, "unauthorized, at upload"),
    (ROLE, 45, "forbidden, !at token"),
    (ROLE, 30, "forbidden, at token"),
    (NONE, 30, "forbidden"),
    (DEAD, 25, "forbidden"),
    (STALE, 55, "forbidden, at token, !op push"),
    (DEAD, 25, "forbidden, at token"),
    (WRITE, 40, "forbidden, op push"),
    (ROLE, 30, "denied"),
    (BUG, 35, "no credentials found, told public"),
    (NONE, 60, "no credentials found"),
    (KEY, 40, "no credentials found"),
    (PROPAGATE, 35, "no credentials found"),
    (STALE, 50, "metadata failed, sent, !refused"),
    (DEAD, 40, "metadata failed, sent, !refused"),
    (NONE, 40, "metadata failed, !sent, !refused, silent text"),
    (REPOSITORY, 38, "metadata failed, !sent, !refused, silent text"),
)

# What is known beside the text decides between the causes that a refusal leaves open.
_TOLD = _rules(
    (STALE, 35, "refused, told public, !not sent, !op push, !op login"),
    (STALE, 25, "refused, told public, told stored, !op push"),
    (STALE, 45, "refused, told anonymous works, !op push"),
    (STALE, 25, "refused, told others can, told public, !op push"),
    (ROLE, 10, "refused, told others can, !told public"),
    (STALE, 30, "refused, official, wrong password"),
    (STALE, -60, "refused, told private, !told public"),
    (STALE, -60, "told no login, !told many"),
    (STALE, -30, "told no login, told many"),
    (STALE, -60, "refused, op login, !at manifest, !at token"),
    (STALE, 45, "refused, told public, told dead, !op push"),
    (ROLE, -40, "refused, told no login"),
    (SETUP, 95, "refused, told partly anonymous"),
    (SETUP, 30, "refused, told partly anonymous, told version"),
    (READ, -25, "refused, told has read"),
    (ROLE, -10, "refused, told has read, !told foreign"),
    (PROPAGATE, 15, "refused, told other process, told has read"),
    (WRITE, 22, "denied and unauthorized"),
    (DEAD, 20, "refused, told private, !no basic auth"),
    (DEAD, 50, "refused, told dead"),
    (DEAD, 15, "refused, told worked before"),
    (DEAD, -25, "refused, told no login"),
    (SHORT, 55, "refused, told short token, told over time"),
    (SHORT, 15, "refused, told short token, told worked before"),
    (SHORT, 20, "refused, told short token, told dead"),
    (BAD, 45, "refused, told wrong pair"),
    (BAD, -30, "refused, told login ok"),
    (KIND, 85, "refused, told wrong kind"),
    (READ, 50, "refused, told lacks read, !op push"),
    (READ, 20, "refused, told lacks read, op push"),
    (WRITE, 45, "refused, told lacks write, op push"),
    (WRITE, 20, "refused, told lacks write, !op push"),
    (ROLE, 45, "refused, told foreign"),
    (ROLE, 15, "refused, told login ok, !no basic auth"),
    (ROLE, 25, "refused, told other works, !told no login"),
    (REPOSITORY, 30, "pull access denied, told other works, !told login ok"),
    (PROPAGATE, 35, "auth required, told login ok"),
    (KEY, 30, "auth required, told login ok"),
    (LINK, 40, "forbidden, on ghcr, told workflow, op push"),
    (LINK, 35, "refused, on ghcr, told workflow, told linked by hand"),
    (LINK, 30, "refused, on ghcr, told workflow, told has write"),
    (LINK, 20, "refused, on ghcr, told workflow, told private, !op push"),
    (WRITE, 20, "refused, on ghcr, told workflow, op push, !told has write"),
    ("sso_not_authorized", 100, "refused, told sso"),
    (NONE, 40, "refused, told no login"),
    (NONE, 20, "refused, told private, !told login ok"),
    (NONE, -20, "refused, told login ok"),
    (KEY, 40, "refused, told other key, told login ok"),
    (KEY, 30, "no basic auth, told other key"),
    (KEY, 20, "refused, told other key"),
    (KEY, 55, "refused, told login elsewhere"),
    (REPOSITORY, -25, "refused, told private, !told typo"),
    (KEY, 15, "no basic auth, told login ok, !told other process"),
    (PROPAGATE, 25, "no basic auth, told login ok"),
    (PROPAGATE, 30, "refused, told other process"),
    (PROPAGATE, 35, "refused, told other process, told login ok"),
    (PROPAGATE, 40, "refused, told works by hand"),
    (PROPAGATE, 25, "refused, told entered, told other process"),
    (PROPAGATE, 25, "refused, swarm"),
    (PULL_SECRET, 60, "refused, told pull secret, told secret wrong"),
    (PULL_SECRET, 25, "refused, told pull secret"),
    (HELPER_MISSING, 50, "no basic auth, told helper, told helper absent"),
    (HELPER_MISSING, 25, "no basic auth, told helper"),
    (HELPER_FAILED, 25, "no basic auth, told helper"),
    ("config_json_corrupt", 75, "refused, told config broken"),
    (REPOSITORY, 40, "refused, told typo"),
    (REPOSITORY, 15, "refused, told public"),
    (QUOTA, 95, "refused, told quota"),
    (POLICY, 65, "refused, told policy"),
    (SETUP, 55, "refused, told server"),
    (SETUP, 20, "refused, told server, own registry"),
    (SETUP, 30, "refused, told server, told login ok"),
    (BUG, 25, "refused, told version"),
    (BUG, 55, "refused, told other client"),
    (READ, 65, "refused, told narrow token, told other client"),
    (BUG, -30, "refused, told narrow token"),
    (READ, 20, "refused, told narrow token, !op push"),
    ("cert_expired_or_clock_skew", 50, "refused, told jwt"),
    (SETUP, 45, "login refused, own registry, told login ok"),
    (SHORT, 40, "refused, on ecr, told over time"),
    (SHORT, 30, "refused, on gar, told over time"),
    (SHORT, 30, "refused, on acr, told over time"),
    (SHORT, 45, "refused, told long push, op push"),
    (STALE, 30, "pull access denied, told public, told stored"),
    (NONE, -45, "refused, told public, !told private"),
    (BUG, 55, "refused, told tool speaks"),
    (RETIRED, 40, "refused, told moved"),
    (REFERENCE, 40, "refused, told reference"),
    ("rate_limited", 30, "refused, told throttled"),
)

# Nothing in the text says why, but somebody told.
_TOLD_ONLY = _rules(
    (READ, 40, "silent text, told lacks read"),
    (WRITE, 35, "silent text, told lacks write"),
    (KIND, 40, "silent text, told wrong kind"),
    (DEAD, 40, "silent text, told dead"),
    (BUG, 30, "silent text, told tool speaks"),
    (BUG, 30, "silent text, told other client, told images"),
    (SETUP, 35, "silent text, told server, told images"),
)

RULES = _OUTRIGHT + _NOT_FOUND + _NETWORK_HINTS + _MANY + _DEAD_LOGIN + _NO_RIGHT + _SILENT + _TOLD + _TOLD_ONLY
