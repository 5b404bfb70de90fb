"""`seaway explain` as a real process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = [sys.executable, "-c", "from seaway.cli import main; main()", "explain"]
DENIED = (
    'Error response from daemon: Head "https://ghcr.io/v2/acme/shop/manifests/1": denied: denied\n'
    "token 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 was used\n"
)


def explain(*args: str, given: bytes | str = b"", env: dict[str, str] | None = None) -> tuple[int, str]:
    raw = given.encode() if isinstance(given, str) else given
    done = subprocess.run(
        [*BEGIN, *args], input=raw, capture_output=True, env={**os.environ, **(env or {})}, timeout=60
    )
    assert done.stderr == b""
    return done.returncode, done.stdout.decode()


def test_a_log_on_standard_input_is_explained_for_a_person():
    code, out = explain(given=DENIED)
    assert code == 0
    order = [
        out.index("A stored login that the registry refuses"),
        out.index("denied: denied"),
        out.index("Log out of this registry"),
        out.index("docker logout ghcr.io"),
        out.index("seaway doctor ghcr.io/acme/shop:1"),
    ]
    assert order == sorted(order)
    assert "ghp_" not in out


def test_a_file_is_explained_for_a_program(tmp_path: Path):
    log = tmp_path / "build.log"
    log.write_text(DENIED)
    code, out = explain(str(log), "--json", "--context", "the image is public")
    assert code == 0
    assert json.loads(out)["findings"][0] == {
        "cause": "stale_credential_blocks_public",
        "acceptable": ["stale_credential_blocks_public"],
        "title": "A stored login that the registry refuses is sent for an image that anyone may pull.",
        "evidence": ['Error response from daemon: Head "https://ghcr.io/v2/acme/shop/manifests/1": denied: denied'],
        "remedy": "Log out of this registry as the user whose configuration is used, and pull again. If other images "
        "there are private, log in with a new token instead.",
        "commands": ["docker logout ghcr.io", "docker pull ghcr.io/acme/shop:1"],
        "doctor": "seaway doctor ghcr.io/acme/shop:1",
    }


@pytest.mark.parametrize("given", [b"", b"all is well\n", b"\xff\xfe\x00\x80 \xc3("])
def test_nothing_found_is_said_with_what_to_do_next(given):
    code, out = explain(given=given)
    assert code == 0
    assert "Nothing in this is about" in out
    assert "seaway doctor IMAGE" in out
    assert explain("--json", given=given) == (0, '{"findings": []}\n')


def test_a_file_that_is_missing_is_a_wrong_use(tmp_path: Path):
    done = subprocess.run([*BEGIN, str(tmp_path / "none.log")], capture_output=True, text=True)
    assert done.returncode == 2
    assert "none.log" in done.stderr


def test_a_log_cannot_forge_what_the_terminal_shows():
    _, out = explain(given="\x1b[2J\x1b]0;owned\x07" + DENIED)
    assert "\x1b" not in out


def test_only_light_modules_are_loaded():
    program = (
        "import sys, io; sys.stdin = io.TextIOWrapper(io.BytesIO(b'denied: denied'))\n"
        "from seaway.cli import group\n"
        "group(['explain'], standalone_mode=False)\n"
        "heavy = {'asyncio', 'rich', 'httpx2', 'sqlalchemy', 'pydantic', 'cryptography', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
