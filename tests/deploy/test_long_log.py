"""A build that writes 200,000 lines at 20,000 lines a second: nothing is lost, and the control plane has time left."""

import asyncio
import time

from tests.deploy.conftest import House

from seaway.actions.access import OWNER
from seaway.core.app import SettingsChange
from seaway.core.deployment import Deployment, Status
from seaway.core.secret import Secret

LINES, PER_SECOND = 200_000, 20_000


async def test_nothing_of_a_long_log_is_lost_while_somebody_reads_along(house: House) -> None:
    build = house.images.build
    spent = 0.0

    async def chatty(job, line, progress):
        nonlocal spent
        began, cpu = time.monotonic(), time.process_time()
        for number in range(LINES):
            line("out", f"line {number} of a build that has much to say about each of its files")
            if number % 200 == 199:
                await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        spent = time.process_time() - cpu
        return await build(job, line, progress)

    house.images.build = chatty
    reading = asyncio.create_task(_read_along(house))
    longest = asyncio.create_task(_longest_pause(house))
    done = await _deployed(house)
    assert done.status is Status.LIVE
    read, pause = await reading, await longest
    print(f"\n{LINES} lines: {spent:.1f} s of CPU for {LINES / PER_SECOND:.0f} s; longest pause {pause * 1000:.0f} ms")
    assert read == [f"line {n} of a build that has much to say about each of its files" for n in range(LINES)]
    assert spent < LINES / PER_SECOND
    assert pause < 1.0


async def _deployed(house: House) -> Deployment:
    made = await house.deploying.deploy(
        OWNER, "shop", await house.tree(), SettingsChange(env={"A": Secret("hidden-1")})
    )
    while house.worker.busy or not (await house.ports.journal.get(made.id)).status.is_final:
        await asyncio.sleep(0.1)
    return await house.ports.journal.get(made.id)


async def _read_along(house: House) -> list[str]:
    found, offset = [], 0
    while len(found) < LINES:
        lines, offset = house.ports.log.read(1, offset, 256 * 1024)
        found += [line.text for line in lines if line.stream == "out" and line.text.startswith("line ")]
        await asyncio.sleep(0 if lines else 0.05)
    return found


async def _longest_pause(house: House) -> float:
    """How long the loop did not come round: what a request would have waited."""
    while not house.worker.busy:
        await asyncio.sleep(0.01)
    longest, last = 0.0, time.monotonic()
    while house.worker.busy:
        await asyncio.sleep(0.01)
        now = time.monotonic()
        longest, last = max(longest, now - last - 0.01), now
    return longest
