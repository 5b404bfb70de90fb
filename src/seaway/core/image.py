"""Names of images, as the OCI distribution specification and Docker's shorthand write them."""

import re
from dataclasses import dataclass, replace

from seaway.core.errors import Invalid

DOCKER_HUB = "docker.io"
DOCKER_HUB_API = "registry-1.docker.io"
# What older clients and people call Docker Hub; all of them mean one registry.
_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", DOCKER_HUB_API, "registry.hub.docker.com"})

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")
_LONGEST_NAME = 255
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?\Z")


class InvalidReference(Invalid):
    """The text is not an image name."""

    code = "invalid_reference"


@dataclass(frozen=True)
class ImageRef:
    """`registry/repository:tag@digest`; the registry is always written out, Docker Hub as `docker.io`."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def api_host(self) -> str:
        """The host that speaks the registry API for this image."""
        return DOCKER_HUB_API if self.registry == DOCKER_HUB else self.registry

    @property
    def name(self) -> str:
        """What credentials are matched against: `registry/repository`."""
        return f"{self.registry}/{self.repository}"

    @property
    def reference(self) -> str:
        """What the manifest is asked by: the digest if there is one, else the tag."""
        return self.digest or self.tag or "latest"

    def pinned_to(self, digest: str) -> "ImageRef":
        return replace(self, tag=None, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse_image(text: str) -> ImageRef:
    """Read an image name with Docker's rules: a first part with `.` or `:`, or `localhost`, is a host.

    One rule less than Docker's: it also takes `Acme` of `Acme/web` for a host, where a namespace was meant.
    Raises InvalidReference with the reason and, for upper case, the name that was probably meant.
    """
    rest, at, digest = text.partition("@")
    first, slash, remainder = rest.partition("/")
    has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    registry, path = (first, remainder) if has_host else (DOCKER_HUB, rest)
    repository, tag = _split_tag(path)
    _check(text, registry, repository, tag, digest if at else None)
    registry = canonical_registry(registry)
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return ImageRef(registry, repository, tag if tag or digest else "latest", digest or None)


def canonical_registry(host: str) -> str:
    """The one name under which a registry is known: lower case, `docker.io` for all that Docker Hub is called."""
    lower = host.lower()
    return DOCKER_HUB if lower in _HUB_NAMES else lower


def _split_tag(path: str) -> tuple[str, str | None]:
    head, colon, tail = path.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (path, None)


def _check(text: str, registry: str, repository: str, tag: str | None, digest: str | None) -> None:
    if not _HOST.match(registry):
        raise _invalid(text, f"{registry!r} is not a registry host", "Write host[:port]/name[:tag], without a scheme.")
    if not repository:
        raise _invalid(text, "the name is empty", "Write host/owner/name:tag.")
    if not _REPOSITORY.match(repository):
        lower = repository.lower()
        if _REPOSITORY.match(lower):
            meant = lower.join(text.rsplit(repository, 1))
            raise _invalid(text, "a repository name is lower case", f"Write {meant}.")
        raise _invalid(text, f"{repository!r} is not a repository name", "Use a-z, 0-9 and . _ - between slashes.")
    if len(registry) + len(repository) > _LONGEST_NAME:
        raise _invalid(text, f"it is longer than {_LONGEST_NAME} characters", "Use a shorter name.")
    if tag is not None and not _TAG.match(tag):
        raise _invalid(text, f"{tag!r} is not a tag", "A tag has 1 to 128 of A-Z a-z 0-9 _ . - and no leading . or -.")
    if digest is not None and not _DIGEST.match(digest):
        raise _invalid(text, f"{digest!r} is not a digest", "Write @sha256: and 64 hexadecimal digits in lower case.")


def _invalid(text: str, why: str, remedy: str) -> InvalidReference:
    return InvalidReference(f"{text!r} is not an image name: {why}.", remedy=remedy)
