"""What `seaway deploy` was asked for, checked before anything is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway.cli.envfile import read_file, read_options
from seaway.core.app import (
    EnvironmentSettings,
    InvalidName,
    InvalidSetting,
    SettingsChange,
    changed,
    check_app_name,
    check_domain,
    check_env_name,
    check_port,
    parse_volume,
)
from seaway.core.image import parse_image
from seaway.core.secret import Secret
from seaway.core.source import GitSource, ImageSource, InvalidSource, check_git_url, looks_like_git, source_as_json

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt]?)(?:i?b)?\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


@dataclass(frozen=True)
class Options:
    """The command's options as they were typed."""

    what: str | None
    app: str | None
    image: str | None = None
    again: bool = False
    ref: str | None = None
    env: tuple[str, ...] = ()
    env_file: Path | None = None
    unset: tuple[str, ...] = ()
    port: int | None = None
    domains: tuple[str, ...] = ()
    builder: str | None = None
    memory: str | None = None
    cpus: float | None = None
    health_path: str | None = None
    health_timeout_s: float | None = None
    release_command: str | None = None
    volumes: tuple[str, ...] = ()
    stop_first: bool | None = None


@dataclass(frozen=True)
class Request:
    """With a `folder`, it has to be sent first; with neither, what was deployed last is deployed again."""

    app: str
    folder: Path | None
    source: Mapping[str, Any] | None
    settings: Mapping[str, Any]


def read_request(options: Options, environment: Mapping[str, str]) -> Request:
    """Raises one of the core's errors for the first thing that is wrong."""
    app = _app(options)
    folder, source = _source(options, app)
    settings = _settings(options, environment)
    return Request(app, folder, source, settings)


def _app(options: Options) -> str:
    if options.app:
        return check_app_name(options.app)
    meant = _name_like(options)
    raise InvalidName(
        "The app is not named.", remedy=f"Add --app NAME, for example --app {meant}." if meant else "Add --app NAME."
    )


def _name_like(options: Options) -> str:
    if options.image or (options.what and looks_like_git(options.what)):
        stem = (options.image or options.what or "").partition("@")[0].rstrip("/").rpartition("/")[2].partition(":")[0]
        name = stem.removesuffix(".git")
    else:
        name = Path(options.what or ".").resolve().name
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:50].strip("-")


def _source(options: Options, app: str) -> tuple[Path | None, dict[str, Any] | None]:
    what = options.what
    if options.again:
        if what is not None or options.image is not None:
            raise InvalidSource("--again deploys what was deployed last.", remedy="Leave out the path or the image.")
        return None, None
    if options.image is not None:
        if what is not None:
            raise InvalidSource(
                f"Both {what!r} and --image are given.", remedy="An app comes from one of them: leave one out."
            )
        return None, source_as_json(ImageSource(parse_image(options.image)))
    if what is not None and looks_like_git(what) and not Path(what).is_dir():
        return None, source_as_json(GitSource(check_git_url(what), options.ref))
    if options.ref is not None:
        raise InvalidSource("--ref is for a git URL, and none is given.", remedy="Leave --ref out, or name the URL.")
    folder = Path(what or ".")
    if what is None and folder.resolve() in (Path("/"), Path.home()):
        raise InvalidSource(
            f"The folder here, {folder.resolve()}, holds more than an app.",
            remedy=f"Go to the app's folder, or name it: seaway deploy PATH --app {app}.",
        )
    return folder, None


def _settings(options: Options, environment: Mapping[str, str]) -> dict[str, Any]:
    env: dict[str, str | None] = {check_env_name(name): None for name in options.unset}
    if options.env_file is not None:
        env |= read_file(options.env_file, environment)
    env |= read_options(options.env, environment)
    settings = {
        "env": env or None,
        "port": None if options.port is None else check_port(options.port),
        "domains": [check_domain(host) for host in options.domains] or None,
        "builder": options.builder,
        "memory_bytes": None if options.memory is None else parse_memory(options.memory),
        "cpus": options.cpus,
        "health_path": options.health_path,
        "health_timeout_s": options.health_timeout_s,
        "release_command": options.release_command,
        "volumes": list(options.volumes) or None,
        "stop_first": options.stop_first,
    }
    told = {name: value for name, value in settings.items() if value is not None}
    _check(told)
    return told


def _check(settings: Mapping[str, Any]) -> None:
    """The core's own judgement, so that the command line refuses just what the server would."""
    env = {name: None if value is None else Secret(value) for name, value in settings.get("env", {}).items()}
    volumes = tuple(map(parse_volume, settings["volumes"])) if "volumes" in settings else None
    changed(EnvironmentSettings(), SettingsChange(**{**settings, "env": env, "volumes": volumes}))


def parse_memory(text: str) -> int:
    found = _MEMORY.match(text.strip())
    if not found:
        raise InvalidSetting(f"{text!r} is not an amount of memory.", remedy="Write it like 512m or 1.5g.")
    return int(float(found["number"]) * _UNITS[found["unit"].lower()])
