"""A release that does not get healthy: which of the reasons it was, and that nothing else changed."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e import machine
from e2e.apps import SERVES, busybox_app
from e2e.server import Server, is_one_sentence

APP = "patient"
FAILING = "#!/bin/sh\nprintf 'HTTP/1.0 500 Internal Server Error\\r\\nContent-Length: 0\\r\\n\\r\\n'\n"


@dataclass(frozen=True)
class Case:
    """`evidence` and `remedy` are words that must be among them."""

    cause: str
    command: str
    evidence: tuple[str, ...]
    remedy: str
    options: tuple[str, ...] = ()


CASES = (
    Case(
        "health.exited",
        "echo opening; echo no such table >&2; exit 3",
        ("code 3", "| opening", "| no such table"),
        "last lines",
    ),
    Case("health.out_of_memory", "exec tail /dev/zero", ("16 MB",), "Raise the limit", ("--memory", "16m")),
    Case("health.loopback_only", "exec httpd -f -p 127.0.0.1:3000", ("127.0.0.1:3000",), "0.0.0.0"),
    Case("health.other_port", "exec httpd -f -p 8081", ("8081", "port 3000"), "--port 8081"),
    Case(
        "health.server_error",
        SERVES,
        ("GET /cgi-bin/health on port 3000 -> 500",),
        "--health-path",
        ("--health-path", "/cgi-bin/health"),
    ),
    Case("health.nothing_listens", "echo sleeping; exec sleep 1000", ("no TCP socket", "| sleeping"), "0.0.0.0"),
    Case("health.no_answer", "exec nc -ll -p 3000 -e sleep 1000", ("no answer",), "--health-timeout"),
)


@pytest.fixture(scope="module")
def patient(server: Server, busybox: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The container of a release that serves."""
    folder = busybox_app(tmp_path_factory.mktemp("patient"), busybox, SERVES, files={"index.html": "the old release"})
    server.deploy_live(folder, APP)
    return str(server.settled_containers(APP)[0]["Id"])


@pytest.mark.parametrize("case", CASES, ids=[case.cause for case in CASES])
def test_an_unhealthy_release_is_explained_and_the_old_one_serves_on(
    server: Server, busybox: str, patient: str, tmp_path: Path, case: Case
) -> None:
    folder = busybox_app(tmp_path / "app", busybox, case.command, files={"cgi-bin/health": FAILING})
    limits = ("--memory", "256m", "--health-path", "/", "--health-timeout", "2")
    releases = server.app(APP)["releases"]
    said = server.deploy(folder, APP, *limits, *case.options)
    told = said.json
    print(f"\n{told['seconds']['total']:.1f} s", told["finding"])

    assert said.code == 1
    assert told["status"] == "failed"
    finding = told["finding"]
    assert finding["cause"] == case.cause
    assert is_one_sentence(finding["title"])
    for words in case.evidence:
        assert any(words in line for line in finding["evidence"]), finding["evidence"]
    assert case.remedy in finding["remedy"]
    assert "Traceback" not in said.err

    assert server.ask(f"{APP}.localhost").body == "the old release"
    assert [each["Id"] for each in server.containers(APP)] == [patient], "nothing of the failed one stays"
    assert server.app(APP)["releases"] == releases


def test_the_images_of_failed_releases_go_with_the_next_that_serves(
    server: Server, busybox: str, tmp_path: Path
) -> None:
    kept = {server.deploy_live(busybox_app(tmp_path / "app", busybox, SERVES), "lessons")["image"]}
    for code in (1, 2):
        assert server.deploy(busybox_app(tmp_path / "app", busybox, f"exit {code}"), "lessons").code == 1
    mended = busybox_app(tmp_path / "app", busybox, SERVES, files={"index.html": "mended"})
    kept.add(server.deploy_live(mended, "lessons")["image"])
    machine.wait_until(lambda: set(server.images("lessons")) == kept, "only what can be rolled back to stays")


def test_the_first_release_of_an_app_that_fails_leaves_nothing_behind(
    server: Server, busybox: str, tmp_path: Path
) -> None:
    folder = busybox_app(tmp_path / "app", busybox, "exit 1")
    assert server.deploy(folder, "stillborn").code == 1
    assert server.containers("stillborn") == []
    assert server.app("stillborn")["state"] != "live"
    assert server.ask("stillborn.localhost").status in (404, 503)
    assert server.seaway("destroy", "stillborn", "--yes").code == 0
    assert server.images("stillborn") == []
