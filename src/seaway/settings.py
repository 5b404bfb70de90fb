"""What can be set from outside, read once at start. docs/settings.md describes each field."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from seaway.core.errors import Invalid


class InvalidConfiguration(Invalid):
    code = "settings.invalid"


@dataclass(frozen=True)
class Settings:
    home: Path = Path("/var/lib/seaway")
    host: str = "127.0.0.1"
    port: int = 7100
    instance: str = "seaway"
    http_port: int = 80
    http_addresses: tuple[str, ...] = ()
    docker_socket: Path = Path("/var/run/docker.sock")
    database_url: str = ""
    builds: int = 2
    deployments: int = 8
    releases_kept: int = 5
    watch_s: int = 10
    build_timeout_s: int = 3600
    insecure_registries: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - read, not bound
        return f"http://{host}:{self.port}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Each field comes from `SEAWAY_` and its name in upper case; what is not set keeps its default."""
    found: dict[str, Any] = {}
    for field in fields(Settings):
        name = f"SEAWAY_{field.name.upper()}"
        if name in environ:
            found[field.name] = _value(name, environ[name], field.default)
    return Settings(**found)


def _value(name: str, text: str, default: Any) -> Any:
    if isinstance(default, Path):
        return Path(text).expanduser().absolute()
    if isinstance(default, tuple):
        return tuple(text.replace(",", " ").split())
    if isinstance(default, int):
        if not text.isascii() or not text.isdigit():
            raise InvalidConfiguration(
                f"{name} is {text!r}, which is no whole number.", remedy=f"Set {name} to digits."
            )
        return int(text)
    return text
