"""A memory with a limited life in which one question is asked once, however many want the answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class OneInFlight(Generic[K, V]):
    """`make` returns the value and for how many seconds it holds; 0 means it is only for those who wait now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, size: int = 1000) -> None:
        self._clock = clock
        self._size = size
        self._kept: dict[K, tuple[V, float]] = {}
        self._asking: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K, make: Callable[[], Awaitable[tuple[V, float]]]) -> tuple[V, bool]:
        """The value, and whether it was known before."""
        kept = self._kept.get(key)
        if kept is not None and kept[1] > self._clock():
            return kept[0], True
        if key not in self._asking:
            task = asyncio.create_task(self._ask(key, make))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        # Shielded: one who stops waiting must not take the answer from the others.
        return await asyncio.shield(self._asking[key]), False

    def forget(self, key: K) -> None:
        self._kept.pop(key, None)

    def forget_all(self, unwanted: Callable[[K], bool]) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if not unwanted(key)}

    def _done(self, key: K, task: asyncio.Task[V]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()

    async def _ask(self, key: K, make: Callable[[], Awaitable[tuple[V, float]]]) -> V:
        value, holds_s = await make()
        if holds_s > 0:
            if len(self._kept) >= self._size:
                self._kept.clear()
            self._kept[key] = (value, self._clock() + holds_s)
        return value
