"""BuildKit, through `docker buildx build`.

1. A build runs with an empty Docker configuration of its own: no login of this machine takes part in it.
2. The app's tree is read and never written. The Dockerfile, its ignore file and the recipe's files lie in a private
   directory, in memory where the machine has one; the files are the named context FILES_CONTEXT.
3. The app's variables reach a build as one secret file, never as an argument, and go with the directory.
4. Bases were proved and pulled before; `--pull` would ask a registry again and is never given.
"""

import hashlib
import json
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from seaway.core.build_failure import explain_failed_build
from seaway.core.errors import Invalid
from seaway.core.events import Progress
from seaway.core.finding import Finding, FindingError
from seaway.core.ports import BuildJob
from seaway.core.recipe import ENV_SECRET, Recipe
from seaway.core.secret import Secret
from seaway.doors.buildkit_progress import BuildProgress, Line
from seaway.doors.process import ProgramMissing, watch

CA_SECRET = "seaway-ca"  # noqa: S105 - the id of a BuildKit secret, not one
"""BuildKit secret that holds the certificate authorities that this machine trusts."""
FILES_CONTEXT = "seaway"
"""Named context of Recipe.context_files: `COPY --from=seaway FILE .`."""

CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
MEMORY_DISK = Path("/dev/shm")  # noqa: S108 - for a 0700 directory of our own
CANCEL_GRACE_S = 0.8
PASSED_ON = ("PATH", "LANG", "DOCKER_HOST")
# Docker hands these to RUN without keeping them in the image; named without a value, they stay out of the arguments.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


class BuildFailed(FindingError):
    """The app did not build; `finding` says why."""

    code = "build.failed"


class BadContextFile(Invalid):
    code = "build.bad_context_file"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} leaves the build's directory.", remedy="Name the file relative to the app's root.")


@dataclass(frozen=True)
class _Room:
    """The private directory of one build."""

    root: Path

    @property
    def docker_config(self) -> Path:
        return self.root / "docker"

    @property
    def dockerfile(self) -> Path:
        return self.root / "Dockerfile"

    @property
    def files(self) -> Path:
        return self.root / "files"

    def secret(self, name: str) -> Path:
        return self.root / f"secret-{name}"

    @property
    def metadata(self) -> Path:
        return self.root / "metadata.json"


class BuildkitDoor:
    """Implements core.ports.Builder.

    `env` is the control plane's own environment, of which little is passed on. `secrets` are texts that every build
    may mount by their id, such as this machine's settings for a package registry.
    """

    def __init__(
        self,
        home: Path,
        env: Mapping[str, str],
        *,
        secrets: Mapping[str, Secret] | None = None,
        memory_disk: Path = MEMORY_DISK,
    ) -> None:
        self._buildx_config = home / "buildx"
        self._env = env
        self._secrets = dict(secrets or {})
        self._ca_bundle = Path(env.get("SSL_CERT_FILE") or CA_BUNDLE)
        self._parent = memory_disk if memory_disk.is_dir() else None
        # So that what is left behind can be told from the builds of another Seaway on this machine.
        self._prefix = f"seaway-build-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}-"

    async def build(self, job: BuildJob, line: Line, progress: Callable[[Progress], None]) -> str:
        report = BuildProgress(line, progress)
        with self._room(job) as room:
            argv = self._arguments(job, room)
            try:
                code = await watch(
                    argv, env=self._environment(room), out=report.feed, err=report.feed, grace_s=CANCEL_GRACE_S
                )
            except ProgramMissing as error:
                raise BuildFailed(_docker_missing(error)) from error
            report.end()
            if code != 0:
                raise BuildFailed(explain_failed_build(report.failure(job.app)))
            return _image_id(room)

    def clean(self) -> None:
        """Remove what builds of an earlier process left behind. Call this once, before the first build."""
        for left in Path(self._parent or tempfile.gettempdir()).glob(f"{self._prefix}*"):
            shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def _room(self, job: BuildJob) -> Iterator[_Room]:
        root = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self._parent))
        try:
            room = _Room(root)
            _furnish(room, job, self._secrets)
            self._buildx_config.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield room
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _environment(self, room: _Room) -> dict[str, str]:
        own = {name: self._env[name] for name in (*PASSED_ON, *PROXY_VARIABLES) if name in self._env}
        return own | {
            "HOME": str(room.root),
            "DOCKER_CONFIG": str(room.docker_config),
            "BUILDX_CONFIG": str(self._buildx_config),
            "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
            "DOCKER_CLI_HINTS": "false",
            "SSL_CERT_FILE": str(self._ca_bundle),
        }

    def _arguments(self, job: BuildJob, room: _Room) -> list[str]:
        recipe = job.recipe
        argv = ["docker", "buildx", "build", "--builder", "default", "--progress", "rawjson", "--network", "default"]
        argv += ["-f", str(room.dockerfile), "-t", job.tag, "--metadata-file", str(room.metadata)]
        for name in (ENV_SECRET, *sorted(self._secrets)):
            argv += ["--secret", f"id={name},src={room.secret(name)}"]
        if self._ca_bundle.is_file():
            argv += ["--secret", f"id={CA_SECRET},src={self._ca_bundle}"]
        if recipe.context_files:
            argv += ["--build-context", f"{FILES_CONTEXT}={room.files}"]
        if recipe.target is not None:
            argv += ["--target", recipe.target]
        for name, value in sorted(job.labels.items()):
            argv += ["--label", f"{name}={value}"]
        for name in PROXY_VARIABLES:
            argv += ["--build-arg", name] if name in self._env else []
        for name, value in sorted(recipe.build_args.items()):
            argv += ["--build-arg", f"{name}={value}"]
        return [*argv, str(job.context)]


def _furnish(room: _Room, job: BuildJob, secrets: Mapping[str, Secret]) -> None:
    room.docker_config.mkdir(mode=0o700)
    (room.docker_config / "config.json").write_text("{}")
    room.dockerfile.write_text(job.recipe.dockerfile)
    patterns = _ignored(job.context, job.recipe)
    if patterns:
        # BuildKit prefers this file to the context's .dockerignore.
        (room.root / "Dockerfile.dockerignore").write_text(patterns)
    for name, text in job.recipe.context_files.items():
        _put(room.files, name, text)
    texts = {name: secret.reveal() for name, secret in secrets.items()} | {ENV_SECRET: _env_lines(job.env)}
    for name, text in texts.items():
        room.secret(name).touch(mode=0o600)
        room.secret(name).write_text(text)


def _put(folder: Path, name: str, text: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadContextFile(name)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def _ignored(context: Path, recipe: Recipe) -> str:
    """The recipe's patterns, then the app's own: of two that fit the last wins, so the app can take one back."""
    own = [context / f"{recipe.dockerfile_path}.dockerignore"] if recipe.dockerfile_path else []
    files = (path for path in (*own, context / ".dockerignore") if path.is_file() and not path.is_symlink())
    first = next(files, None)
    return "".join(f"{pattern}\n" for pattern in recipe.ignored) + (first.read_text(errors="replace") if first else "")


def _env_lines(env: Mapping[str, Secret]) -> str:
    return "".join(f"export {name}={shlex.quote(value.reveal())}\n" for name, value in sorted(env.items()))


def _image_id(room: _Room) -> str:
    return str(json.loads(room.metadata.read_text())["containerimage.digest"])


def _docker_missing(error: ProgramMissing) -> Finding:
    return Finding(
        "build.docker_missing",
        "Docker's command line is not installed on this machine",
        (error.what,),
        "Install it with its build plug-in, then deploy again.",
        ("apt-get install docker-cli docker-buildx",),
    )
