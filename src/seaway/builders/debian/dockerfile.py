"""Writes Dockerfiles: every value that comes from outside is quoted here.

1. Never a `# syntax=` line: it would be resolved at a registry.
2. Secrets are files of /run/secrets for the time of one RUN: no value in a layer, in an argument or in the history.
   Before a RUN with one BuildKit spends up to 2 s (it grows with the files of the image), so they are few.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seaway.core.errors import Invalid
from seaway.core.recipe import ENV_SECRET
from seaway.core.toolchain import CA_BUNDLE

NPMRC_SECRET = "seaway-npmrc"  # noqa: S105 - the id of a BuildKit secret, not one
PIP_SECRET = "seaway-pip"  # noqa: S105 - the id of a BuildKit secret, not one
CONTEXT = "seaway"
ENV_DIGEST = "SEAWAY_ENV_DIGEST"
"""Build argument that changes whenever a variable does; RUN lines after its ARG are run again then."""

TRUST = dict.fromkeys(("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"), CA_BUNDLE)
PYTHON_TRUST = dict.fromkeys(("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), CA_BUNDLE)
"""Variables of a build stage for tools that would trust only the authorities that they bring along."""
_NEXT_LINE = " \\\n    "
_APT_CACHES = (
    "--mount=type=cache,id=seaway-apt-cache,target=/var/cache/apt,sharing=locked",
    "--mount=type=cache,id=seaway-apt-lists,target=/var/lib/apt/lists,sharing=locked",
)
# apt is told that what the runtime has is installed, and so is what only maintainer scripts would use.
_UNPACK = """\
set -e
apt-get update -q
{
  for each in /runtime/var/lib/dpkg/status.d/*; do cat "$each"; echo; done
  for each in debconf dpkg init-system-helpers mawk perl-base; do dpkg-query -s "$each"; echo; done
} | sed -En 's/^Package: .*/&\\nStatus: install ok installed/p; /^(Architecture|Multi-Arch|Version|Provides):|^$/p' \\
  > /tmp/status
mkdir -p /tmp/packages/partial /system/var/lib/dpkg/status.d
apt-get install -q -y --download-only --no-install-recommends \\
  -o Dir::State::status=/tmp/status -o Dir::Cache::archives=/tmp/packages PACKAGES
for each in /tmp/packages/*.deb; do
  dpkg-deb --fsys-tarfile "$each" | tar -x -C /system --exclude=./usr/share/{bug,doc,info,lintian,locale,man,pixmaps}
  dpkg-deb -f "$each" > "/system/var/lib/dpkg/status.d/$(dpkg-deb -f "$each" Package)"
done
rm -rf /tmp/packages /tmp/status"""
_READ_ENV = f". /run/secrets/{ENV_SECRET}"


class UnwritableVariable(Invalid):
    code = "builder.unwritable_variable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The variable {name} of the plan has more than one line, which an image cannot hold.",
            remedy=f"Set it for the app instead: `seaway deploy --env {name}=...`.",
        )


@dataclass(frozen=True)
class Stage:
    """One FROM and what follows it."""

    image: str
    lines: Sequence[str]
    name: str | None = None

    def text(self) -> str:
        name = f" AS {self.name}" if self.name else ""
        return "\n".join([f"FROM {self.image}{name}", *self.lines])


def written(stages: Sequence[Stage]) -> str:
    return "\n\n".join(stage.text() for stage in stages) + "\n"


def env(values: Mapping[str, str]) -> list[str]:
    """One ENV line for each variable, sorted."""
    return [f"ENV {name}={_quoted(name, value)}" for name, value in sorted(values.items())]


def path(folders: Sequence[str]) -> str:
    """ENV that puts folders before the PATH; they may name variables, like $HOME/bin."""
    return 'ENV PATH="' + ":".join([*(folder.replace('"', '\\"') for folder in folders), "$PATH"]) + '"'


def exec_form(instruction: str, words: Sequence[str]) -> str:
    return f"{instruction} {json.dumps(list(words), ensure_ascii=False)}"


def copy(*paths: str, stage: str | None = None, owner: int | None = None) -> str:
    """COPY of paths, the last one being the target."""
    options = ([f"--from={stage}"] if stage else []) + ([f"--chown={owner}:{owner}"] if owner is not None else [])
    return exec_form(" ".join(["COPY", *options]), paths)


def run(command: str, mounts: Sequence[str] = (), *, reads_env: bool = False) -> str:
    """RUN of a command for the shell; with `reads_env` it sees the app's variables."""
    mounts = [*mounts, *([secret(ENV_SECRET)] if reads_env else [])]
    prelude = [_READ_ENV] if reads_env else []
    if not _fits_one_line(command):
        return _here_document(mounts, ["set -e", *prelude, command])
    body = " && ".join([*prelude, command])
    return _NEXT_LINE.join([" ".join(["RUN", *mounts[:1]]), *mounts[1:], body]) if mounts else f"RUN {body}"


def run_all(commands: Sequence[str], mounts: Sequence[str], *, reads_env: bool) -> list[str]:
    """Commands one after the other, each in a shell of its own: in one RUN if each would have to read the secret."""
    if len(commands) < 2 or not reads_env:
        return [run(command, mounts, reads_env=reads_env) for command in commands]
    lines = [line for command in commands for line in ("(", command, ") || exit")]
    return [_here_document([*mounts, secret(ENV_SECRET)], [_READ_ENV, *lines])]


def _here_document(mounts: Sequence[str], lines: Sequence[str]) -> str:
    end = "SEAWAY_END"
    while any(end in line for line in lines):
        end += "_"
    return "\n".join([_NEXT_LINE.join([" ".join(["RUN", *mounts[:1]]), *mounts[1:], f"<<'{end}'"]), *lines, end])


def secret(name: str, target: str | None = None) -> str:
    return f"--mount=type=secret,id={name}" + (f",target={target}" if target else "")


def cache(app: str, folder: str, root: str = "/app") -> str:
    """A cache of this app alone, for a folder as a plan names it: absolute, below `~`, or below the app's root."""
    target = re.sub(r"^~(?=/|$)", "/root", folder)
    target = target if target.startswith("/") else f"{root}/{target}"
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder).strip("-.")
    return f"--mount=type=cache,id=seaway-{app}-{name},target={target}"


def apt_install(packages: Sequence[str]) -> str:
    """RUN that installs packages of the distribution; what apt downloads stays in a cache that all builds share."""
    names = " ".join(packages)
    return run(
        "apt-get update -q && DEBIAN_FRONTEND=noninteractive "
        f"apt-get install -q -y --no-install-recommends {names} && rm -f /var/log/apt/* /var/log/dpkg.log",
        _APT_CACHES,
    )


def unpacked(packages: Sequence[str], runtime: str) -> str:
    """RUN that lays packages, with all that the image `runtime` lacks of what they need, into /system.

    They are unpacked, not installed: for packages that work without their maintainer scripts.
    """
    script = _UNPACK.replace("PACKAGES", " ".join(packages))
    return _here_document([f"--mount=type=bind,from={runtime},target=/runtime", *_APT_CACHES], script.splitlines())


def _fits_one_line(command: str) -> bool:
    # A RUN line ends at a newline, goes on after a backslash, and takes `<<` for a here-document of its own.
    return not ("\n" in command or "<<" in command or command.endswith("\\"))


def _quoted(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise UnwritableVariable(name)
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'
