"""The pages in Chromium."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from seaway.core.deployment import Status
from seaway.core.events import LogLine
from seaway.web.words import ago, duration
from web.conftest import Open
from web.example_site import CODE, EXITED, NOW, TOKEN, deployment
from web.live_server import Wire

EVERY_PAGE = [
    "/",
    "/apps/shop",
    "/apps/api",
    "/apps/vault",
    "/apps/fresh",
    "/apps/nope",
    "/deployments/128",
    "/deployments/129",
    "/deployments/131",
    "/deployments/132",
    "/deployments/130",
    "/deployments/110",
]
LONGEST = """
    window.worst = {frame: 0, task: 0};
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.worst.task = Math.max(window.worst.task, entry.duration);
    }).observe({type: "longtask", buffered: true});
    let before = performance.now();
    const frame = (now) => {
        window.worst.frame = Math.max(window.worst.frame, now - before);
        before = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
"""
SCROLLED_TO_END = "panel => panel.scrollHeight - panel.scrollTop - panel.clientHeight < 8"


def lines(count: int, *, first: int = 0, step: str = "build") -> list[LogLine]:
    at = int(NOW.timestamp() * 1000)
    text = "#12 [stage-1 4/9] added package node_modules/some-package-with-a-long-name/dist/index.js"
    return [LogLine(at + n, step, "out", f"{text} line {n}.") for n in range(first, first + count)]


async def in_view(page: Page, selector: str) -> bool:
    box = await page.locator(selector).bounding_box()
    size = page.viewport_size
    return box is not None and size is not None and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


# Looks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (2560, "light")])
async def test_no_page_is_wider_than_its_window(opened: Open, address: str, width: int, scheme: str) -> None:
    page = await opened("/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in EVERY_PAGE:
        await page.goto(address + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_a_failure_can_be_understood_without_a_scroll(opened: Open) -> None:
    page = await opened("/deployments/128")
    for part in ("#title", "#finding", "#journey", "#log-prove summary"):
        assert await in_view(page, part), part
    await expect(page.locator("#finding")).to_contain_text("release #127 goes on serving")


async def test_on_a_telephone_the_finding_is_the_first_thing(opened: Open) -> None:
    page = await opened("/deployments/128", viewport={"width": 360, "height": 760})
    assert await in_view(page, "#finding")


# Home ---------------------------------------------------------------------------------------------------------------


async def shown(page: Page) -> list[str]:
    return await page.locator("#apps tr:visible td.name").all_inner_texts()


async def test_home_filters_as_one_types_and_enter_opens_the_first(opened: Open, address: str) -> None:
    page = await opened("/")
    await page.keyboard.press("/")
    await page.keyboard.type("o live")
    assert await shown(page) == ["blog", "docs"]
    await expect(page.locator("#shown")).to_have_text("2 of 7")
    assert "q=o+live" in page.url
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/apps/blog")


async def test_home_is_walked_with_j_and_k(opened: Open, address: str) -> None:
    page = await opened("/")
    for key in "jjjk":
        await page.keyboard.press(key)
    assert await page.evaluate("document.activeElement.textContent") == "blog"
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/apps/blog")


async def test_home_sorts_like_the_server_does(opened: Open, address: str) -> None:
    page, server = await opened("/"), await opened("/", java_script_enabled=False)
    for column in ("memory", "state", "url", "release", "deployment", "name"):
        for sort in (column, f"-{column}"):
            await page.locator(f"[data-column={column}]").click()
            await server.goto(f"{address}/?sort={sort}")
            assert await shown(page) == await shown(server), sort


async def test_home_renews_itself_and_keeps_the_focus(opened: Open, wire: Wire) -> None:
    page = await opened("/")
    await page.locator("#app-shop td.name a").focus()
    wire.site.all_apps["shop"] = replace(wire.site.all_apps["shop"], memory_bytes=99 * 1024**2)
    renew = "async (url) => (await import(url)).renew(location.href)"
    parts = await page.evaluate("document.querySelector('script').src.replace('home.js', 'parts.js')")
    assert await page.evaluate(renew, parts) == ["app-shop"]
    await expect(page.locator("#app-shop td.memory")).to_have_text("99 MB")
    assert await page.evaluate("document.activeElement.textContent") == "shop"


# Ways in and out ----------------------------------------------------------------------------------------------------


async def test_signing_in_restarting_and_signing_out(opened: Open, address: str, wire: Wire) -> None:
    page = await opened("/apps/shop", signed_in=False)
    await page.get_by_label("Token").fill(TOKEN)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/apps/shop")
    await page.get_by_role("button", name="Restart").click()
    await page.wait_for_url(f"{address}/deployments/131")
    assert [(app, kind.value) for app, kind, _ in wire.site.asked] == [("shop", "restart")]
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{address}/login")


async def test_a_stop_asks_for_the_name(opened: Open, wire: Wire, address: str) -> None:
    page = await opened("/apps/shop")
    await page.get_by_text("Stop shop").click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    await stop.click()
    assert wire.site.asked == []
    await page.get_by_label("Type shop to confirm").fill("shop")
    await stop.click()
    await page.wait_for_url(f"{address}/deployments/131")


async def test_a_link_from_another_site_finds_one_signed_in(opened: Open, address: str) -> None:
    page = await opened(f"/login?code={CODE}", signed_in=False)
    await page.goto(address.replace("127.0.0.1", "localhost") + "/login")
    go = "url => { const a = document.createElement('a'); a.href = url; document.body.append(a); a.click(); }"
    await page.evaluate(go, f"{address}/deployments/128")
    await expect(page.locator("#title h1")).to_contain_text("#128")


async def test_what_is_copied_is_the_whole(opened: Open, address: str) -> None:
    page = await opened("/apps/shop")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    button = page.get_by_label("Copy the whole digest")
    await button.click()
    await expect(button).to_have_text("copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "sha256:00000000007f" + "b" * 52


# A deployment, live -------------------------------------------------------------------------------------------------


async def test_a_deployment_is_followed_until_it_fails(opened: Open, wire: Wire) -> None:
    page = await opened("/deployments/131")
    await expect(page.locator("#log-build .line")).to_have_count(12)
    wire.at({"step": "build", "done": 3, "total": 9, "text": "RUN npm ci"})
    await expect(page.locator("#progress")).to_contain_text("build: 3 of 9, RUN npm ci")
    wire.say(131, lines(30, step="check"))
    await expect(page.locator("#log-check .line")).to_have_count(30)
    await expect(page.locator("#log-build")).not_to_have_attribute("open", "")
    assert await page.locator("#log").evaluate(SCROLLED_TO_END)

    wire.become(deployment(131, "worker", Status.FAILED, until="check", ago_s=60, finding=EXITED))
    await expect(page.locator("#finding h2")).to_contain_text(EXITED.title)
    await expect(page.locator("#finding")).to_contain_text("release #120 goes on serving")
    await expect(page.locator("#announcer")).to_have_text("worker deployment 131: failed")
    await expect(page).to_have_title("failed: worker #131 · Seaway")
    await expect(page.locator("#progress")).to_be_hidden()
    assert await page.locator("#log").evaluate(SCROLLED_TO_END)


async def test_twenty_thousand_lines_do_not_freeze_the_page(opened: Open, wire: Wire) -> None:
    page = await opened("/deployments/131")
    await expect(page.locator("#log-build .line")).to_have_count(12)
    await page.evaluate(LONGEST)
    began = time.monotonic()
    for first in range(0, 20_000, 500):
        wire.say(131, lines(500, first=first))
        await asyncio.sleep(0.01)
    await expect(page.locator("#log-build .size")).to_have_text("20,012 lines", timeout=20_000)
    took_s = time.monotonic() - began
    worst = await page.evaluate("window.worst")
    print(f"20,000 lines: {took_s:.2f} s, longest frame {worst['frame']:.0f} ms, longest task {worst['task']:.0f} ms")
    assert took_s < 8
    assert worst["task"] < 1000
    assert worst["frame"] < 1000
    await expect(page.locator("#log-build .line")).to_have_count(20_012)
    assert await page.locator("#log").evaluate(SCROLLED_TO_END)
    assert await in_view(page, "#log-build .line:last-child >> nth=-1")


async def test_a_finished_log_of_twenty_thousand_lines_is_complete(opened: Open, wire: Wire) -> None:
    wire.site.logs[128] = lines(20_000, step="prove")
    page = await opened("/deployments/128")
    await expect(page.locator("#log-prove .size")).to_have_text("20,000 lines", timeout=10_000)
    await page.locator("#search").fill("line 12345.")
    await page.locator("#search").press("Enter")
    await expect(page.locator("#matches")).to_have_text("1 of 1")
    assert await in_view(page, ".line.now")


async def test_scrolling_up_ends_following_and_the_end_resumes_it(opened: Open, wire: Wire) -> None:
    page = await opened("/deployments/131")
    wire.say(131, lines(400))
    await expect(page.locator("#log-build .line")).to_have_count(412)
    follow = page.locator("#follow")
    await page.locator("#log").hover()
    await page.mouse.wheel(0, -600)
    await expect(follow).to_have_attribute("aria-pressed", "false")
    await page.wait_for_timeout(200)
    stood = await page.locator("#log").evaluate("panel => panel.scrollTop")
    wire.say(131, lines(100, first=400))
    await expect(page.locator("#log-build .line")).to_have_count(512)
    assert await page.locator("#log").evaluate("panel => panel.scrollTop") == pytest.approx(stood, abs=1)
    await page.mouse.wheel(0, 20_000)
    await expect(follow).to_have_attribute("aria-pressed", "true")


async def test_lost_contact_is_said_and_caught_up(opened: Open, wire: Wire) -> None:
    page = await opened("/deployments/131")
    await expect(page.locator("#log-build .line")).to_have_count(12)
    wire.down = True
    wire.cut()
    await expect(page.locator("#contact")).to_contain_text("No contact since", timeout=10_000)
    wire.say(131, lines(50))
    wire.down = False
    await expect(page.locator("#log-build .line")).to_have_count(62, timeout=15_000)
    await expect(page.locator("#contact")).to_have_text("In contact again.")
    assert wire.asked_from[0] is None
    assert wire.asked_from[-1] == "48"
    texts = await page.locator("#log-build .line").all_inner_texts()
    assert len(set(texts)) == 62


async def test_an_ended_session_is_said_with_the_way_back(opened: Open, wire: Wire) -> None:
    page = await opened("/deployments/131")
    await expect(page.locator("#log-build .line")).to_have_count(12)
    wire.site.sessions.clear()
    wire.cut()
    await expect(page.locator("#contact a")).to_have_attribute(
        "href", "/login?next=%2Fdeployments%2F131", timeout=10_000
    )


async def test_terminal_colours_and_markup_in_a_live_log_are_text(opened: Open, wire: Wire) -> None:
    page = await opened("/deployments/131")
    wire.say(131, [LogLine(0, "build", "out", "\x1b[31m<img src=x onerror=alert(1)>\x1b[0m")])
    await expect(page.locator("#log-build .line >> nth=-1")).to_have_text("<img src=x onerror=alert(1)>")


# Without JavaScript -------------------------------------------------------------------------------------------------


async def test_without_javascript_state_and_log_are_there(opened: Open, address: str) -> None:
    page = await opened("/deployments/131", java_script_enabled=False)
    await expect(page.locator("#title")).to_contain_text("running")
    await expect(page.locator("#log-build .line")).to_have_count(12)
    await expect(page.locator("#log .hint")).to_be_visible()
    assert await in_view(page, "#log-build .line >> nth=-1")
    await expect(page.locator("#search")).to_be_hidden()
    await page.goto(f"{address}/deployments/128")
    await expect(page.locator("#log-prove .line >> nth=-1")).to_be_visible()
    await expect(page.locator(".copy").first).to_be_hidden()


async def test_the_browser_tells_times_as_the_server_does(opened: Open) -> None:
    page = await opened("/")
    times = await page.evaluate("document.querySelector('script').src.replace('home.js', 'times.js')")
    seconds = [-3, 0.5, 1, 59.9, 60, 3599, 3600, 86399, 86400, 29 * 86400, 30 * 86400, 400 * 86400]
    now_ms = NOW.timestamp() * 1000
    told = "async ([url, list, now]) => list.map(((t) => (s) => t.ago(now - s * 1000, now))(await import(url)))"
    assert await page.evaluate(told, [times, seconds, now_ms]) == [
        ago(NOW - timedelta(seconds=s), NOW) for s in seconds
    ]
    lengths = [-0.1, 0.04, 0.84, 59.94, 59.96, 64, 3599.4, 3599.6, 7500]
    told = "async ([url, list]) => { const t = await import(url); return list.map(t.duration); }"
    assert await page.evaluate(told, [times, lengths]) == [duration(s) for s in lengths]
