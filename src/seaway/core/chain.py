"""From what was seen to the picture of the chain, link by link, and the proof."""

from collections.abc import Iterable

from seaway.core.fault import Fault
from seaway.core.observed import Answered, Broken, Connection, Observed, Tried
from seaway.core.proof import Link, Proof
from seaway.core.registry_kind import RegistryKind
from seaway.core.verdict import TOLERATED_SKEW_S, attempt_lines, blocks, broken_of, decide

_TLS_FAULTS = frozenset({Fault.TLS_UNKNOWN_AUTHORITY, Fault.TLS_HOSTNAME, Fault.TLS_DATES, Fault.TLS_OTHER})
_TLS_LINK = _TLS_FAULTS | {Fault.PLAIN_HTTP}


def conclude(seen: Observed, kind: RegistryKind) -> Proof:
    """The proof: allowed when somebody got through and nothing else stands in the way."""
    finding = decide(seen, kind)
    winner = seen.winner
    allowed = winner is not None and not blocks(finding.cause if finding else None)
    tried = seen.with_credential
    refused = tried.credential if tried is not None and winner is not tried and _was_refused(seen, tried) else None
    return Proof(
        image=seen.image,
        allowed=allowed,
        digest=winner.digest if winner is not None else None,
        platforms=seen.platforms,
        credential=winner.credential if winner is not None else None,
        refused=refused,
        links=links_of(seen),
        finding=finding,
        expires_at=seen.issuer.expires_at if seen.issuer is not None else None,
    )


def conclude_login(seen: Observed, kind: RegistryKind) -> Proof:
    """Of a login alone. Alive is what the registry, and its issuer if there is one, did not refuse; whether a registry
    that asks nobody for a login would take this one, it does not tell."""
    tried = seen.with_credential
    issuer_refuses = seen.issuer is not None and seen.issuer.alive is False
    taken = tried is not None and tried.last is not None and tried.last.ok and not issuer_refuses
    cannot_tell = tried is not None and tried.last is None and seen.ping is not None and seen.ping.ok
    mistyped = seen.credential is not None and seen.credential.mistyped
    finding = None if taken or (cannot_tell and not mistyped) else decide(seen, kind)
    name = seen.credential.name if seen.credential is not None else None
    return Proof(
        image=seen.image,
        allowed=finding is None,
        credential=name if taken else None,
        refused=name if tried is not None and _was_refused(seen, tried) else None,
        links=tuple(link for link in links_of(seen) if link.name not in ("manifest", "digest")),
        finding=finding,
        expires_at=seen.issuer.expires_at if seen.issuer is not None else None,
    )


def _was_refused(seen: Observed, tried: Tried) -> bool:
    return tried.refused or (seen.credential is not None and seen.credential.mistyped)


def links_of(seen: Observed) -> tuple[Link, ...]:
    """Every link in the order of the chain; those that were not reached have `ok` None."""
    steps = (
        _reference(seen),
        *_connection(seen),
        _challenge(seen),
        _credential(seen),
        _token(seen),
        _manifest(seen),
        _digest(seen),
        *_extras(seen),
    )
    return tuple(steps)


def _reference(seen: Observed) -> Link:
    return Link("reference", True, 0.0, (str(seen.image), f"registry API at {seen.image.api_host}"))


def _connection(seen: Observed) -> tuple[Link, Link, Link]:
    way, broken = seen.connection, _registry_break(seen)
    if way is None:
        way = Connection(url=f"https://{seen.image.api_host}")
    dns_ok = None if not way.addresses and broken is None else bool(way.addresses)
    tcp_ok = None if not dns_ok else way.address is not None
    dns = Link("dns", dns_ok, way.dns_ms or 0.0, way.addresses or _said(broken, not dns_ok))
    tcp = Link("tcp", tcp_ok, way.tcp_ms or 0.0, (way.address,) if way.address else _said(broken, tcp_ok is False))
    return dns, tcp, _tls(way, broken)


def _tls(way: Connection, broken: Broken | None) -> Link:
    if broken is not None and broken.fault in _TLS_LINK:
        return Link("tls", False, 0.0, (broken.detail or broken.fault.value,))
    if way.url.startswith("http://"):
        return Link("tls", None, 0.0, ("plain http, as allowed for this host",))
    if way.tls_version is None:
        return Link("tls", None)
    lines = [way.tls_version]
    if way.certificate_until is not None:
        lines.append(f"certificate valid until {way.certificate_until:%Y-%m-%d}")
    if way.certificate_issuer:
        lines.append(f"issued by {way.certificate_issuer}")
    return Link("tls", True, way.tls_ms or 0.0, tuple(lines))


def _challenge(seen: Observed) -> Link:
    if seen.ping is None:
        return Link("challenge", None)
    skew = seen.clock_skew_s
    lines = [seen.ping.line(), f"logins taken: {', '.join(seen.schemes)}" if seen.schemes else "asks for no login"]
    if skew is not None and abs(skew) > TOLERATED_SKEW_S:
        lines.append(f"clocks differ by {abs(skew):.0f} s")
    return Link("challenge", seen.ping.ok or seen.ping.status == 401, seen.ping.ms, tuple(lines))


def _credential(seen: Observed) -> Link:
    shown, tried = seen.credential, seen.with_credential
    if shown is None:
        return Link("credential", None, 0.0, ("none: asked as anybody",))
    lines = [str(shown)]
    if shown.mistyped:
        lines.append("its checksum is wrong, so it was not sent")
    if shown.expires_at is not None:
        lines.append(f"expires {shown.expires_at:%Y-%m-%d}")
    issuer = seen.issuer
    if issuer is not None and issuer.answer is not None:
        lines.append(issuer.answer.line())
        if issuer.alive and issuer.scopes is not None:
            lines.append(f"scopes: {', '.join(sorted(issuer.scopes)) or 'none'}")
        if issuer.expires_at is not None:
            lines.append(f"{issuer.name} says it expires {issuer.expires_at:%Y-%m-%d}")
        elif issuer.never_expires:
            lines.append(f"{issuer.name} says it never expires")
    taken = None if tried is None or (tried.last is None and not shown.mistyped) else not _was_refused(seen, tried)
    return Link("credential", taken, issuer_ms(seen), tuple(lines))


def issuer_ms(seen: Observed) -> float:
    return seen.issuer.answer.ms if seen.issuer is not None and seen.issuer.answer is not None else 0.0


def _token(seen: Observed) -> Link:
    asked = [tried for tried in seen.attempts if tried.token is not None]
    if not asked:
        unsafe = [line for tried in seen.attempts if tried.unsafe_realm for line in attempt_lines(seen, tried)]
        broken = broken_of(seen)
        at_token = broken is not None and broken.at == "token"
        failed = bool(unsafe) or at_token
        return Link("token", False if failed else None, 0.0, tuple(unsafe) or _said(broken, at_token))
    deciding = _deciding(seen, asked)
    lines = [f"{_as_whom(seen, tried)}: {_told(tried.token)}" for tried in asked]
    return Link("token", deciding.token is not None and deciding.token.ok, _ms(t.token for t in asked), tuple(lines))


def _manifest(seen: Observed) -> Link:
    asked = [tried for tried in seen.attempts if tried.manifest is not None]
    if not asked:
        return Link("manifest", None)
    deciding = _deciding(seen, asked)
    lines = [f"{_as_whom(seen, tried)}: {_told(tried.manifest)}" for tried in asked]
    there = deciding.manifest is not None and deciding.manifest.ok
    # A push may well make a repository or tag that is not there yet.
    ok = there or (None if seen.push and deciding.manifest is not None and deciding.manifest.status == 404 else False)
    return Link("manifest", ok, _ms(t.manifest for t in asked), tuple(lines))


def _digest(seen: Observed) -> Link:
    winner = seen.winner
    if winner is None or not winner.pulls:
        return Link("digest", None)
    if winner.digest is None:
        return Link("digest", False, 0.0, ("the registry does not tell the digest",))
    return Link("digest", True, 0.0, (winner.digest,))


def _extras(seen: Observed) -> list[Link]:
    links = []
    if seen.platforms:
        ok = seen.wanted_platform in seen.platforms if seen.wanted_platform else True
        links.append(Link("platform", ok, seen.platforms_ms, (", ".join(seen.platforms),)))
    if seen.push:
        tried = seen.with_credential or seen.anonymous
        upload = tried.upload if tried is not None else None
        evidence = (upload.line(),) if upload is not None else ()
        links.append(Link("push", upload.ok if upload else None, upload.ms if upload else 0.0, evidence))
    return links


def _deciding(seen: Observed, asked: list[Tried]) -> Tried:
    return next((tried for tried in asked if tried is seen.winner), asked[0])


def _as_whom(seen: Observed, tried: Tried) -> str:
    if tried.credential is None:
        return "without a credential"
    return f"as {seen.credential.username}" if seen.credential else f"with {tried.credential}"


def _told(answer: Answered | None) -> str:
    if answer is None:
        return "not asked"
    return "; ".join((answer.line(), *answer.notes))


def _ms(answers: Iterable[Answered | None]) -> float:
    return sum(answer.ms for answer in answers if answer is not None)


def _registry_break(seen: Observed) -> Broken | None:
    return seen.broken if seen.broken is not None and seen.broken.at == "registry" else None


def _said(broken: Broken | None, applies: bool) -> tuple[str, ...]:
    return (f"{broken.host}: {broken.detail or broken.fault.value}",) if broken is not None and applies else ()
