"""What could not be put right, by environment: shown beside the app, and tried again with growing pauses."""

from datetime import datetime

from seaway.core.app import EnvironmentKey
from seaway.core.finding import Finding
from seaway.core.upkeep import Trouble, may_try, troubled


class Troubles:
    def __init__(self) -> None:
        self._found: dict[EnvironmentKey, Trouble] = {}

    def of(self, key: EnvironmentKey) -> Finding | None:
        found = self._found.get(key)
        return None if found is None else found.finding

    def may_try(self, key: EnvironmentKey, now: datetime) -> bool:
        return may_try(self._found.get(key), now)

    def add(self, key: EnvironmentKey, finding: Finding, now: datetime) -> None:
        self._found[key] = troubled(self._found.get(key), finding, now)

    def clear(self, key: EnvironmentKey) -> None:
        self._found.pop(key, None)

    def listed(self) -> list[EnvironmentKey]:
        return list(self._found)
