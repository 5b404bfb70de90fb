"""Why a build failed: its own words, and the one finding that follows from the first sign found in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seaway.core.build_sign import Sign, sign
from seaway.core.finding import Finding
from seaway.core.install_signs import INSTALL_SIGNS

MAX_LINES = 20
MAX_STEP = 80
_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
_EXIT_CODE = re.compile(r"exit code: (\d+)\Z")
_COMMAND = re.compile(r'process ".*" did not', re.DOTALL)


@dataclass(frozen=True)
class FailedBuild:
    """What was seen: the step that failed, BuildKit's error, the step's last lines, the place in the Dockerfile."""

    step: str = ""
    error: str = ""
    lines: tuple[str, ...] = ()
    excerpt: tuple[str, ...] = ()
    app: str = "APP"

    @property
    def verdict(self) -> str:
        """The error without the command that it quotes: what the app's own text says is no sign."""
        return _COMMAND.sub("process did not", self.error)

    @property
    def short_step(self) -> str:
        return self.step if len(self.step) <= MAX_STEP else self.step[: MAX_STEP - 1] + "…"

    @property
    def exit_code(self) -> int | None:
        found = _EXIT_CODE.search(self.error)
        return int(found[1]) if found else None


def explain_failed_build(seen: FailedBuild) -> Finding:
    for each in SIGNS:
        found = _search(each, seen)
        if found is not None:
            return _finding(each, seen, found.groupdict())
    return _plain(seen)


def _search(one: Sign, seen: FailedBuild) -> re.Match[str] | None:
    texts = {"error": (seen.verdict,), "lines": seen.lines, "both": (seen.verdict, *seen.lines)}[one.where]
    # Of several lines that fit the last one is what it ended with.
    return next((found for text in reversed(texts) if (found := one.pattern.search(text))), None)


def _finding(one: Sign, seen: FailedBuild, groups: Mapping[str, str | None]) -> Finding:
    words = {
        "app": seen.app,
        "step": seen.short_step or "the build",
        **{name: text or "" for name, text in groups.items()},
    }
    commands = tuple(command.format_map(words) for command in one.commands)
    return Finding(one.cause, one.title.format_map(words), _evidence(seen), one.remedy.format_map(words), commands)


def _plain(seen: FailedBuild) -> Finding:
    code = f" with exit code {seen.exit_code}" if seen.exit_code is not None else ""
    return Finding(
        "build.failed",
        f"The step {seen.short_step!r} failed{code}" if seen.step else "The build failed",
        _evidence(seen),
        "Its last lines above say why. Run the same command on your own machine, in a fresh clone, to see it again.",
    )


def _evidence(seen: FailedBuild) -> tuple[str, ...]:
    step = (f"step: {seen.step}",) if seen.step else ()
    error = (seen.error,) if seen.error else ()
    return (*step, *error, *seen.excerpt, *(f"| {line}" for line in seen.lines[-MAX_LINES:]))


_DISK = (
    "Free some: `docker system df` shows what takes the space; the commands below remove what nothing uses. "
    "Then deploy again."
)
_PRUNE = ("docker builder prune", "docker image prune")
_MEMORY = (
    "Stop what else runs on this machine, add memory or swap, or let the build do less at once. A Next.js build "
    "needs about 700 MB free."
)
_UNREACHABLE = "{host} could not be reached from the build"
_NETWORK = (
    "A build reaches what this machine reaches: see whether it resolves the name (`getent hosts {host}`). If the "
    "machine shall not reach it, let the build not need it; otherwise try again once it answers."
)
_BASE = (
    "The line of evidence above is the registry's or the network's own answer. See whether the name is right and "
    "which link fails:"
)

# The order matters: the first that fits wins, so what is certain comes before what is likely.
SIGNS = (
    sign(
        "docker.not_running",
        "error",
        r"Cannot connect to the Docker daemon|error during connect",
        "Docker does not answer",
        "Start it, then deploy again.",
        "systemctl start docker",
    ),
    sign(
        "docker.no_permission",
        "error",
        r"permission denied while trying to connect to the Docker daemon",
        "Seaway may not open Docker's socket",
        "Run Seaway as root, or add its user to the group docker, and restart it.",
    ),
    sign(
        "build.buildx_missing",
        "error",
        r"'buildx' is not a docker command|unknown command: docker buildx",
        "Docker's build plug-in buildx is not installed",
        "Install the package docker-buildx (Debian) or docker-buildx-plugin (Docker's own packages).",
    ),
    sign(
        "build.disk_full",
        "both",
        r"[Nn]o space left on device|ENOSPC|Disk quota exceeded",
        "The disk is full",
        _DISK,
        *_PRUNE,
    ),
    sign(
        "build.dockerfile_broken",
        "error",
        r"dockerfile parse error on line (?P<line>\d+): (?P<why>.+)",
        "The Dockerfile is wrong in line {line}: {why}",
        "Put that line right and deploy again.",
    ),
    sign(
        "build.dockerfile_broken",
        "error",
        r"(?P<why>file with no instructions"
        r"|the Dockerfile \([^)]*\) cannot be empty|target stage \S+ could not be found"
        r"|failed to parse stage name .+|no build stage in current context|circular dependency detected.*"
        r"|invalid from flag value .+|dockerfile parse error: .+)",
        "The Dockerfile is wrong: {why}",
        "Put it right and deploy again.",
    ),
    sign(
        "build.base_unavailable",
        "error",
        r"failed to resolve source metadata for (?P<image>docker\.io/docker/dockerfile[\w.:@-]*):",
        "The Dockerfile's first line asks for {image}, which cannot be had",
        "Remove the line `# syntax=...`: the syntax that Docker brings along is enough for nearly all, and needs "
        "no registry.",
    ),
    sign(
        "build.base_unavailable",
        "error",
        r"failed to resolve source metadata for (?P<image>[\w./:@-]+):",
        "The base image {image} cannot be had",
        _BASE,
        "seaway doctor {image}",
    ),
    sign(
        "build.base_unavailable",
        "error",
        r"(?P<image>[\w.-]+/[\w./:@-]+): (?:pull access denied|failed to authorize|not found)",
        "The base image {image} cannot be had",
        _BASE,
        "seaway doctor {image}",
    ),
    sign(
        "build.missing_file",
        "error",
        r"failed to calculate checksum of ref \S+: \"/?(?P<file>[^\"]+)\": not found",
        "{file} is not among the files that are built from",
        "It is missing from the repository or folder, or .dockerignore (or .gitignore) leaves it out. Add it, or take "
        "it out of the line COPY.",
    ),
    sign(
        "build.out_of_memory",
        "lines",
        r"JavaScript heap out of memory",
        "The build needs more memory than Node.js allows itself",
        "Let it take more, if the machine has it: set the variable NODE_OPTIONS for this app and deploy again.",
        "seaway deploy --app {app} --env NODE_OPTIONS=--max-old-space-size=4096",
    ),
    sign(
        "build.out_of_memory",
        "error",
        r"exit code: 137\b|signal: killed",
        "The step {step!r} was killed, most likely because the machine ran out of memory",
        _MEMORY,
        "free -m",
        "dmesg | grep -i 'out of memory'",
    ),
    sign(
        "build.out_of_memory",
        "lines",
        r"^(?:sh: line \d+: +\d+ )?Killed\b|signal: killed|Killed signal terminated program|[Cc]annot allocate memory"
        r"|SIGKILL",
        "The step {step!r} was killed, most likely because the machine ran out of memory",
        _MEMORY,
        "free -m",
        "dmesg | grep -i 'out of memory'",
    ),
    *INSTALL_SIGNS,
    sign(
        "build.unreachable_host",
        "lines",
        r"Failed to fetch (?:font )?`(?P<font>[^`]+)`(?: from Google Fonts)?",
        "The font {font} could not be fetched from fonts.googleapis.com",
        "next/font/google loads it at build time. Let the machine reach fonts.googleapis.com and fonts.gstatic.com, "
        "or put the font into the repository and load it with next/font/local.",
        "getent hosts fonts.googleapis.com",
    ),
    *(
        sign("build.unreachable_host", "lines", pattern, _UNREACHABLE, _NETWORK, "getent hosts {host}")
        for pattern in (
            rf"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) {_HOST}",
            rf"(?:connect|read) (?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET) {_HOST}",
            rf"[Cc]ould not resolve host(?:name)?:? ['\"]?{_HOST}",
            rf"(?:Temporary failure resolving|Could not resolve) '{_HOST}'",
            # Composer breaks lines wherever they are full: what git says after the address may not be found.
            rf"unable to access 'https?://{_HOST}",
            rf"unable to resolve host address [‘'\"]{_HOST}",
            rf"bad address '{_HOST}'",
            rf"dial tcp: lookup {_HOST}",
            rf"[Ff]ailed to connect to {_HOST} port",
            rf"ConnectionPool\(host='{_HOST}'",
            rf"(?:failed to lookup address information|dns error).*?(?:https?://){_HOST}",
            rf"https?://{_HOST}\S*.*(?:dns error|failed to lookup address|Name or service not known"
            r"|Temporary failure in name resolution|Network is unreachable)",
        )
    ),
    sign(
        "build.command_missing",
        "lines",
        r"(?:^|: )(?P<program>[\w./@+-]+): (?:command )?not found$",
        "The step {step!r} calls {program}, which is not installed in the build",
        "Add the package that brings it: to the dependencies of the app (not only those for development), or to "
        "`aptPkgs` in nixpacks.toml, or to the Dockerfile.",
    ),
)
