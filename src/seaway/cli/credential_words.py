"""How credentials read on a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from seaway.cli.show import ago, clean, facts, finding_lines, painted, table
from seaway.core.finding import Finding

Json = Mapping[str, Any]

_STATES = {
    "proved": ("✓", "green"),
    "unproved": ("?", "yellow"),
    "expired": ("✕", "red"),
    "refused": ("✕", "red"),
}
_VERDICTS = {"ok": ("✓", "green"), "degraded": ("▲", "yellow"), "broken": ("✕", "red")}


def rows(credentials: Sequence[Json], *, colour: bool, now: datetime | None = None) -> Iterator[str]:
    moment = now or datetime.now(UTC)
    found = [
        (
            each["name"],
            each["kind"],
            each["username"] + (f" ({each['owner']})" if each["owner"] else ""),
            life(each, moment),
            _last_proof(each, moment, colour),
            ", ".join(each["apps"]) or "–",
        )
        for each in credentials
    ]
    return table(("FOR", "KIND", "USER", "LIFE", "LAST PROOF", "USED BY"), found)


def life(credential: Json, now: datetime) -> str:
    if not credential["expires_at"]:
        return "no end known"
    days = (datetime.fromisoformat(credential["expires_at"]) - now).days
    return f"{days} d left" if days >= 0 else f"ended {-days} d ago"


def _last_proof(credential: Json, now: datetime, colour: bool) -> str:
    mark, paint = _STATES.get(credential["state"], ("?", "white"))
    when = credential["last_refused_at"] if credential["state"] == "refused" else credential["last_proved_at"]
    return painted(f"{mark} {credential['state']} {ago(when, now)}".rstrip(), paint, colour)


def shown(credential: Json, *, colour: bool) -> Iterator[str]:
    now = datetime.now(UTC)
    yield f"{credential['name']}  {_last_proof(credential, now, colour)}"
    if credential["finding"] is not None:
        yield from finding_lines(Finding.from_json(credential["finding"]), colour=colour)
    yield from facts(
        [
            ("for", credential["prefix"]),
            ("purpose", credential["purpose"]),
            ("user", credential["username"]),
            ("kind", credential["kind"]),
            ("owner", credential["owner"]),
            ("only for", credential["app"] or ""),
            ("life", life(credential, now)),
            ("used", ago(credential["last_used_at"], now)),
            ("proved", ago(credential["last_proved_at"], now)),
            ("kept since", ago(credential["created_at"], now)),
            ("undo until", credential["undo_until"] or ""),
            ("apps", ", ".join(credential["apps"])),
            ("images", "  ".join(credential["images"])),
        ]
    )


def proved(answer: Json, deed: str, *, colour: bool) -> Iterator[str]:
    """A credential after it was tried: what became of it, then every try."""
    now = datetime.now(UTC)
    yield f"{answer['name']} {deed}.  {_last_proof(answer, now, colour)}"
    for proof in answer["proofs"]:
        mark, paint = _VERDICTS.get(proof["verdict"], ("?", "white"))
        yield f"  {painted(mark, paint, colour)} {clean(proof['image'])}{_how(proof)}"
        for finding in proof["findings"]:
            yield from (f"    {line}" for line in finding_lines(Finding.from_json(finding), colour=colour))
    if answer["apps"]:
        yield f"  used by {', '.join(answer['apps'])}"


def _how(proof: Json) -> str:
    if proof["verdict"] == "broken":
        return ""
    if proof["image"].endswith("*"):
        return "  the login is alive" if proof["credential"] else "  the registry asks nobody for a login"
    return "" if proof["credential"] else "  without a login"


def imported(entries: Sequence[Json], *, colour: bool) -> Iterator[str]:
    """Each entry of a docker configuration, and whether it is alive."""
    for each in entries:
        word, paint = {True: ("✓ alive", "green"), False: ("✕ dead", "red")}.get(each["alive"], ("? unknown", "yellow"))
        kept = f"kept as {each['name']}" if each["name"] else "kept before" if each["exists"] else "not kept"
        yield f"{painted(word, paint, colour)}  {each['prefix']}  {each['username']}  {each['kind']}  {kept}"
        if each["finding"] is not None:
            finding = Finding.from_json(each["finding"])
            yield from (f"    {clean(line)}" for line in (finding.title, *finding.evidence))
