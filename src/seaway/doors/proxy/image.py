"""The proxy's image: HAProxy and the libraries it needs out of the distribution's packages, and nothing else.

`mmdebstrap --variant=extract` unpacks the packages without installing them: no shell, no package manager and no
maintainer scripts end up in the image. HAProxy needs none of them; its workers run under a bare user id.
"""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from seaway.core.errors import SeawayError
from seaway.doors import process
from seaway.doors.proxy.errors import ImageNotMade

REPOSITORY = "seaway/proxy"
MAKE_TIMEOUT_S = 600.0
# base-files has the links /lib and /lib64, without which no program finds its loader.
_PACKAGES = ("haproxy", "base-files")
_LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/i18n/*",
    "/usr/lib/*/gconv/*",
)
_KEPT = ("/usr/share/doc/*/copyright",)


@dataclass(frozen=True)
class Recipe:
    """`suite` is the distribution's code name; `sources` writes the machine's package sources to files in a folder."""

    suite: str
    sources: Callable[[Path], list[Path]]

    @property
    def image(self) -> str:
        digest = hashlib.sha256(repr((self.suite, arguments())).encode()).hexdigest()[:8]
        return f"{REPOSITORY}:{self.suite}-{digest}"


def arguments() -> tuple[str, ...]:
    """What decides the content, besides the suite."""
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    kept = [f"--dpkgopt=path-include={pattern}" for pattern in _KEPT]
    return ("--variant=extract", f"--include={','.join(_PACKAGES)}", *left_out, *kept)


@asynccontextmanager
async def packed(recipe: Recipe) -> AsyncIterator[Path]:
    """The image as a tar file, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="seaway-proxy-") as name:
        folder = Path(name)
        # apt's own user looks in here.
        os.chmod(name, 0o755)  # noqa: S103
        tar = folder / "proxy.tar"
        argv = ["mmdebstrap", *arguments(), recipe.suite, str(tar), *map(str, recipe.sources(folder))]
        try:
            result = await process.run(argv, env=_environment(folder), timeout_s=MAKE_TIMEOUT_S)
        except SeawayError as error:
            raise ImageNotMade(error.what.rstrip("."), error.evidence) from error
        if result.code != 0:
            raise ImageNotMade(f"mmdebstrap ended with {result.code}", result.error_lines[-10:])
        yield tar


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}
