"""From what the probes saw to one cause out of the closed list, or none.

Decided from structured answers, never from a client's text. The order matters: what stopped the request comes before
what the registry said, what the registry itself suffers from before what the credential lacks, and what the issuer
knows before what statuses suggest.
"""

from seaway.core.advice import advise, title_of
from seaway.core.credential import TokenKind
from seaway.core.fault import Fault
from seaway.core.finding import Finding
from seaway.core.observed import Answered, Broken, Observed, Tried
from seaway.core.registry_kind import RegistryKind

TOLERATED_SKEW_S = 300.0

CAUSE_OF_FAULT = {
    Fault.ADDRESS: "registry_misconfigured",
    Fault.DNS: "dns_failure",
    Fault.REFUSED: "network_timeout",
    Fault.TIMEOUT: "network_timeout",
    Fault.BROKEN: "network_timeout",
    Fault.TLS_UNKNOWN_AUTHORITY: "tls_unknown_authority",
    Fault.TLS_HOSTNAME: "tls_hostname_mismatch",
    Fault.TLS_DATES: "cert_expired_or_clock_skew",
    Fault.TLS_OTHER: "registry_misconfigured",
    Fault.PLAIN_HTTP: "plain_http_registry",
    Fault.PROXY: "proxy_misconfigured",
    Fault.FORBIDDEN: "policy_denied",
    Fault.TOO_LARGE: "registry_misconfigured",
    Fault.TOO_MANY_REDIRECTS: "registry_misconfigured",
    Fault.UNSAFE_REALM: "registry_misconfigured",
}


def decide(seen: Observed, kind: RegistryKind) -> Finding | None:
    """The finding, or None when all is well."""
    cause = cause_of(seen, kind)
    if cause is None:
        return None
    advice = kind.advice(cause, seen) or advise(cause, seen)
    return Finding(cause, title_of(cause, seen, kind.title), evidence_of(seen), advice.remedy, advice.commands)


def cause_of(seen: Observed, kind: RegistryKind) -> str | None:
    if seen.winner is not None:
        return _flaw(seen)
    return (
        _stopped(seen)
        or _registry_trouble(seen)
        or _mistyped(seen)
        or _issuer_verdict(seen)
        or kind.cause(seen)
        or _missing(seen)
        or (_push_refused(seen) if seen.push else _pull_refused(seen))
    )


def _flaw(seen: Observed) -> str | None:
    """What is wrong although it works."""
    tried = seen.with_credential
    if not seen.push and tried is not None and not tried.pulls and seen.winner is seen.anonymous:
        # A credential that was not answered for some other reason is not blamed.
        other = None if tried.refused else _mistyped(seen) or _stopped(seen) or _registry_trouble(seen)
        return other if other not in (None, "bad_credentials") else "stale_credential_blocks_public"
    if seen.image.digest and seen.winner and seen.winner.digest not in (None, seen.image.digest):
        return "digest_mismatch"
    if seen.wanted_platform and seen.platforms and seen.wanted_platform not in seen.platforms:
        return "platform_mismatch"
    if seen.clock_skew_s is not None and abs(seen.clock_skew_s) > TOLERATED_SKEW_S:
        return "cert_expired_or_clock_skew"
    return None


def blocks(cause: str | None) -> bool:
    """True for the flaws of an image that may be had and still must not be used."""
    return cause in ("platform_mismatch", "digest_mismatch")


def broken_of(seen: Observed) -> Broken | None:
    return seen.broken or next((tried.broken for tried in seen.attempts if tried.broken is not None), None)


def _stopped(seen: Observed) -> str | None:
    broken = broken_of(seen)
    if broken is not None:
        return CAUSE_OF_FAULT[broken.fault]
    if any(tried.unsafe_realm is not None or tried.challenge_missing for tried in seen.attempts):
        return "registry_misconfigured"
    return None


def _registry_trouble(seen: Observed) -> str | None:
    """Answers that say nothing about the credential, whoever asks."""
    for answer in seen.answers:
        if answer.status == 429 or answer.says("toomanyrequests"):
            return "rate_limited"
        if answer.status == 407:
            return "proxy_misconfigured"
        if answer.status in (408, 500, 502, 503, 504):
            return "registry_outage"
        if answer.status == 403 and (answer.html or answer.says("client with ip")):
            return "policy_denied"
        if answer.says("quota", "limit is ", "upper limit"):
            return "quota_or_billing"
        if answer.status in (404, 405) and answer.html:
            return "registry_misconfigured"
        if answer.status in (400, 404) and answer.says("NAME_INVALID", "TAG_INVALID"):
            return "invalid_reference"
        if answer.status == 413:
            return "registry_misconfigured"
    return None


def _mistyped(seen: Observed) -> str | None:
    return "bad_credentials" if seen.credential is not None and seen.credential.mistyped else None


def _issuer_verdict(seen: Observed) -> str | None:
    issuer, shown = seen.issuer, seen.credential
    if issuer is None or shown is None:
        return None
    if issuer.sso_url is not None:
        return "sso_not_authorized"
    if issuer.alive is False:
        return dead(seen)
    if issuer.alive and issuer.scopes is not None:
        if seen.push and "write:packages" not in issuer.scopes:
            return "missing_scope_write"
        if not issuer.scopes & {"read:packages", "write:packages"}:
            return "missing_scope_read"
    return None


def dead(seen: Observed) -> str:
    """A credential that is no good any more, by its kind."""
    shown = seen.credential
    return "short_lived_token_expired" if shown and shown.kind.is_short_lived else "credential_expired_or_revoked"


def _missing(seen: Observed) -> str | None:
    """The registry says plainly that it is not there. For a push only the repository counts."""
    for tried in seen.attempts:
        answer = tried.upload if seen.push else tried.manifest
        if answer is None or answer.status != 404:
            continue
        if answer.says("NAME_UNKNOWN") or seen.repository_missing or seen.push:
            return "repository_not_found"
        return "tag_not_found"
    return None


def _pull_refused(seen: Observed) -> str:
    tried = seen.with_credential
    if tried is None:
        return _nothing_sent(seen)
    if not tried.refused:
        return _odd(tried.last)
    return _login_refused(seen) if tried.login_refused else "no_role_on_repo"


def _push_refused(seen: Observed) -> str:
    tried = seen.with_credential or seen.anonymous
    if seen.with_credential is None or tried is None:
        return _nothing_sent(seen)
    if not tried.refused:
        return "policy_denied" if _is_read_only(tried) else _odd(tried.last)
    reads = tried.read_only or tried.manifest
    if reads is not None and (reads.ok or reads.status == 404):
        return "missing_scope_write"
    return _login_refused(seen) if tried.login_refused else "no_role_on_repo"


def _is_read_only(tried: Tried) -> bool:
    return tried.upload is not None and (tried.upload.status == 405 or tried.upload.says("UNSUPPORTED", "read-only"))


def _nothing_sent(seen: Observed) -> str:
    tried = seen.anonymous
    if tried is not None and not tried.refused:
        return _odd(tried.last)
    return "credential_wrong_key" if seen.near_keys else "no_credential_sent"


def _login_refused(seen: Observed) -> str:
    """Refused at the door. What was a token once was good once; a password may have been wrong from the start."""
    shown = seen.credential
    if shown is None:
        return "no_credential_sent"
    was_due = shown.expires_at is not None and seen.now is not None and shown.expires_at <= seen.now
    if shown.kind.is_short_lived or was_due or shown.kind is not TokenKind.PASSWORD:
        return dead(seen)
    return "bad_credentials"


def _odd(answer: Answered | None) -> str:
    """Neither allowed nor refused: an answer outside of the protocol."""
    if answer is not None and answer.status in (406, 415):
        return "manifest_format_unsupported"
    return "registry_misconfigured"


def evidence_of(seen: Observed) -> tuple[str, ...]:
    """The lines that a person needs to believe the cause, in the order in which they were seen."""
    lines: list[str] = []
    broken = broken_of(seen)
    if broken is not None:
        lines.append(f"{broken.host}: {broken.detail or broken.fault.value}")
    if seen.ping is not None and not seen.ping.ok and seen.ping.status != 401:
        lines.append(seen.ping.line())
    for tried in seen.attempts:
        lines += attempt_lines(seen, tried)
    if seen.issuer is not None and seen.issuer.answer is not None:
        lines.append(seen.issuer.answer.line() + (f", scopes: {_scopes(seen)}" if seen.issuer.alive else ""))
    if seen.wanted_platform and seen.wanted_platform not in seen.platforms and seen.platforms:
        lines.append(f"the image is for {', '.join(seen.platforms)}; wanted is {seen.wanted_platform}")
    if seen.clock_skew_s is not None and abs(seen.clock_skew_s) > TOLERATED_SKEW_S:
        ahead = "ahead of" if seen.clock_skew_s > 0 else "behind"
        lines.append(f"this machine's clock is {abs(seen.clock_skew_s):.0f} s {ahead} the registry's")
    lines += [f"a login is kept under {key}" for key in seen.near_keys]
    return tuple(lines)


def attempt_lines(seen: Observed, tried: Tried) -> list[str]:
    who = f"with {seen.credential}" if tried.credential is not None and seen.credential else "without a credential"
    answers = [each for each in (tried.token, tried.manifest, tried.upload, tried.read_only) if each is not None]
    lines = [f"{who}: {answer.line()}" for answer in answers]
    if tried.unsafe_realm is not None:
        lines.append(f"{who}: nothing was sent to {tried.unsafe_realm[0]}: {tried.unsafe_realm[1]}")
    if tried.challenge_missing:
        lines.append(f"{who}: the registry wants a login and names none that it takes")
    return lines


def _scopes(seen: Observed) -> str:
    scopes = seen.issuer.scopes if seen.issuer is not None else None
    return "not told" if scopes is None else ", ".join(sorted(scopes)) or "none"
