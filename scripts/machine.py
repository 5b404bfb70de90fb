#!/usr/bin/env python3
"""Makes a Debian machine ready: the Python environment, Docker, and what the tests need. Standard library only.

    machine.py venv DIR        the Python environment with Seaway in it
    machine.py docker [test]   Docker and the tools that Seaway calls; with `test` also what the tests call
    machine.py install DIR     the command at /usr/local/bin/seaway and, where there is systemd, a service

Says what it installs, and does nothing for what is there.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOCKET = Path("/var/run/docker.sock")
DOCKERD_LOG = Path("/var/log/dockerd.log")
UV = "uv==0.13.9"
START_S = 60.0

COMMAND = Path("/usr/local/bin/seaway")
UNIT = Path("/etc/systemd/system/seaway.service")
SERVICE = """\
[Unit]
Description=Seaway
After=network-online.target docker.service
Wants=network-online.target docker.service

[Service]
ExecStart={seaway} serve
Restart=always
RestartSec=1
TimeoutStopSec=10
# A build that runs is stopped with the server; what was deployed runs on under Docker.
KillMode=mixed

[Install]
WantedBy=multi-user.target
"""

# Debian package -> the program that shows that it is there.
RUNTIME = {"mmdebstrap": "mmdebstrap", "git": "git", "ca-certificates": "update-ca-certificates"}
ENGINE = {"docker.io": "dockerd", "docker-cli": "docker", "iptables": "iptables"}
TESTS = {
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "apache2-utils": "htpasswd",
    "busybox-static": "busybox",
    "chromium": "chromium",
    "openssh-client": "ssh-keygen",
    "openssl": "openssl",
}


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["venv", folder]:
            make_venv(Path(folder))
        case ["docker", *rest]:
            make_docker()
            if rest == ["test"]:
                install(missing(TESTS))
        case ["install", folder]:
            make_service(Path(folder).resolve())
        case _:
            print(__doc__)
            return 2
    return 0


def say(text: str) -> None:
    print(f"» {text}", flush=True)


def missing(wanted: dict[str, str]) -> list[str]:
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return [package for package, program in wanted.items() if shutil.which(program, path=path) is None]


def install(packages: Sequence[str]) -> None:
    if not packages:
        return
    if os.geteuid() != 0:
        sys.exit(f"These packages are missing and only root can install them: {' '.join(packages)}")
    say(f"installing {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=env)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)


def make_venv(folder: Path) -> None:
    if not has_ensurepip():
        install(["python3-venv"])
    # Byte code is written once here, so that every later start is quick.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"making the Python environment {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, env=env)
        subprocess.run([str(python), "-m", "pip", "-q", "install", UV], check=True, env=env)
    uv = [str(folder / "bin" / "uv"), "pip", "install", "-q", "--compile-bytecode", "--python", str(python)]
    locks = [argument for name in ("requirements.lock", "requirements-dev.lock") for argument in ("-r", name)]
    subprocess.run([*uv, "--require-hashes", *locks], check=True, env=env, cwd=ROOT)
    subprocess.run([*uv, "--no-deps", "-e", "."], check=True, env=env, cwd=ROOT)
    subprocess.run([str(python), "-m", "compileall", "-q", "src"], check=True, env=env, cwd=ROOT)
    say(f"ready: {folder}/bin/seaway")


def has_ensurepip() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0


def make_docker() -> None:
    """An existing Docker is used as it is; only what is missing is added."""
    engine = missing(ENGINE) if shutil.which("docker") is None or not answers() else []
    buildx = [] if has_buildx() else ["docker-buildx"]
    install([*engine, *buildx, *missing(RUNTIME)])
    if answers():
        return
    if Path("/run/systemd/system").is_dir():
        say("starting Docker with systemd")
        subprocess.run(["systemctl", "enable", "--now", "docker"], check=True)
    else:
        say(f"starting Docker in the background; its log is {DOCKERD_LOG}")
        with DOCKERD_LOG.open("ab") as log:
            subprocess.Popen(
                ["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=sbin_path()
            )
    wait_for_docker()


def make_service(venv: Path) -> None:
    """The same twice: a file that is as it should be is left alone."""
    seaway = venv / "bin" / "seaway"
    link = COMMAND
    if not link.is_symlink() or link.readlink() != seaway:
        link.unlink(missing_ok=True)
        link.symlink_to(seaway)
    say(f"the command is {link}")
    if not Path("/run/systemd/system").is_dir():
        say("there is no systemd here; run it in the foreground: seaway serve")
        return
    unit = SERVICE.format(seaway=seaway)
    if not UNIT.exists() or UNIT.read_text() != unit:
        UNIT.write_text(unit)
        subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--now", "seaway"], check=True)
    say("Seaway runs as a service; its log: journalctl -u seaway")


def sbin_path() -> dict[str, str]:
    return {**os.environ, "PATH": f"/usr/sbin:/sbin:{os.environ.get('PATH', '')}"}


def has_buildx() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode == 0


def answers() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True).returncode == 0


def wait_for_docker() -> None:
    deadline = time.monotonic() + START_S
    while not answers():
        if time.monotonic() > deadline:
            last = DOCKERD_LOG.read_text(errors="replace").splitlines()[-10:] if DOCKERD_LOG.exists() else []
            sys.exit("\n".join([f"Docker did not start within {START_S:.0f} s. The last lines of its log:", *last]))
        time.sleep(0.3)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
