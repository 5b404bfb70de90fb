"""What the machine has left: memory and disk."""

import shutil
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


class ThisMachine:
    """Implements core.ports.Machine. `folder` lies on the disk that is watched."""

    def __init__(self, folder: Path, meminfo: Path = _MEMINFO) -> None:
        self._folder = folder
        self._meminfo = meminfo

    def memory_available_bytes(self) -> int | None:
        try:
            lines = self._meminfo.read_text().splitlines()
        except OSError:
            return None
        found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
        return None if found is None else int(found) * 1024

    def disk(self) -> tuple[int, int]:
        used = shutil.disk_usage(self._folder)
        return used.free, used.total
