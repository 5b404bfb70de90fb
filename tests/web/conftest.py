"""A browser, and the pages on a real server. A message on the console or a refusal by the CSP fails its test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from web.example_site import example_site
from web.live_server import Wire, served, web_app

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--headless",
]
# What the network refuses is said by the page itself; the browser's own note about it is no fault.
EXPECTED = ("Failed to load resource", "net::ERR_")

Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@pytest_asyncio.fixture
async def wire() -> Wire:
    return Wire(example_site())


@pytest_asyncio.fixture
async def address(wire: Wire) -> AsyncIterator[str]:
    async with served(web_app(wire.site, wire)) as url:
        yield url
        wire.cut()


@pytest_asyncio.fixture
async def opened(browser: Browser, address: str) -> AsyncIterator[Open]:
    """Opens a path as the signed-in owner."""
    contexts, faults = [], []

    async def open_path(path: str, *, signed_in: bool = True, **options: Any) -> Page:
        context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        if signed_in:
            cookie = {"name": "seaway_session", "value": "a-session-of-the-tests", "url": address}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(address + path)
        return page

    yield open_path
    for context in contexts:
        await context.close()
    assert [f for f in faults if not any(each in f for each in EXPECTED)] == []
