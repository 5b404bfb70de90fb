"""Which server the command line speaks to, and its token: from the environment, a file, or the server's own folder.

A token is only ever sent to the address that it was written down with: an address from the environment never
gets a token from a file that names another one.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seaway.core.errors import Invalid, Unavailable
from seaway.core.secret import Secret

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DEFAULT_HOME = "/var/lib/seaway"


class NoServer(Unavailable):
    code = "cli.no_server"


class BadConfig(Invalid):
    code = "cli.bad_config"


@dataclass(frozen=True)
class Server:
    url: str
    token: Secret
    source: str
    """Where the address was written: a variable or a file, for messages."""

    @property
    def is_here(self) -> bool:
        return urlsplit(self.url).hostname in _LOOPBACK

    @property
    def is_plain_abroad(self) -> bool:
        """True when the token travels over a network in the clear."""
        return not self.is_here and urlsplit(self.url).scheme == "http"


@dataclass(frozen=True)
class _Written:
    url: str | None
    token: str | None
    source: str


def find_server(env: Mapping[str, str]) -> Server:
    """The server to speak to. Raises NoServer or BadConfig, which say where it can be written down."""
    said = _Written(env.get("SEAWAY_URL") or None, env.get("SEAWAY_TOKEN") or None, "SEAWAY_URL")
    if said.url and said.token:
        return _server(said.url, said.token, said.source)
    for written in _files(env):
        if written.url and (said.url is None or _same(said.url, written.url)):
            token = said.token or written.token
            if token:
                return _server(written.url, token, written.source)
    raise _nothing_found(env, said)


def _files(env: Mapping[str, str]) -> Iterator[_Written]:
    config = config_path(env)
    if (text := _read(config)) is not None:
        yield _from_config(config, text)
    home = Path(env.get("SEAWAY_HOME") or _DEFAULT_HOME)
    if (text := _read(home / "server.json")) is not None:
        token = _read(home / "token")
        yield _Written(_from_json(home / "server.json", text), token and token.strip(), str(home / "server.json"))


def config_path(env: Mapping[str, str]) -> Path:
    base = env.get("XDG_CONFIG_HOME") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".config")
    return Path(base) / "seaway" / "config.toml"


def _read(path: Path) -> str | None:
    """The file's text; None when it is not there or not for us to read."""
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} cannot be read: {error}.", remedy="Correct or remove it.") from None


def _from_config(path: Path, text: str) -> _Written:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path} is not TOML: {error}.", remedy=_config_remedy(path)) from None
    return _Written(_text(data, "url", path), _text(data, "token", path), str(path))


def _config_remedy(path: Path) -> str:
    return f'Write url = "https://..." and token = "..." into {path}.'


def _text(data: Mapping[str, Any], key: str, path: Path) -> str | None:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise BadConfig(f"{path}: {key} is not a text.", remedy=_config_remedy(path))
    return value or None


def _from_json(path: Path, text: str) -> str | None:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadConfig(f"{path} is not JSON: {error}.", remedy="Restart Seaway, which writes it anew.") from None
    return _text(data, "url", path) if isinstance(data, dict) else None


def _server(url: str, token: str, source: str) -> Server:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadConfig(f"{url!r} in {source} is no address.", remedy="Write it like https://seaway.example.org.")
    if parts.username or parts.password:
        raise BadConfig(
            f"The address in {source} holds a user name or password.", remedy="Write the token apart from it."
        )
    if not token.isascii() or any(c.isspace() for c in token):
        raise BadConfig("The token has characters that no token has.", remedy="Copy it again, as one line.")
    return Server(url.rstrip("/"), Secret(token), source)


def _same(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def _nothing_found(env: Mapping[str, str], said: _Written) -> NoServer:
    config = config_path(env)
    home = Path(env.get("SEAWAY_HOME") or _DEFAULT_HOME)
    elsewhere = f"From another machine: set SEAWAY_URL and SEAWAY_TOKEN, or write url and token into {config}."
    if said.url:
        return NoServer(f"There is no token for {said.url}.", remedy=f"Set SEAWAY_TOKEN, or write both into {config}.")
    if _exists(home / "server.json") or (_exists(home) and not os.access(home, os.R_OK | os.X_OK)):
        return NoServer(
            f"The token in {home} is for root only, and nothing else names a server.",
            remedy=f"Run this with sudo. {elsewhere}",
        )
    return NoServer("No Seaway server is known here.", remedy=f"On the server, start it: seaway serve. {elsewhere}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True
