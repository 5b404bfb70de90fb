"""What is known about a failure: facts read from a tool's output and from what somebody told, and what follows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from seaway.core.image import ImageRef, InvalidReference, parse_image
from seaway.core.redaction import redact
from seaway.core.rules import RULES
from seaway.core.signs import signs_in
from seaway.core.words import read_context


@dataclass(frozen=True)
class Facts:
    """`seen` maps a fact of the text to the lines (by index) that show it; `names` has those told and derived, too."""

    names: frozenset[str]
    seen: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    image: ImageRef | None = None
    host: str | None = None


# What a refusal may be said with. A specific one makes the generic words of the same failure meaningless.
SPECIFIC = frozenset(
    {
        "denied twice", "requested access denied", "pull access denied", "insufficient scope", "wrong password",
        "gitlab basic", "access forbidden", "token expired", "no basic auth", "aws read denied", "aws write denied",
        "aws assume denied", "hub scopes", "token scopes", "write package", "read package", "create package",
        "installation write", "installation read", "unknown token", "gar read denied", "gar write denied",
        "unauthenticated", "project denied", "quay denied", "quay robot", "nv denied", "package access", "sso",
        "any 401", "classic only", "dead token", "repository manager denied", "account disabled",
        "nothing to log in with", "two-factor",
        "no credentials found", "integration refused",
    }
)  # fmt: skip
GENERIC = frozenset({"unauthorized", "forbidden", "denied", "auth required", "denied once"})
# With one of these in the text a refusal beside it is only its wrapping.
_DECIDED = frozenset({"rate limit", "quota", "firewalled", "immutable", "daemon down", "disk full", "unpack"})
_CIRCUMSTANCES = ("told ", "on ", "own ", "op ", "at ")
_NEUTRAL = frozenset(
    {
        "sent", "not sent", "login ok", "asks for login", "at manifest put", "official", "swarm", "html", "bitnami",
        "old home", "oauth token", "refused",
        "authorize failed",
    }
)  # fmt: skip
# Facts of the text that can open a case.
OPENERS = frozenset(
    name for rule in RULES for name in rule.needs if not name.startswith(_CIRCUMSTANCES) and name not in _NEUTRAL
)


def read_facts(numbered: Iterable[tuple[int, str]], context: str = "") -> Facts:
    pairs = list(numbered)
    lines = tuple(line for _, line in pairs)
    lowered = _without_detours([_WRAPPING.sub("", line.lower().replace('\\"', '"')) for line in lines])
    told = read_context(context)
    about_images = _about_images([number for number, _ in pairs], lowered, "told images" in told)
    seen: dict[str, tuple[int, ...]] = {}
    for index, line in enumerate(lowered):
        for fact in signs_in(line, about_images[index]):
            seen[fact] = (*seen.get(fact, ()), index)
    _without_passed_login(seen, lowered)
    if not seen.keys() & OPENERS:
        told |= {fact for fact in signs_in(context.lower(), "told images" in told) if not fact.startswith("op ")}
    image = _image_in_question(lines, seen)
    host = image.registry if image else next((m[1] for line in lines if (m := _HOST.search(line))), None)
    names = _derived({*seen, *told, *_places(host, lowered, context)})
    return Facts(names, seen, lines, image, host)


# --- Which lines are about images

# A line is about images when it holds one of these; its neighbours are given the benefit.
_ANCHORS = (
    "/v2/", "/v1/_ping", "docker.io", "ghcr.io", "gcr.io", "quay.io", "azurecr.io", "dkr.ecr", "public.ecr", "pkg.dev",
    "nvcr.io", "registry-1.", "mcr.microsoft", "lscr.io", "registry.gitlab", "response from daemon", "pull image",
    "pulling", "pull access", "image pull", "imagepull", "failed to pull", "failed to push", "failed to resolve",
    "failed to solve", "docker:", "docker pull", "docker push", "docker login", "podman", "skopeo", "buildah",
    "container registry", "oci://", "docker://", "/manifests/", "from registry", "bearer token", "oauth token",
    "anonymous token", "push refers", "pushing", "containerd", "kubelet", "kaniko", "crane", "helm pull", "helm push",
    "overlay2", "/var/lib/docker", "/var/lib/containers", "daemon.json", "docker compose", "auth token", "dockerhub",
    "docker hub", "register layer", "extract layer", "applylayer", "writing blob", "copying blob", "load metadata",
    "access to the resource is denied", "denied: denied", "manifest unknown", "toomanyrequests",
    "error parsing http", "authorizing context", ".docker/", "docker-credential", "the docker", "docker build",
    "docker run", "image from registry", "push image", "unexpected http status", "githubusercontent.com/ghcr",
    "cloudflare.docker.com", "cloudflarestorage", "starport-layer", "httpreadseeker", "httpreaderseeker",
    "trying to pull repository", "trying to push", "prior to push", "registry endpoint",
    "getauthorizationtoken", "cannotpullcontainer", "registry auth", "failed to copy:", "failed to do request",
    "server message: ", "error from registry", "container image", "docker.errors",
)  # fmt: skip

# Programs whose own services and registries answer with the same words.
_FOREIGN = (
    "npm err", "npm error", "npm warn", "err_pnpm", "yarn ", "pip ", "pip3", "pip._vendor", "composer", "cargo",
    "rubygems", "bundler", "maven", "gradle", "go: ", "apt-get", "e: failed", "git@", "fatal: ", "remote: ",
    "traceback", "postgres", "mysql", "mariadb", "redis", "mongo", "rabbitmq", "amqp", "kafka", "elasticsearch", "smtp",
    "psycopg", "sqlalchemy", "prisma", "sequelize", "database", ":5432", ":3306", ":6379", ":27017", "nginx: [emerg]",
    "    at ", '  file "', "git clone", ".git/", "jdbc:",
)  # fmt: skip


# What a registry's own words begin with, when a tool prints nothing else.
_REGISTRY_SAYS = re.compile(
    r"\W*(?:err(?:or)?: |fata\[\d+\] |unknown: )*(?:denied|unauthorized|unknown|toomanyrequests|manifest invalid"
    r"|tag invalid|"
    r"name unknown|name invalid|blob upload (?:unknown|invalid)|unknown blob|insufficient_scope): "
)

# The daemon's own status around what the registry said, and advice that docker gives whatever went wrong.
_WRAPPING = re.compile(
    r"if this private registry supports only http.*|"
    r"\(http code 5\d\d\) server error|status code=internalservererror"
    r"|5\d\d server error(?: for http\+docker\S*)?: internal server error"
)
# BuildKit goes on when a cache cannot be imported, and yet calls it an error.
_CACHE_STEP = re.compile(r"#\d+ (?=importing cache manifest)")


# Scanners look on the machine first; what they say of the registry counts.
_OTHER_PLACE = re.compile(r"\W*(?:docker|containerd|podman) error:")


def _without_detours(lowered: list[str]) -> list[str]:
    """Blank where a tool says that something failed and went on."""
    steps = tuple(match[0] for line in lowered if (match := _CACHE_STEP.match(line)))
    remote = any("remote error:" in line for line in lowered)
    return [
        "" if line.startswith(steps) or "cache importer" in line or (remote and _OTHER_PLACE.match(line)) else line
        for line in lowered
    ]


# A login is not what failed when an image was asked for after it.
_AFTER_LOGIN = re.compile(r"\b(?:pull|push)(?:ing)?\b(?! access)")


def _without_passed_login(seen: dict[str, tuple[int, ...]], lowered: list[str]) -> None:
    at = max(seen.get("op login", (len(lowered),)))
    if any(_AFTER_LOGIN.search(line) for line in lowered[at + 1 :]):
        del seen["op login"]


# What a build step's own program prints (BuildKit) and what a running container prints (compose).
_PROGRAM_OUTPUT = re.compile(r"#\d+ \d+\.\d+ |\S{1,40} +\| ")
_NEAR = 3


def _about_images(numbers: list[int], lowered: list[str], told: bool) -> list[bool]:
    certain = [_is_about_images(line) for line in lowered]
    return [
        certain[index] or (not _is_foreign(line) and (told or _has_neighbour(index, numbers, certain)))
        for index, line in enumerate(lowered)
    ]


def _is_about_images(lowered: str) -> bool:
    return any(anchor in lowered for anchor in _ANCHORS) or _REGISTRY_SAYS.match(lowered) is not None


def _is_foreign(line: str) -> bool:
    return _PROGRAM_OUTPUT.match(line) is not None or any(mark in line for mark in _FOREIGN)


def _has_neighbour(index: int, numbers: list[int], certain: list[bool]) -> bool:
    near = range(max(0, index - _NEAR), min(len(certain), index + _NEAR + 1))
    return any(certain[other] and abs(numbers[other] - numbers[index]) <= _NEAR for other in near)


# --- Which registry

_KINDS = (
    ("ghcr", ("ghcr.io", "docker.pkg.github.com")),
    ("hub", ("docker.io", "registry-1.docker", "index.docker", "auth.docker", "hub.docker.com")),
    ("ecr public", ("public.ecr.aws",)),
    ("ecr", (".dkr.ecr",)),
    ("gcr", ("gcr.io",)),
    ("gar", ("pkg.dev",)),
    ("acr", ("azurecr.io",)),
    ("gitlab", ("registry.gitlab.com",)),
    ("quay", ("quay.io",)),
    ("nvcr", ("nvcr.io",)),
    ("mcr", ("mcr.microsoft",)),
    ("lscr", ("lscr.io",)),
)


def _places(host: str | None, lowered: list[str], context: str) -> frozenset[str]:
    """The registry's kind: by the host, else by any mention."""
    if host:
        kind = _kind_of(host.lower())
        return frozenset({f"on {kind}"} if kind else {"own registry"})
    told = context.lower()
    kind = _kind_of("\n".join((*lowered, told))) or ("ghcr" if re.search(r"\b(ghcr|github packages)\b", told) else None)
    return frozenset({f"on {kind}"}) if kind else frozenset()


def _kind_of(lowered: str) -> str | None:
    return next((kind for kind, marks in _KINDS if any(mark in lowered for mark in marks)), None)


# --- What follows from facts


def _derived(found: set[str]) -> frozenset[str]:
    """Who was asked, what was refused, and at which step."""
    _place(found)
    _testimony(found)
    if found & (SPECIFIC | GENERIC | {"oauth token"}) and not found & _DECIDED:
        found.add("refused")
    if {"requested access denied", "auth required", "op push"} <= found:
        found.add("denied and unauthorized")
    if {"op login", "tag missing"} <= found and not found & {"at manifest", "at blob"}:
        _replace(found, {"tag missing"}, "odd answer to a login")
    if "pull access denied" in found:
        found -= {"requested access denied", "name unknown", "tag missing"}
    _name_refusal(found)
    if found & _SAYS_SENT:
        found.add("was sent")
    if found & _HIDES_ABSENCE:
        found.add("may be absent")
    if not found & OPENERS:
        found.add("silent text")
    return frozenset(found)


# Only a credential that was sent is answered with one of these.
_SAYS_SENT = frozenset(
    {
        "sent", "denied twice", "oauth refused", "wrong password", "token expired", "hub scopes", "token scopes",
        "unknown token", "write package", "read package", "create package", "installation write", "installation read",
        "gitlab basic", "quay robot", "two-factor", "classic only", "sso", "aws read denied", "aws write denied",
        "nv denied", "integration refused", "dead token", "account disabled",
    }
)  # fmt: skip
# Refusals that many registries give for a repository that does not exist.
_HIDES_ABSENCE = frozenset(
    {
        "pull access denied", "requested access denied", "ghcr unauthorized", "anonymous refused", "quay denied",
        "project denied", "access forbidden", "insufficient scope", "denied", "denied once", "manifest forbidden",
        "gar read denied", "gar write denied", "aws no resource policy", "package access", "any 401", "auth required",
        "unauthorized", "forbidden",
    }
)  # fmt: skip


def _place(found: set[str]) -> None:
    if any(name.startswith("on ") or name == "own registry" for name in found):
        return
    if "told own registry" in found:
        found.add("own registry")
    elif "told github token" in found:
        found.add("on ghcr")


def _testimony(found: set[str]) -> None:
    """The text is the better witness: a login that was sent or that worked beats a word about none."""
    if found & {"sent", "denied twice", "told login ok"} and not found & {"told many", "not sent"}:
        found.discard("told no login")
    if "login ok" in found:
        found.discard("op login")
        found.add("told login ok")
    if "told pushes" in found and "op login" not in found:
        found.add("op push")


# Other ends that a token request may have come to.
_ANSWERED = OPENERS - GENERIC - SPECIFIC - {"authorize failed", "metadata failed"}


def _name_refusal(found: set[str]) -> None:
    specific = found & SPECIFIC
    plain = {"unauthorized", "forbidden", "denied", "denied once"}
    if "oauth token" in found and not specific and (found & {"unauthorized", "forbidden"} or not found & _ANSWERED):
        # GitLab answers 401 to a dead login and 403 to a live one without a right.
        lacks_right = {"on gitlab", "forbidden"} <= found
        _replace(found, plain, "access forbidden" if lacks_right else "oauth refused")
    if "not sent" in found and found & {"unauthorized", "forbidden", "auth required"} and not specific:
        _replace(found, plain, "anonymous refused")
    if {"op login", "refused"} <= found and specific <= {"any 401"}:
        _replace(found, {*GENERIC, "any 401"}, "login refused")
    if found & {"dead token", "account disabled"}:
        found -= {"token expired", "unknown token"}
    if "unauthenticated" in found:
        found -= {"gar read denied", "gar write denied"}
    if specific:
        found -= GENERIC
    if found & {"denied once", "auth required"}:
        found -= {"denied", "unauthorized"}
    if {"forbidden", "at manifest"} <= found and "at token" not in found:
        _replace(found, {"forbidden"}, "manifest forbidden")
    if found & {"unauthorized", "auth required"} and "on ghcr" in found and "sent" not in found:
        _replace(found, {"unauthorized", "auth required", "denied"}, "ghcr unauthorized")


def _replace(found: set[str], old: set[str] | frozenset[str], new: str) -> None:
    found -= old
    found.add(new)


# --- Which image

_HOST = re.compile(r"https?://([A-Za-z0-9.-]+(?::\d+)?)/v[12]/")
_URL = re.compile(
    r"https?://([A-Za-z0-9.-]+(?::\d+)?)/v[12]/([a-z0-9][a-z0-9._/-]*?)/(manifests|blobs|tags)(?:/([A-Za-z0-9._:-]+))?"
)
_SCOPE = re.compile(r"https?://([A-Za-z0-9.:-]+)/[^ ?]*\?\S*scope=repository(?:%3A|:)([A-Za-z0-9._/%-]+?)(?:%3A|:)")
_NAMED = re.compile(
    r"(?i)(?:docker://|oci://|\b(?:pull(?:ing)?(?: image)?|pulling from|reference|metadata for|manifest for|denied for"
    r"|from|push(?:ed|ing)?|repository|image|for|in|solve|inspect|run)[ :=]+[\[\"'`]*)([a-z0-9][\w.:/@-]*/[\w.:/@-]*\w)"
)
_SHORT_NAMED = re.compile(
    r"(?i)(?:pull access denied for|manifest for|find image|(?-i:\bFROM)|docker pull|pull image:?)[ \"'`]+"
    r"([a-z0-9][\w.:@-]*\w)"
)


def _image_in_question(lines: tuple[str, ...], seen: Mapping[str, tuple[int, ...]]) -> ImageRef | None:
    """The image on a line that tells of the failure, else any; the one that a token was asked for counts most."""
    telling = {index for fact in seen.keys() & OPENERS for index in seen[fact]}
    order = [*sorted(telling), *(index for index in range(len(lines)) if index not in telling)]
    images = [image for index in order for image in _images_in(lines[index])]
    asked = [image for index in sorted(telling) for image in _asked_for(lines[index])]
    if asked:
        images = [image for image in images if image.repository == asked[0].repository] or asked
    return images[0] if images else None


def _images_in(line: str) -> Iterator[ImageRef]:
    for host, repository, kind, reference in _URL.findall(line):
        mark = "@" if ":" in reference else ":"
        yield from _parsed(f"{host}/{repository}" + (f"{mark}{reference}" if kind == "manifests" and reference else ""))
    for pattern in (_NAMED, _SHORT_NAMED):
        for match in pattern.finditer(line):
            yield from _parsed(match[1])


def _asked_for(line: str) -> Iterator[ImageRef]:
    for host, repository in _SCOPE.findall(line):
        yield from _parsed(f"{host.replace('auth.docker.io', 'docker.io')}/{repository.replace('%2F', '/')}")


def _parsed(text: str) -> Iterator[ImageRef]:
    if redact(text) != text:
        return
    try:
        image = parse_image(text)
    except InvalidReference:
        return
    named = "@" in text or ":" in text.rpartition("/")[2]
    yield image if named else replace(image, tag=None)
