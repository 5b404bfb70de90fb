"""Apps, their environments, and the settings that an environment wants."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from seaway.core.errors import Invalid, Missing
from seaway.core.secret import Secret

PRODUCTION = "production"
DEFAULT_PORT = 3000
MAX_INSTANCES = 50

BuilderName = Literal["debian", "nix"]

# A DNS label, since it becomes one: APP.localhost. Container names add up to 13 characters to it.
_APP_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?\Z")
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class InvalidName(Invalid):
    code = "app.invalid_name"


class InvalidSetting(Invalid):
    code = "app.invalid_setting"


class UnknownApp(Missing):
    code = "app.unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no app named {name!r}.", remedy="`seaway apps` lists those there are.")


@dataclass(frozen=True)
class Limits:
    """What one instance may use; `None` is no limit."""

    memory_bytes: int | None = 1024**3
    cpus: float | None = None


@dataclass(frozen=True)
class HealthCheck:
    """How a new instance shows that it can serve: by answering below 500 on `path`, or by accepting TCP.

    `path` None tries HTTP on `/` and takes any HTTP answer below 500, or an open port that speaks no HTTP.
    """

    path: str | None = None
    timeout_s: float = 60.0
    interval_s: float = 0.05


@dataclass(frozen=True)
class Volume:
    """A place that outlives releases. `exclusive`: no two instances may have it at once."""

    name: str
    path: str
    exclusive: bool = False


@dataclass(frozen=True)
class EnvironmentSettings:
    """Everything about an environment that its owner chooses. Values of `env` are secrets, all of them."""

    env: Mapping[str, Secret] = field(default_factory=dict)
    port: int | None = None
    domains: tuple[str, ...] = ()
    builder: BuilderName = "debian"
    limits: Limits = field(default_factory=Limits)
    health: HealthCheck = field(default_factory=HealthCheck)
    instances: int = 1
    drain_s: float = 30.0
    runtime_only: frozenset[str] = frozenset()
    """Names of variables that a build does not see."""
    release_command: str | None = None
    """Run once in the new image before it gets traffic, for a shell; when it fails, the old release stays."""
    volumes: tuple[Volume, ...] = ()
    stop_first: bool = False
    """The old instances end before the new ones start: a short gap, and only one release in memory."""

    @property
    def why_stop_first(self) -> str | None:
        """The reason for which a release must end before the next starts, if there is one."""
        exclusive = next((volume.name for volume in self.volumes if volume.exclusive), None)
        if exclusive is not None:
            return f"its volume {exclusive} may be used by one at a time"
        return "its settings ask for it" if self.stop_first else None

    @property
    def build_env(self) -> dict[str, Secret]:
        """The variables that a build sees."""
        return {name: value for name, value in self.env.items() if name not in self.runtime_only}


@dataclass(frozen=True)
class SettingsChange:
    """What a request wants different; None leaves a setting as it is. `env` values of None unset a variable."""

    env: Mapping[str, Secret | None] = field(default_factory=dict)
    port: int | None = None
    domains: tuple[str, ...] | None = None
    builder: BuilderName | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    health_path: str | None = None
    health_timeout_s: float | None = None
    instances: int | None = None
    runtime_only: Mapping[str, bool] = field(default_factory=dict)
    """Variables to mark as seen at run time only, or by builds too; those not named keep their mark."""
    release_command: str | None = None
    """An empty one removes it."""
    volumes: tuple[Volume, ...] | None = None
    stop_first: bool | None = None


@dataclass(frozen=True)
class EnvironmentKey:
    """Names one environment: of an app, by its name."""

    app: str
    name: str = PRODUCTION

    @property
    def slug(self) -> str:
        """The DNS label under which it is found, and the stem of its containers' names."""
        return self.app if self.name == PRODUCTION else f"{self.app}-{self.name}"

    def __str__(self) -> str:
        return f"{self.app}/{self.name}"


def check_app_name(name: str) -> str:
    if _APP_NAME.match(name):
        return name
    raise InvalidName(
        f"{name!r} is not an app name.",
        remedy=f"Use up to 50 of a-z, 0-9 and -, beginning and ending with a letter or digit{_suggestion(name)}.",
    )


def _suggestion(name: str) -> str:
    meant = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
    return f", for example {meant!r}" if meant else ""


def check_env_name(name: str) -> str:
    if _ENV_NAME.match(name):
        return name
    raise InvalidSetting(
        f"{name!r} is not the name of an environment variable.",
        remedy="Use A-Z, 0-9 and _, not beginning with a digit.",
    )


def check_domain(host: str) -> str:
    lower = host.lower().rstrip(".")
    if _HOST_NAME.match(lower):
        return lower
    raise InvalidSetting(
        f"{host!r} is not a host name.", remedy="Write it like shop.example.org: no scheme, port or path."
    )


def check_port(port: int) -> int:
    if 1 <= port <= 65535:
        return port
    raise InvalidSetting(f"{port} is not a port.", remedy="Choose one from 1 to 65535.")


def changed(now: EnvironmentSettings, change: SettingsChange) -> EnvironmentSettings:
    """The settings after a change. Raises InvalidSetting and changes nothing when one of them is wrong."""
    env = {**now.env, **{check_env_name(k): v for k, v in change.env.items() if v is not None}}
    for name in (k for k, v in change.env.items() if v is None):
        env.pop(name, None)
    return replace(
        now,
        env=dict(sorted(env.items())),
        port=now.port if change.port is None else check_port(change.port),
        domains=now.domains if change.domains is None else tuple(_unique(map(check_domain, change.domains))),
        builder=change.builder or now.builder,
        limits=_changed_limits(now.limits, change),
        health=_changed_health(now.health, change),
        instances=now.instances if change.instances is None else check_instances(change.instances),
        runtime_only=_changed_marks(now.runtime_only, change, env),
        release_command=now.release_command if change.release_command is None else change.release_command or None,
        volumes=now.volumes if change.volumes is None else check_volumes(change.volumes),
        stop_first=now.stop_first if change.stop_first is None else change.stop_first,
    )


def parse_volume(text: str) -> Volume:
    """`NAME:/path`, or `NAME:/path:exclusive`."""
    name, _, rest = text.partition(":")
    path, _, mode = rest.partition(":")
    if not path.startswith("/") or mode not in ("", "exclusive"):
        raise InvalidSetting(
            f"{text!r} is not a volume.", remedy="Write NAME:/path, or NAME:/path:exclusive for one at a time."
        )
    return Volume(name, path, mode == "exclusive")


def check_volumes(volumes: Sequence[Volume]) -> tuple[Volume, ...]:
    for volume in volumes:
        parts = volume.path.split("/")
        if not _APP_NAME.match(volume.name) or not volume.path.startswith("/") or ".." in parts or volume.path == "/":
            raise InvalidSetting(
                f"{volume.name}:{volume.path} is not a volume.",
                remedy="Its name is of a-z, 0-9 and -; its path begins with / and is not / itself.",
            )
    if len({v.name for v in volumes}) < len(volumes) or len({v.path for v in volumes}) < len(volumes):
        raise InvalidSetting("Two volumes have the same name or path.", remedy="Give each its own.")
    return tuple(volumes)


def check_instances(count: int) -> int:
    if 1 <= count <= MAX_INSTANCES:
        return count
    raise InvalidSetting(
        f"{count} is not a number of instances.",
        remedy=f"Choose one from 1 to {MAX_INSTANCES}. `seaway stop` lets none run.",
    )


def _changed_marks(now: frozenset[str], change: SettingsChange, env: Mapping[str, Secret]) -> frozenset[str]:
    marked = (now | {name for name, only in change.runtime_only.items() if only}) & env.keys()
    return frozenset(marked - {name for name, only in change.runtime_only.items() if not only})


def _changed_limits(now: Limits, change: SettingsChange) -> Limits:
    if change.memory_bytes is not None and change.memory_bytes < 6 * 1024**2:
        raise InvalidSetting("A memory limit below 6 MB cannot start a container.", remedy="Choose at least 6 MB.")
    if change.cpus is not None and change.cpus <= 0:
        raise InvalidSetting(f"{change.cpus} CPUs is not a limit.", remedy="Choose more than 0, for example 0.5.")
    return Limits(change.memory_bytes or now.memory_bytes, change.cpus or now.cpus)


def _changed_health(now: HealthCheck, change: SettingsChange) -> HealthCheck:
    if change.health_path is not None and not change.health_path.startswith("/"):
        raise InvalidSetting(f"{change.health_path!r} is not a path.", remedy="A health path begins with /.")
    if change.health_timeout_s is not None and not 1 <= change.health_timeout_s <= 3600:
        raise InvalidSetting("A health timeout is 1 to 3600 seconds.", remedy="Choose a value between them.")
    return replace(now, path=change.health_path or now.path, timeout_s=change.health_timeout_s or now.timeout_s)


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def hosts_of(key: EnvironmentKey, settings: EnvironmentSettings) -> tuple[str, ...]:
    """The host names that lead to an environment: its own one first."""
    return tuple(_unique([f"{key.slug}.localhost", *settings.domains]))
