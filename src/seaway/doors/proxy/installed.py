"""The proxy's files on disk, and the checked reload that brings them into the running proxy."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from seaway.doors.proxy.config import CONFIG_FILE, ETC, ProxySettings, Rendered
from seaway.doors.proxy.errors import ConfigurationRefused
from seaway.doors.proxy.host import ProxyHost
from seaway.doors.proxy.runtime import RuntimeApi

CANDIDATE_FILE = "haproxy.cfg.candidate"
HAND_OVER_S = 5.0
_POLL_S = 0.01


class Installed:
    """What a restart of the container would come up with."""

    def __init__(self, settings: ProxySettings, host: ProxyHost, runtime: RuntimeApi) -> None:
        self._settings = settings
        self._host = host
        self._runtime = runtime

    def prepare(self) -> None:
        for folder in (self._settings.etc, self._settings.run):
            folder.mkdir(parents=True, exist_ok=True)
            # The workers are nobody, and reach the socket by which they hand requests on.
            folder.chmod(0o711)

    def has_static_part(self, bare: Rendered) -> bool:
        """Whether all but routes is as in `bare`, a rendering without routes."""
        now = self._read(bare.files)
        pages = {name: text for name, text in bare.files.items() if name.endswith(".html")}
        return now[CONFIG_FILE].startswith(bare.config) and all(now[name] == text for name, text in pages.items())

    async def write(self, rendered: Rendered) -> None:
        await asyncio.to_thread(self._write, rendered.files)

    async def reload(self, rendered: Rendered) -> None:
        """Bring it into the running proxy. Raises ConfigurationRefused, and then all is as before."""
        before = await asyncio.to_thread(self._read, rendered.files)
        await self._check(rendered)
        await self.write(rendered)
        done, log = await self._runtime.reload()
        if not done:
            await asyncio.to_thread(self._write, {name: text for name, text in before.items() if text})
            await self._runtime.reload()
            raise ConfigurationRefused(_complaints(log))
        await self._handed_over()

    async def _check(self, rendered: Rendered) -> None:
        pages = {name: text for name, text in rendered.files.items() if name.endswith(".html")}
        await asyncio.to_thread(self._write, {**pages, CANDIDATE_FILE: rendered.config})
        argv = ["/usr/sbin/haproxy", "-c", "-f", f"{ETC}/{CANDIDATE_FILE}"]
        checked = await self._host.execute(self._settings.container, argv)
        (self._settings.etc / CANDIDATE_FILE).unlink(missing_ok=True)
        if checked.code != 0:
            raise ConfigurationRefused(_complaints(checked.output))

    async def _handed_over(self) -> None:
        """Wait until each old worker knows that it is one: from then on it sends nothing new to a server by itself."""
        deadline = time.monotonic() + HAND_OVER_S
        for worker in await self._runtime.workers():
            while not worker.current and time.monotonic() < deadline:
                if await self._runtime.is_stopping(worker):
                    break
                await asyncio.sleep(_POLL_S)

    def _read(self, names: Mapping[str, str]) -> dict[str, str]:
        paths = {name: self._settings.etc / name for name in names}
        return {name: path.read_text() if path.exists() else "" for name, path in paths.items()}

    def _write(self, files: Mapping[str, str]) -> None:
        now = self._read(files)
        for name, text in files.items():
            path = self._settings.etc / name
            if now[name] != text or not path.exists():
                _replace(path, text)


def _replace(path: Path, text: str) -> None:
    """A reader, also one after a power cut, finds the old text or the new one."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o644)
    temporary.replace(path)


def _complaints(log: str) -> list[str]:
    lines = [line for line in log.splitlines() if "[ALERT]" in line or "[WARNING]" in line]
    return lines or log.splitlines()
