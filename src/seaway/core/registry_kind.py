"""What a registry plug-in is: one kind of registry, its way of saying no, and what helps there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from seaway.core.observed import Observed


@dataclass(frozen=True)
class Advice:
    """What to do, in a sentence or two, and commands that can be pasted."""

    remedy: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sign:
    """What a registry is known by: its host as images name it (`docker.io`, `host:5000`) and, when it was reached,
    where it sends logins and under which service name: the only sign of a self-hosted product."""

    host: str
    realm: str = ""
    service: str = ""

    @property
    def realm_path(self) -> str:
        return self.realm.partition("?")[0].rstrip("/")


class RegistryKind(Protocol):
    name: str
    title: str

    def matches(self, sign: Sign) -> bool: ...

    def cause(self, seen: Observed) -> str | None:
        """The cause when this kind's own way of saying no settles it, else None."""

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        """What helps with this cause here; None when the general advice is as good."""


class Unknown:
    """A registry of which nothing special is known."""

    name = "generic"
    title = "registry"

    def matches(self, sign: Sign) -> bool:
        return True

    def cause(self, seen: Observed) -> str | None:
        return None

    def advice(self, cause: str, seen: Observed) -> Advice | None:
        return None


def kind_of(sign: Sign, kinds: Sequence[RegistryKind]) -> RegistryKind:
    """The first that claims the sign; `generic` is asked last whatever its place."""
    special = [kind for kind in kinds if kind.name != "generic"]
    general = [kind for kind in kinds if kind.name == "generic"]
    return next((kind for kind in (*special, *general) if kind.matches(sign)), Unknown())
