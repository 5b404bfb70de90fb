"""Where the code of a deployment comes from."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from seaway.core.errors import Invalid
from seaway.core.image import ImageRef, parse_image

MAX_UPLOAD_BYTES = 512 * 1024**2
MAX_UPLOAD_FILES = 100_000

_SCP_LIKE = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^/\s].*\Z")


class InvalidSource(Invalid):
    code = "source.invalid"


@dataclass(frozen=True)
class FolderSource:
    """A folder that was sent to us; `digest` names the unpacked tree."""

    digest: str


@dataclass(frozen=True)
class GitSource:
    url: str
    ref: str | None = None


@dataclass(frozen=True)
class ImageSource:
    image: ImageRef


@dataclass(frozen=True)
class ReleaseSource:
    """A release that is already here: for rollback, restart and start. Needs no registry, git or build."""

    release: int


Source = FolderSource | GitSource | ImageSource | ReleaseSource


def looks_like_git(text: str) -> bool:
    return urlsplit(text).scheme in ("https", "http", "git", "ssh") or bool(_SCP_LIKE.match(text))


def check_git_url(url: str) -> str:
    """A URL that git may be given: no secret in it, no transport that runs commands, no local path."""
    parts = urlsplit(url)
    if parts.password or (parts.username and parts.scheme in ("https", "http")):
        raise InvalidSource(
            "The git URL holds a user name or password.",
            remedy="Leave it out: URLs end up in logs. Store the token as a credential instead.",
        )
    if not looks_like_git(url) or url.startswith("-"):
        raise InvalidSource(f"{url!r} is not a git URL.", remedy="Write https://host/owner/repository.git.")
    return url


def source_as_json(source: Source) -> dict[str, Any]:
    match source:
        case FolderSource(digest):
            return {"kind": "folder", "digest": digest}
        case GitSource(url, ref):
            return {"kind": "git", "url": url, "ref": ref}
        case ImageSource(image):
            return {"kind": "image", "image": str(image)}
        case ReleaseSource(release):
            return {"kind": "release", "release": release}


def source_from_json(data: dict[str, Any]) -> Source:
    match data:
        case {"kind": "folder", "digest": str(digest)}:
            return FolderSource(digest)
        case {"kind": "git", "url": str(url)}:
            return GitSource(check_git_url(url), data.get("ref"))
        case {"kind": "image", "image": str(image)}:
            return ImageSource(parse_image(image))
        case {"kind": "release", "release": int(release)}:
            return ReleaseSource(release)
    raise InvalidSource("The source is of no known kind.", remedy="Send a folder, a git URL or an image.")


def describe(source: Source) -> str:
    match source:
        case FolderSource(digest):
            return f"folder {digest.removeprefix('sha256:')[:12]}"
        case GitSource(url, ref):
            return f"{url} {ref}" if ref else url
        case ImageSource(image):
            return str(image)
        case ReleaseSource(release):
            return f"release {release}"
