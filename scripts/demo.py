#!/usr/bin/env python3
"""Starts Seaway, deploys examples/nextjs and says where to look; `demo.py stop` ends what it started.

Its state is in .seaway/ of this folder. What runs already is used as it is.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("SEAWAY_HOME", ROOT / ".seaway"))
SEAWAY = Path(sys.executable).parent / "seaway"
APP = "nextjs"
EXAMPLE = ROOT / "examples" / APP
START_S = 30.0


def main(arguments: list[str]) -> int:
    if arguments == ["stop"]:
        return stop()
    env = {**os.environ, "SEAWAY_HOME": str(HOME), "SEAWAY_INSTANCE": "seaway-demo"}
    start(env)
    url = live_url(env) or deploy(env)
    if not url:
        return 1
    status = fetch(url)
    say(f"GET {url} -> {status}")
    print(summary(url, dashboard(env), env["SEAWAY_URL"]), flush=True)
    return 0 if status == 200 else 1


def say(text: str) -> None:
    print(f"» {text}", flush=True)


def start(env: dict[str, str]) -> None:
    """The server that runs already, or a new one in the background."""
    address = HOME / "server.json"
    if address.exists():
        env["SEAWAY_URL"] = json.loads(address.read_text())["url"]
        if healthy(env["SEAWAY_URL"]):
            say(f"Seaway runs already at {env['SEAWAY_URL']}")
            finish_env(env)
            return
    port, http_port = free_port(7100), proxy_port(env)
    env |= {"SEAWAY_PORT": str(port), "SEAWAY_HTTP_PORT": str(http_port), "SEAWAY_URL": f"http://127.0.0.1:{port}"}
    HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = HOME / "serve.log"
    say(f"starting Seaway; its log is {log.relative_to(ROOT) if log.is_relative_to(ROOT) else log}")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(SEAWAY), "serve"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, start_new_session=True
        )
    (HOME / "serve.pid").write_text(str(process.pid))
    wait_until_healthy(process, env["SEAWAY_URL"], log)
    finish_env(env)


def finish_env(env: dict[str, str]) -> None:
    env["SEAWAY_TOKEN"] = (HOME / "token").read_text().strip()


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not healthy(url):
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").splitlines()[-10:]
            sys.exit("\n".join(["Seaway did not start. The last lines of its log:", *last]))
        time.sleep(0.05)


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def proxy_port(env: dict[str, str]) -> int:
    """The port chosen before, or 80, or the next that is free: what listens on this machine is left alone."""
    chosen = HOME / "http_port"
    if "SEAWAY_HTTP_PORT" in env:
        return int(env["SEAWAY_HTTP_PORT"])
    if chosen.exists():
        return int(chosen.read_text())
    port = free_port(80, 8080)
    HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen.write_text(str(port))
    if port != 80:
        say(f"port 80 is taken or not ours to take; apps are served on port {port}")
    return port


def free_port(*wanted: int) -> int:
    port: int
    for port in [*wanted, *range(wanted[-1] + 1, wanted[-1] + 100)]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    sys.exit("No port is free.")


def live_url(env: dict[str, str]) -> str:
    """The app's URL when it is live and no file of the example is newer; else nothing."""
    app = shown(env)
    if app is None or app["state"] != "live":
        return ""
    since = datetime.fromisoformat(app["last_deployment"]["created_at"]).timestamp()
    if any(path.stat().st_mtime > since for path in EXAMPLE.rglob("*")):
        return ""
    say(f"{APP} is live and examples/nextjs has not changed since")
    return str(app["url"])


def deploy(env: dict[str, str]) -> str:
    say(f"seaway deploy examples/nextjs --app {APP}")
    code = subprocess.run([str(SEAWAY), "deploy", str(EXAMPLE), "--app", APP], env=env, check=False).returncode
    app = shown(env) if code == 0 else None
    return str(app["url"]) if app else ""


def shown(env: dict[str, str]) -> dict[str, Any] | None:
    done = subprocess.run([str(SEAWAY), "show", APP, "--json"], env=env, check=False, capture_output=True, text=True)
    found: dict[str, Any] | None = json.loads(done.stdout) if done.returncode == 0 else None
    return found


def fetch(url: str) -> int:
    """As curl does it: names under .localhost are this machine, whatever the resolver says."""
    host, _, port = url.removeprefix("http://").partition(":")
    request = urllib.request.Request(f"http://127.0.0.1:{port or 80}/", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=10) as answer:
        status: int = answer.status
    return status


def dashboard(env: dict[str, str]) -> str:
    request = urllib.request.Request(
        f"{env['SEAWAY_URL']}/api/v1/sign-in-codes",
        method="POST",
        headers={"Authorization": f"Bearer {env['SEAWAY_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        code = str(json.load(answer)["code"])
    return f"{env['SEAWAY_URL']}/login?code={code}"


def summary(url: str, page: str, server: str) -> str:
    return f"""
  The app         {url}
  The dashboard   {server}
                  {page}   (signs you in; good for ten minutes, once)
  Stop it         make stop
"""


def stop() -> int:
    pid_file = HOME / "serve.pid"
    if not pid_file.exists():
        say("nothing to stop")
        return 0
    pid = int(pid_file.read_text())
    if not is_ours(pid):
        say("Seaway does not run")
    else:
        os.kill(pid, signal.SIGTERM)
        while is_ours(pid):
            time.sleep(0.05)
        say("Seaway is stopped")
    pid_file.unlink()
    containers = ["docker", "ps", "-aq", "--filter", "label=seaway.instance=seaway-demo"]
    found = subprocess.run(containers, check=False, capture_output=True, text=True).stdout.split()
    if found:
        subprocess.run(["docker", "rm", "-f", *found], check=False, stdout=subprocess.DEVNULL)
        say(f"{len(found)} containers are removed; the state in {HOME.name}/ is kept")
    return 0


def is_ours(pid: int) -> bool:
    try:
        return b"seaway" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
