"""All commands but deploy and plan, as real processes against the simulated API."""

import json
import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.simulators.api import ApiSimulator, Journey, app, deployment, lines


def test_apps_are_a_table_with_state_url_release_and_memory(
    api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    api.answers["GET", "/api/v1/apps"] = (200, {"apps": [app(), app(name="old", state="stopped", url=None)]})
    done = seaway(known, "apps")
    assert done.returncode == 0
    heads, first, second = (line.split() for line in done.stdout.splitlines())
    assert heads == ["APP", "STATE", "URL", "RELEASE", "MEMORY", "DEPLOYED"]
    assert first[:7] == ["shop", "●", "live", "http://shop.localhost", "3", "61", "MB"]
    assert second[:3] == ["old", "■", "stopped"]


def test_without_apps_the_first_step_is_told(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    api.answers["GET", "/api/v1/apps"] = (200, {"apps": []})
    assert "seaway deploy PATH --app NAME" in seaway(known, "apps").stdout


@pytest.mark.parametrize(
    ("args", "path"),
    [
        (["apps"], "/api/v1/apps"),
        (["show", "shop"], "/api/v1/apps/shop"),
        (["deployments", "shop"], "/api/v1/apps/shop/deployments"),
    ],
)
def test_json_is_the_apis_own_answer(
    args: list[str], path: str, api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    done = seaway(known, *args, "--json")
    assert json.loads(done.stdout) == api.answers["GET", path][1]


def test_an_app_is_shown_with_its_finding_first(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    finding = {"cause": "oom", "title": "It ran out of memory.", "evidence": [], "remedy": "Give it more."}
    api.answers["GET", "/api/v1/apps/shop"] = (
        200,
        app(state="attention", last_deployment=deployment("failed", ended=5, finding=finding)),
    )
    told = seaway(known, "show", "shop").stdout.splitlines()
    assert told[:3] == ["shop  ! attention", "✕ It ran out of memory.", "  Do: Give it more."]
    assert "  variables   DATABASE_URL" in told
    assert told[-1].split() == ["shop-7-1", "◐", "running", "10.1.1.2:3000", "0"]


def test_deployments_are_listed_with_what_they_were(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    row = seaway(known, "deployments", "shop").stdout.splitlines()[1]
    assert row.split()[:7] == ["7", "●", "live", "deploy", "3", "4.2", "s"]
    assert row.endswith("folder abababababab")


@pytest.mark.parametrize(
    ("args", "call", "body"),
    [
        (["restart", "shop"], "restart", None),
        (["start", "shop"], "start", None),
        (["stop", "shop"], "stop", None),
        (["rollback", "shop"], "rollback", {"deployment": None}),
        (["rollback", "shop", "5"], "rollback", {"deployment": 5}),
    ],
)
def test_what_makes_a_deployment_is_watched_to_its_end(
    args: list[str], call: str, body: object, api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    done = seaway(known, *args, "--json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "live")
    assert api.calls() == [f"POST /apps/shop/{call}", "GET /deployments/7/events"]
    assert api.requests[0].json == body


def test_a_stopped_app_is_said_to_be_stopped(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    api.journey = Journey(end=deployment("live", kind="stop"))
    assert seaway(known, "stop", "shop").stdout.splitlines()[-1] == "■ stopped  shop  in 4.2 s"


def test_cancel_waits_until_it_has_stopped(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    api.journey = Journey(end=deployment("cancelled"))
    done = seaway(known, "cancel", "7")
    assert (done.returncode, done.stdout) == (0, "■ cancelled  shop  deployment 7\n")


def test_destroy_without_a_terminal_needs_yes(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    refused = seaway(known, "destroy", "shop")
    assert (refused.returncode, api.calls()) == (2, [])
    assert "Add --yes" in refused.stderr
    done = seaway(known, "destroy", "shop", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"app": "shop", "destroyed": True})
    assert api.calls() == ["DELETE /apps/shop"]


@pytest.mark.parametrize(("typed", "calls"), [("shop\n", ["DELETE /apps/shop"]), ("yes\n", [])])
def test_destroy_asks_for_the_name(typed: str, calls: list[str], api: ApiSimulator, known: dict[str, str]) -> None:
    on_terminal(known, "destroy", "shop", typed=typed)
    assert api.calls() == calls


def test_logs_print_the_lines(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    assert seaway(known, "logs", "shop", "--tail", "5").stdout == "hello\nworld\n"


def test_followed_logs_go_on_after_a_lost_connection_and_end_when_the_app_is_stopped(
    api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    api.log_connections = [["one"], ["two"]]
    api.answers["GET", "/api/v1/apps/shop"] = (200, app())

    def stop_soon() -> None:
        while len(api.log_connections) > 0:
            time.sleep(0.02)
        api.answers["GET", "/api/v1/apps/shop"] = (200, app(state="stopped"))

    threading.Thread(target=stop_soon, daemon=True).start()
    done = seaway(known, "logs", "shop", "-f", "--json")
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["one", "two"]


def test_an_unknown_app_is_one_sentence_and_a_remedy(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    done = seaway(known, "show", "nope", "--json")
    assert done.returncode == 1
    assert done.stderr == "✕ There is no app named 'nope'.\n  Do: `seaway apps` lists those there are.\n"
    assert json.loads(done.stdout)["error"]["cause"] == "app.unknown"


def test_a_name_that_is_no_name_never_reaches_a_path(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    assert seaway(known, "show", "../deployments/1").returncode == 1
    assert api.calls() == []


def test_a_server_that_is_down_is_told_in_one_sentence_with_what_to_do(alone: dict[str, str], seaway: Run) -> None:
    done = seaway({**alone, "SEAWAY_URL": "http://127.0.0.1:1", "SEAWAY_TOKEN": "t-secret"}, "apps")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "✕ Seaway is unreachable at http://127.0.0.1:1."
    assert "seaway serve" in done.stderr
    assert "systemctl status seaway" in done.stderr
    assert "t-secret" not in done.stderr


def test_a_refused_token_says_where_it_came_from(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    done = seaway({**known, "SEAWAY_TOKEN": "wrong"}, "apps")
    assert done.stderr.splitlines()[0] == f"✕ {api.url} refused the token."
    assert "SEAWAY_URL" in done.stderr


@pytest.mark.parametrize("answer", [(200, b"<html>"), (502, b"<html>"), (200, {"other": 1})])
def test_what_is_not_seaway_is_noticed(
    answer: tuple[int, object], api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    api.answers["GET", "/api/v1/apps"] = answer
    done = seaway(known, "apps")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "whether another program answers there" in done.stderr


def test_on_the_server_itself_root_needs_neither_address_nor_token(
    api: ApiSimulator, known: dict[str, str], alone: dict[str, str], seaway: Run
) -> None:
    home = Path(alone["SEAWAY_HOME"])
    home.mkdir()
    (home / "server.json").write_text(json.dumps({"url": known["SEAWAY_URL"]}))
    (home / "token").write_text(known["SEAWAY_TOKEN"] + "\n")
    assert seaway(alone, "apps").returncode == 0


def test_a_deployment_on_a_terminal_keeps_its_steps_and_shows_the_last_lines_live(
    api: ApiSimulator, known: dict[str, str]
) -> None:
    api.journey = Journey(
        [
            ("state", deployment("running", ended=3, running=3)),
            ("progress", {"step": "build", "done": 2, "total": 5, "text": "npm ci"}),
            lines("build", *(f"line {n}" for n in range(40))),
            lines("build", "careful", stream="warn"),
            ("state", deployment("running", ended=4, running=4)),
        ]
    )
    shown = on_terminal(known, "deploy", "--image", "acme/shop", "--app", "shop")
    assert "\x1b[32m✓\x1b[0m build" in shown
    assert "! careful" in shown
    assert "● live" in shown


def on_terminal(env: dict[str, str], *args: str, typed: str = "") -> str:
    """What a person would see."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from seaway.cli import main; main()", *args],
        env={**env, "TERM": "xterm-256color", "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    process.wait(timeout=30)
    os.close(ours)
    return shown.decode()
