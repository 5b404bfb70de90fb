"""`seaway deploy` from end to end: a real process against the simulated API."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.simulators.api import ApiSimulator, Journey, app, deployment, lines

Start = Callable[..., "subprocess.Popen[str]"]

FINDING = {
    "cause": "login_expired",
    "title": "The login for ghcr.io/acme has expired.",
    "evidence": ["ghcr.io answered 403 DENIED at the token step"],
    "remedy": "Renew it.",
    "commands": ["seaway credentials rotate ghcr.io/acme"],
}


def last_object(out: str) -> Any:
    return json.loads(out.splitlines()[-1])


def test_a_folder_is_sent_and_deployed_and_the_url_is_told(
    api: ApiSimulator, known: dict[str, str], seaway: Run, shop: Path
) -> None:
    api.journey = Journey([lines("build", "npm ci"), ("state", deployment("running", ended=4, running=4))])
    done = seaway(known, "deploy", str(shop), "--app", "shop", "--port", "8080")
    assert (done.returncode, done.stderr) == (0, "")
    assert [member.name for member in api.uploaded] == ["index.js", "package.json"]
    assert api.requests[1].json == {
        "source": {"kind": "folder", "digest": "sha256:" + "ab" * 32},
        "settings": {"port": 8080},
    }
    assert "  build   | npm ci" in done.stdout
    assert "✓ fetch    done" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["● live  shop  release 3  in 4.2 s", "  http://shop.localhost"]


def test_with_json_stdout_is_exactly_one_object(
    api: ApiSimulator, known: dict[str, str], seaway: Run, shop: Path
) -> None:
    api.journey = Journey([lines("build", "npm ci")])
    done = seaway(known, "deploy", str(shop), "--app", "shop", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "deployment": 7,
        "app": "shop",
        "status": "live",
        "url": "http://shop.localhost",
        "image": "sha256:" + "cd" * 32,
        "seconds": {"fetch": 0.5, "total": 4.2},
        "finding": None,
    }
    assert "npm ci" in done.stderr


def test_a_failure_tells_the_finding_the_last_lines_the_remedy_and_the_page_in_this_order(
    api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    texts = [f"line {n}" for n in range(30)]
    api.journey = Journey(
        [lines("build", *texts)], end=deployment("failed", ended=3, finding=FINDING, url="http://shop.localhost")
    )
    done = seaway(known, "deploy", "--image", "ghcr.io/acme/shop:1", "--app", "shop")
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert told[told.index("✕ The login for ghcr.io/acme has expired.") :] == [
        "✕ The login for ghcr.io/acme has expired.",
        "    ghcr.io answered 403 DENIED at the token step",
        "  The last lines of build:",
        *(f"  | {text}" for text in texts[-20:]),
        "  Do: Renew it.",
        "    seaway credentials rotate ghcr.io/acme",
        "  Release 3 goes on serving.",
        f"  {api.url}/deployments/7",
    ]


def test_a_failure_as_json_carries_the_finding(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    api.journey = Journey(end=deployment("failed", ended=2, finding=FINDING))
    done = seaway(known, "deploy", "--image", "acme/shop", "--app", "shop", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["status"], told["finding"]) == ("failed", FINDING)


def test_a_lost_connection_is_taken_up_after_the_last_event_without_losing_or_repeating_a_line(
    api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    api.journey = Journey([lines("build", f"line {n}") for n in range(6)], cut_after={2, 5})
    done = seaway(known, "deploy", "--image", "acme/shop", "--app", "shop")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if "| line" in line] == [
        f"  build   | line {n}" for n in range(6)
    ]
    streams = [r.headers.get("last-event-id") for r in api.requests if r.path.endswith("/events")]
    assert streams == [None, "2", "5"]


def test_a_restart_of_the_server_in_the_middle_is_survived(
    api: ApiSimulator, known: dict[str, str], start: Start
) -> None:
    api.journey = Journey([lines("build", "before"), lines("build", "after")], cut_after={1})
    closing = threading.Thread(target=lambda: (api.wait_until_told(1), api.stop()))
    closing.start()
    process = start(known, "deploy", "--image", "acme/shop", "--app", "shop", "--json")
    closing.join()
    time.sleep(0.5)
    api.start()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, last_object(out)["status"]) == (0, "live")
    assert ("| before" in err, "| after" in err) == (True, True)


def test_the_first_interrupt_cancels_on_the_server_and_waits_for_the_end(
    api: ApiSimulator, known: dict[str, str], start: Start
) -> None:
    api.journey = Journey([lines("build", "working")], wait_after=1)
    process = start(known, "deploy", "--image", "acme/shop", "--app", "shop", "--json")
    api.wait_until_told(1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, last_object(out)["status"]) == (1, "cancelled")
    assert "POST /deployments/7/cancel" in api.calls()


def test_the_second_interrupt_leaves(api: ApiSimulator, known: dict[str, str], start: Start) -> None:
    api.journey = Journey([lines("build", "working")], wait_after=1)
    api.cancelled.wait = lambda timeout=None: time.sleep(timeout or 0) or False  # type: ignore[method-assign]
    process = start(known, "deploy", "--image", "acme/shop", "--app", "shop")
    api.wait_until_told(1)
    process.send_signal(signal.SIGINT)
    while "POST /deployments/7/cancel" not in api.calls():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"Deployment 7 goes on without us: {api.url}/deployments/7" in err


def test_detached_the_id_and_the_page_are_told_at_once(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    done = seaway(known, "deploy", "--image", "acme/shop", "--app", "shop", "--detach")
    assert (done.returncode, done.stdout) == (0, f"Deployment 7 of shop is queued.\n  {api.url}/deployments/7\n")
    assert api.calls() == ["POST /apps/shop/deployments"]


def test_a_value_from_the_environment_or_a_file_is_sent_and_never_shown(
    api: ApiSimulator, known: dict[str, str], seaway: Run, tmp_path: Path
) -> None:
    env_file = tmp_path / "prod.env"
    env_file.write_text('export A="from file"\nB=1 # one\n')
    done = seaway(
        {**known, "SECRET": "hunter2-x"},
        *("deploy", "--image", "acme/shop", "--app", "shop", "--env", "SECRET", "--env", "B=2", "--unset", "OLD"),
        *("--env-file", str(env_file), "--memory", "512m", "--domain", "Shop.Example.org"),
    )
    assert done.returncode == 0
    assert api.requests[0].json == {
        "source": {"kind": "image", "image": "docker.io/acme/shop:latest"},
        "settings": {
            "env": {"OLD": None, "A": "from file", "B": "2", "SECRET": "hunter2-x"},
            "domains": ["shop.example.org"],
            "memory_bytes": 512 * 1024**2,
        },
    }
    assert "hunter2-x" not in done.stdout + done.stderr


def test_a_git_url_is_named_and_nothing_is_sent(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    done = seaway(known, "deploy", "https://git.example.org/acme/shop.git", "--ref", "v2", "--app", "shop")
    assert done.returncode == 0
    assert api.requests[0].json["source"] == {
        "kind": "git",
        "url": "https://git.example.org/acme/shop.git",
        "ref": "v2",
    }


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "The app is not named. Add --app NAME, for example --app shop."),
        (["--app", "Shop"], "'Shop' is not an app name."),
        (["nowhere", "--app", "shop"], "nowhere does not exist."),
        (["--app", "shop", "--port", "0"], "0 is not a port."),
        (["--app", "shop", "--domain", "http://x"], "'http://x' is not a host name."),
        (["--app", "shop", "--env", "1A=x"], "'1A' is not the name of an environment variable."),
        (["--app", "shop", "--env", "NOT_SET_HERE"], "--env NOT_SET_HERE takes its value from the environment"),
        (["--app", "shop", "--memory", "lots"], "'lots' is not an amount of memory."),
        (["--app", "shop", "--memory", "1k"], "A memory limit below 6 MB cannot start a container."),
        (["--app", "shop", "--health-path", "up"], "'up' is not a path."),
        ([".", "--app", "shop", "--image", "a"], "Both '.' and --image are given."),
        (["--app", "shop", "--image", "acme/Shop"], "is not an image name"),
        (["https://u:p@git.example.org/a.git", "--app", "shop"], "The git URL holds a user name or password."),
        (["--ref", "main", "--app", "shop"], "--ref is for a git URL"),
    ],
)
def test_a_wrong_argument_is_told_in_one_sentence_before_anything_is_sent(
    args: list[str], told: str, api: ApiSimulator, known: dict[str, str], seaway: Run, shop: Path
) -> None:
    done = seaway(known, "deploy", *args, "--json", cwd=shop)
    assert (done.returncode, api.requests) == (1, [])
    assert "Traceback" not in done.stderr
    finding = json.loads(done.stdout)["finding"]
    assert told in f"{finding['title']} {finding['remedy']}"
    assert finding["remedy"]


def test_the_home_folder_is_not_sent_by_accident(known: dict[str, str], seaway: Run) -> None:
    done = seaway(known, "deploy", "--app", "shop", cwd=Path(known["HOME"]))
    assert done.returncode == 1
    assert "holds more than an app" in done.stderr


def test_what_the_server_refuses_is_told_with_its_remedy(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    problem = {"title": "The disk is full.", "code": "disk.full", "remedy": "Free some.", "evidence": ["0 MB left"]}
    api.answers["POST", "/api/v1/apps/shop/deployments"] = (503, problem)
    done = seaway(known, "deploy", "--image", "acme/shop", "--app", "shop", "--json")
    assert done.returncode == 1
    assert done.stderr == "✕ The disk is full.\n    0 MB left\n  Do: Free some.\n"
    assert json.loads(done.stdout) == {
        "deployment": None,
        "app": "shop",
        "status": "failed",
        "url": None,
        "image": None,
        "seconds": {},
        "finding": {
            "cause": "disk.full",
            "title": "The disk is full.",
            "evidence": ["0 MB left"],
            "remedy": "Free some.",
            "commands": [],
        },
    }


def test_a_log_cannot_move_the_cursor_or_retitle_the_window(
    api: ApiSimulator, known: dict[str, str], seaway: Run
) -> None:
    api.journey = Journey([lines("build", "\x1b[2J\x1b]0;owned\x07safe\x9b1A", "10%\r20%\r", "[bold]as it is[/bold]")])
    done = seaway(known, "deploy", "--image", "acme/shop", "--app", "shop")
    assert "\x1b" not in done.stdout
    assert "  build   | safe1A\n  build   | 20%\n  build   | [bold]as it is[/bold]\n" in done.stdout


def test_when_nothing_served_before_nothing_is_promised(api: ApiSimulator, known: dict[str, str], seaway: Run) -> None:
    api.answers["GET", "/api/v1/apps/shop"] = (200, app(state="broken", release=None))
    api.journey = Journey(end=deployment("failed", ended=2, finding=FINDING))
    done = seaway(known, "deploy", "--image", "acme/shop", "--app", "shop")
    assert "goes on serving" not in done.stdout
