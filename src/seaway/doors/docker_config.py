"""Reads the logins that docker and podman keep, in every place they look for them. Never writes.

1. Values come from files and helpers of other programs, so anything may be missing or broken. What is broken is told
   as a flaw beside what could be read, because docker too goes on without it.
2. A helper is asked for one host at a time, the host on its standard input; it may wait for a locked keychain, so it
   has a time limit.
"""

import asyncio
import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seaway.core.credential import IDENTITY_TOKEN_USER, Credential, choose, normalised_prefix
from seaway.core.image import DOCKER_HUB, ImageRef
from seaway.core.secret import Secret

HUB_KEY = "https://index.docker.io/v1/"
_NOT_THERE = "credentials not found in native keychain"
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_HELPER_TIMEOUT_S = 10.0
_LARGEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A file that may hold logins. Docker's has host keys only; podman's may go down to a repository."""

    path: Path
    owner: str = "docker"


@dataclass(frozen=True)
class Flaw:
    """Something that keeps a login from being found: `cause` is a label of the closed list."""

    cause: str
    where: str
    what: str


@dataclass(frozen=True)
class ConfigFile:
    """One file as it was read. `auths` are entries by key, `helpers` names by host, `store` the helper for all."""

    place: Place
    auths: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    helpers: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True)
class Found:
    """What all places together give for one image."""

    credential: Credential | None
    near_keys: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    looked_at: tuple[str, ...] = ()


def docker_places(env: Mapping[str, str], home: Path) -> tuple[Place, ...]:
    """Where docker looks; its first file that exists is the only one."""
    folder = Path(env["DOCKER_CONFIG"]) if env.get("DOCKER_CONFIG") else home / ".docker"
    return (Place(folder / "config.json"),)


def podman_places(env: Mapping[str, str], home: Path) -> tuple[Place, ...]:
    """Where podman, skopeo and buildah look, most specific first."""
    if env.get("REGISTRY_AUTH_FILE"):
        return (Place(Path(env["REGISTRY_AUTH_FILE"]), "podman"),)
    places = (
        [Place(Path(env["XDG_RUNTIME_DIR"]) / "containers/auth.json", "podman")] if env.get("XDG_RUNTIME_DIR") else []
    )
    config = Path(env["XDG_CONFIG_HOME"]) if env.get("XDG_CONFIG_HOME") else home / ".config"
    return (*places, Place(config / "containers/auth.json", "podman"))


def parse_config(place: Place, text: str) -> ConfigFile:
    """One file's text. What is broken becomes a flaw, as docker only warns of it."""
    where = str(place.path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = getattr(error, "msg", "not JSON")
        return ConfigFile(place, flaws=(Flaw("config_json_corrupt", where, f"is no JSON: {detail}"),))
    if not isinstance(data, dict):
        return ConfigFile(place, flaws=(Flaw("config_json_corrupt", where, "is JSON of another shape"),))
    auths = {key: entry for key, entry in _mapping(data.get("auths")).items() if isinstance(entry, dict)}
    helpers = {key: name for key, name in _mapping(data.get("credHelpers")).items() if isinstance(name, str)}
    store = data.get("credsStore")
    return ConfigFile(place, auths, helpers, store if isinstance(store, str) and store else None)


def entry_credential(key: str, entry: Mapping[str, Any], name: str) -> Credential | Flaw | None:
    """The login of one `auths` entry; None for the empty marker that a helper leaves behind."""
    prefix = normalised_prefix(key)
    identity = entry.get("identitytoken")
    if isinstance(identity, str) and identity:
        return Credential(name, prefix, IDENTITY_TOKEN_USER, Secret(identity))
    if isinstance(entry.get("username"), str) and isinstance(entry.get("password"), str) and entry["password"]:
        return Credential(name, prefix, entry["username"], Secret(entry["password"]))
    encoded = entry.get("auth")
    if not isinstance(encoded, str) or not encoded:
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return Flaw("config_json_corrupt", key, "its auth is not base64")
    if not colon:
        return Flaw("config_json_corrupt", key, "its auth has no user and password")
    return Credential(name, prefix, user, Secret(password.rstrip("\x00")))


def near_keys(keys: tuple[str, ...], image: ImageRef) -> tuple[str, ...]:
    """Keys under which nobody will look for this image, though somebody meant it: another port, or Docker Hub's
    other names."""
    host = image.registry.partition(":")[0]

    def is_near(key: str) -> bool:
        registry = normalised_prefix(key).partition("/")[0]
        if image.registry == DOCKER_HUB:
            return registry == DOCKER_HUB and key != HUB_KEY
        return registry != image.registry and registry.partition(":")[0] == host

    return tuple(dict.fromkeys(key for key in keys if is_near(key)))


class DockerConfigDoor:
    """The logins of this user on this machine. `env` is the environment to look at, and helpers get its PATH; `only`
    is the one file to read."""

    def __init__(self, env: Mapping[str, str], home: Path, *, only: Path | None = None) -> None:
        self._env, self._home, self._only = env, home, only

    async def find(self, image: ImageRef) -> Found:
        """The login that docker would use for this image, else the one of podman."""
        files = self.files()
        flaws = [flaw for file in files for flaw in file.flaws]
        keys = tuple(key for file in files for key in (*file.auths, *file.helpers))
        looked_at = tuple(str(file.place.path) for file in files)
        for file in files:
            found = await self._in_file(file, image)
            if isinstance(found, Flaw):
                flaws.append(found)
            elif found is not None:
                return Found(found, (), tuple(flaws), looked_at)
        return Found(None, near_keys(keys, image), tuple(flaws), looked_at)

    def files(self) -> tuple[ConfigFile, ...]:
        """Every place that exists, in the order in which it counts."""
        if self._only is not None:
            return tuple(file for file in (_read(Place(self._only)),) if file is not None)
        inline = self._env.get("DOCKER_AUTH_CONFIG")
        first = (parse_config(Place(Path("$DOCKER_AUTH_CONFIG")), inline),) if inline else ()
        places = (*docker_places(self._env, self._home), *podman_places(self._env, self._home))
        return first + tuple(file for place in dict.fromkeys(places) if (file := _read(place)) is not None)

    async def every(self) -> tuple[tuple[Credential, ...], tuple[Flaw, ...]]:
        """All logins of all places, for an import."""
        found: list[Credential] = []
        flaws: list[Flaw] = []
        for file in self.files():
            flaws += file.flaws
            for key in dict.fromkeys((*file.auths, *file.helpers)):
                login = await self._of_key(file, key)
                if isinstance(login, Flaw):
                    flaws.append(login)
                elif login is not None:
                    found.append(login)
        return tuple(found), tuple(flaws)

    async def _in_file(self, file: ConfigFile, image: ImageRef) -> Credential | Flaw | None:
        helper = file.helpers.get(_host_key(image)) or file.store
        if helper is not None:
            return await self._ask_helper(helper, _host_key(image), file.place)
        if file.place.owner == "podman":
            return _most_specific(file, image)
        key = _docker_key(tuple(file.auths), image)
        found = None if key is None else entry_credential(key, file.auths[key], f"{file.place.path}: {key}")
        # Docker hands it to whatever image of the host, also when its key has a path.
        return replace(found, prefix=found.host) if isinstance(found, Credential) else found

    async def _of_key(self, file: ConfigFile, key: str) -> Credential | Flaw | None:
        helper = file.helpers.get(key) or file.store
        if helper is not None:
            return await self._ask_helper(helper, key, file.place)
        return entry_credential(key, file.auths[key], f"{file.place.path}: {key}")

    async def _ask_helper(self, helper: str, key: str, place: Place) -> Credential | Flaw | None:
        program = f"docker-credential-{helper}"
        if not _HELPER_NAME.match(helper):
            return Flaw(
                "credential_helper_missing", str(place.path), f"names a helper that cannot be one: {helper[:40]!r}"
            )
        code, out = await _run_helper(program, key, self._env)
        if code is None:
            return Flaw("credential_helper_missing", str(place.path), f"{program} is not in PATH")
        if code != 0:
            text = out.decode("utf-8", "replace").strip()
            # Only this very text means "no entry"; docker goes on without a login then.
            failed = Flaw("credential_helper_failed", program, f"exit status {code}: {text[:200] or 'no output'}")
            return None if text == _NOT_THERE else failed
        return _helper_credential(program, key, out)


def _helper_credential(program: str, key: str, out: bytes) -> Credential | Flaw | None:
    try:
        data = json.loads(out)
        user, secret = data["Username"], data["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Flaw("credential_helper_failed", program, "its answer is not what a helper prints")
    if not isinstance(user, str) or not isinstance(secret, str) or not secret:
        return None
    return Credential(f"{program}: {key}", normalised_prefix(key), user, Secret(secret))


async def _run_helper(program: str, key: str, env: Mapping[str, str]) -> tuple[int | None, bytes]:
    """Exit status (None when it cannot be run) and what it printed; docker's helpers tell failures on stdout."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            "get",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(env),
        )
    except (FileNotFoundError, PermissionError, OSError):
        return None, b""
    try:
        async with asyncio.timeout(_HELPER_TIMEOUT_S):
            out, _ = await process.communicate(key.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124, f"no answer within {_HELPER_TIMEOUT_S:g} s".encode()
    return process.returncode if process.returncode is not None else 1, out


def _docker_key(keys: tuple[str, ...], image: ImageRef) -> str | None:
    """The exact key, else the first that is the host once its scheme and path are taken off."""
    wanted = _host_key(image)
    return wanted if wanted in keys else next((key for key in keys if _bare(key) == wanted), None)


def _bare(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _most_specific(file: ConfigFile, image: ImageRef) -> Credential | Flaw | None:
    """Podman's way: the longest key that the name begins with."""
    found = [entry_credential(key, entry, f"{file.place.path}: {key}") for key, entry in file.auths.items()]
    chosen = choose([each for each in found if isinstance(each, Credential)], image, None)
    return chosen or next(
        (each for each in found if isinstance(each, Flaw) and _bare(each.where) == image.registry), None
    )


def _host_key(image: ImageRef) -> str:
    """The key that docker looks up; for Docker Hub that is an address, which no other way of writing it equals."""
    return HUB_KEY if image.registry == DOCKER_HUB else image.registry


def _read(place: Place) -> ConfigFile | None:
    try:
        with place.path.open("rb") as file:
            raw = file.read(_LARGEST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        what = (os.strerror(error.errno) if error.errno else "cannot be read").lower()
        return ConfigFile(place, flaws=(Flaw("config_json_corrupt", str(place.path), what),))
    if len(raw) > _LARGEST_BYTES:
        return ConfigFile(place, flaws=(Flaw("config_json_corrupt", str(place.path), "is far too large"),))
    return parse_config(place, raw.decode("utf-8", "replace"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
