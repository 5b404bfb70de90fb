"""A proof: what was tried for one image, link by link, and whether it may be pulled or pushed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from seaway.core.finding import Finding
from seaway.core.image import ImageRef, parse_image

Verdict = Literal["ok", "degraded", "broken"]


@dataclass(frozen=True)
class Link:
    """One step of the chain. `ok` is None when the step was not needed or not reached."""

    name: str
    ok: bool | None
    ms: float = 0.0
    evidence: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, "ms": round(self.ms, 1), "evidence": list(self.evidence)}


@dataclass(frozen=True)
class Proof:
    """What a probe learned. Nothing in here is secret, so it may be journaled and shown.

    `allowed` says whether what was asked for (the pull, or the push) may be done now. `credential` is the name of
    the one that worked, None when it went without; `refused` the name of one that the registry would not take,
    which can be so although the image is allowed. `finding` explains a refusal, or the flaw of a success.
    `expires_at` is what the issuer of the credential says, if it was asked.
    """

    image: ImageRef
    allowed: bool
    digest: str | None = None
    platforms: tuple[str, ...] = ()
    credential: str | None = None
    refused: str | None = None
    links: tuple[Link, ...] = field(default=())
    finding: Finding | None = None
    expires_at: datetime | None = None

    @property
    def ok(self) -> bool:
        return self.allowed

    @property
    def verdict(self) -> Verdict:
        if not self.allowed:
            return "broken"
        return "degraded" if self.finding else "ok"

    @property
    def pinned(self) -> ImageRef | None:
        """The image by the digest that was seen; what is pulled must be what was proved."""
        return self.image.pinned_to(self.digest) if self.digest else None

    def as_json(self) -> dict[str, Any]:
        return {
            "image": str(self.image),
            "allowed": self.allowed,
            "digest": self.digest,
            "platforms": list(self.platforms),
            "credential": self.credential,
            "refused": self.refused,
            "links": [link.as_json() for link in self.links],
            "finding": self.finding.as_json() if self.finding else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Proof":
        links = tuple(Link(each["name"], each["ok"], each["ms"], tuple(each["evidence"])) for each in data["links"])
        finding = Finding.from_json(data["finding"]) if data["finding"] else None
        return Proof(
            parse_image(data["image"]),
            data["allowed"],
            data["digest"],
            tuple(data["platforms"]),
            data["credential"],
            data["refused"],
            links,
            finding,
        )
