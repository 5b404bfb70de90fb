"""Why a release did not get healthy: what was seen of its instance, and the one finding that follows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seaway.core.finding import Finding

MAX_LINES = 12


@dataclass(frozen=True)
class Listener:
    """A TCP socket that the instance listens on, as its kernel lists it."""

    address: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.address.startswith("127.") or self.address == "::1"

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class ProbeAnswer:
    """What one health probe got: an HTTP status, an open port that speaks no HTTP, or why there was none."""

    status: int | None = None
    accepted: bool = False
    error: str | None = None


@dataclass(frozen=True)
class HealthEvidence:
    """What was seen of an instance that did not get healthy in time."""

    app: str
    port: int
    path: str
    waited_s: float
    state: str
    exit_code: int | None
    oom_killed: bool
    restarts: int
    memory_bytes: int | None
    listeners: tuple[Listener, ...]
    last_probe: ProbeAnswer
    last_lines: tuple[str, ...]


def is_healthy(answer: ProbeAnswer, path: str | None) -> bool:
    """An HTTP answer below 500; without a path of its own, an open port that does not speak HTTP will do too."""
    if answer.status is not None:
        return answer.status < 500
    return path is None and answer.accepted


def explain_unhealthy(seen: HealthEvidence) -> Finding:
    """The cause, of a closed list: out_of_memory, exited, server_error, loopback_only, other_port, no_answer,
    nothing_listens."""
    if seen.oom_killed:
        return _out_of_memory(seen)
    if seen.state != "running" or seen.restarts:
        return _exited(seen)
    if seen.last_probe.status is not None:
        return _server_error(seen)
    return _silent(seen)


def _out_of_memory(seen: HealthEvidence) -> Finding:
    if seen.memory_bytes is None:
        return Finding(
            "health.out_of_memory",
            f"{seen.app} needs more memory than the machine has free",
            ("the kernel ended the process to free memory", *_tail(seen.last_lines)),
            "Free memory on the machine, or let the app use less.",
            ("seaway apps",),
        )
    limit = _megabytes(seen.memory_bytes)
    return Finding(
        "health.out_of_memory",
        f"{seen.app} needs more memory than its limit of {limit}",
        (f"the kernel ended the process: it reached {limit}", *_tail(seen.last_lines)),
        "Raise the limit, or let the app use less memory.",
        (_again(seen.app, f"--memory {seen.memory_bytes * 2 // 1024**2}m"),),
    )


def _exited(seen: HealthEvidence) -> Finding:
    times = f", {seen.restarts + 1} times" if seen.restarts else ""
    code = "an unknown code" if seen.exit_code is None else f"code {seen.exit_code}{_meaning(seen.exit_code)}"
    return Finding(
        "health.exited",
        f"{seen.app} ended by itself with {code}",
        (f"the container exited with {code}{times}", *_tail(seen.last_lines)),
        _exit_remedy(seen),
    )


_FORBIDDEN = re.compile(r"\bEACCES\b|[Pp]ermission denied|PermissionError")


def _exit_remedy(seen: HealthEvidence) -> str:
    if any(map(_FORBIDDEN.search, seen.last_lines)):
        return (
            "It may not do what its last lines say: apps run as a user without rights, who writes below /app, /tmp and "
            'its volumes only. Let it write there, or as root: [start] user = "root" in nixpacks.toml.'
        )
    if seen.exit_code == 0:
        return "Its start command does its work and ends. Let it start a server that goes on running."
    if not seen.last_lines:
        return "It wrote nothing. Run its start command on your own machine with the same variables to see why it ends."
    return "Its last lines above say why it ended. Run it on your own machine with the same variables to try a cure."


def _server_error(seen: HealthEvidence) -> Finding:
    return Finding(
        "health.server_error",
        f"{seen.app} answers {seen.last_probe.status} on {seen.path}",
        (f"GET {seen.path} on port {seen.port} -> {seen.last_probe.status}", *_tail(seen.last_lines)),
        "Its log above says what failed inside; a missing variable or database is the usual reason. "
        "If another path tells better whether it can serve, name it with --health-path.",
        (_again(seen.app, "--health-path /healthz"),),
    )


def _silent(seen: HealthEvidence) -> Finding:
    here = [x for x in seen.listeners if x.port == seen.port]
    if not seen.listeners and seen.last_probe.accepted:
        return _no_answer(seen)
    if here and all(x.is_loopback for x in here):
        return _loopback_only(seen, here)
    if here:
        return _no_answer(seen)
    reachable = sorted({x.port for x in seen.listeners if not x.is_loopback})
    if reachable:
        return _other_port(seen, reachable)
    if seen.listeners:
        return _loopback_only(seen, list(seen.listeners))
    return Finding(
        "health.nothing_listens",
        f"{seen.app} does not listen on any port",
        (f"after {seen.waited_s:.0f} s no TCP socket listens in the container", *_tail(seen.last_lines)),
        f"Let it listen on 0.0.0.0 and the port in the variable PORT ({seen.port}). If it needs longer to start, "
        "give it time with --health-timeout.",
        (_again(seen.app, "--health-timeout 180"),),
    )


def _loopback_only(seen: HealthEvidence, sockets: Sequence[Listener]) -> Finding:
    listed = ", ".join(str(x) for x in sockets)
    return Finding(
        "health.loopback_only",
        f"{seen.app} listens on {listed} only, where nobody outside its container can reach it",
        (f"listening: {listed}", f"wanted: 0.0.0.0:{seen.port}", *_tail(seen.last_lines)),
        f"Let it listen on 0.0.0.0 (HOST or HOSTNAME in many frameworks) and port {seen.port}.",
        (_again(seen.app, "--env HOST=0.0.0.0 --env HOSTNAME=0.0.0.0"),),
    )


def _other_port(seen: HealthEvidence, ports: Sequence[int]) -> Finding:
    listed = ", ".join(map(str, ports))
    return Finding(
        "health.other_port",
        f"{seen.app} listens on port {listed}, not on {seen.port}",
        (
            f"listening: {', '.join(str(x) for x in seen.listeners)}",
            f"wanted: port {seen.port}",
            *_tail(seen.last_lines),
        ),
        f"Tell Seaway the port that answers requests with --port {ports[0]}, or let the app listen on the port in the "
        "variable PORT.",
        (_again(seen.app, f"--port {ports[0]}"),),
    )


def _no_answer(seen: HealthEvidence) -> Finding:
    return Finding(
        "health.no_answer",
        f"{seen.app} accepts connections on port {seen.port} but does not answer on {seen.path}",
        (f"GET {seen.path} on port {seen.port}: {seen.last_probe.error or 'no answer'}", *_tail(seen.last_lines)),
        "It may wait for something that is not there, such as a database. Give it time with --health-timeout, or name "
        "a path that answers with --health-path.",
        (_again(seen.app, "--health-timeout 180"),),
    )


def explain_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """What it wrote last, as evidence."""
    return _tail(lines)


def _tail(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"| {line}" for line in lines[-MAX_LINES:])


def _meaning(code: int) -> str:
    known = {125: " (the container could not be created)", 126: " (its command may not be executed)",
             127: " (its command was not found)", 134: " (it aborted)", 137: " (it was killed)",
             139: " (it crashed: segmentation fault)", 143: " (it was asked to end)"}  # fmt: skip
    return known.get(code, "")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:.0f} MB"


def _again(app: str, options: str) -> str:
    return f"seaway deploy --again --app {app} {options}"
