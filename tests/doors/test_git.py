"""Against a real git server: `git daemon` on loopback, with real repositories."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seaway.doors.git import GitDoor, RefNotFound, RepositoryNotFound, RepositoryUnreachable, explain

IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("git") / "shop.git"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, "index.html", "one")
    git(folder, "branch", "old")
    git(folder, "tag", "v1")
    commit(folder, "index.html", "two")
    return folder


@pytest.fixture(scope="module")
def server(repository: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}",
               f"--base-path={repository.parent}", "--", str(repository.parent)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(port)
    yield f"git://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


@pytest.mark.parametrize(("ref", "text"), [(None, "two"), ("main", "two"), ("old", "one"), ("v1", "one")])
async def test_a_branch_or_a_tag_is_checked_out_without_its_git_folder(server, tmp_path, ref, text):
    said: list[str] = []
    found = await GitDoor().fetch(f"{server}/shop.git", ref, tmp_path, said.append)
    assert (tmp_path / "index.html").read_text() == text
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]
    assert len(found) == 40
    assert said


async def test_a_commit_is_named_in_full(server, repository, tmp_path):
    head = git(repository, "rev-parse", "HEAD")
    assert await GitDoor().fetch(f"{server}/shop.git", head, tmp_path, print) == head


async def test_a_missing_branch_and_a_missing_repository_are_told_apart(server, tmp_path):
    with pytest.raises(RefNotFound, match="'nope'"):
        await GitDoor().fetch(f"{server}/shop.git", "nope", tmp_path / "a", print)
    with pytest.raises((RepositoryNotFound, RepositoryUnreachable)):
        await GitDoor().fetch(f"{server}/gone.git", None, tmp_path / "b", print)


async def test_nobody_listens(tmp_path):
    with pytest.raises(RepositoryUnreachable, match="cannot be reached"):
        await GitDoor().fetch("http://127.0.0.1:9/shop.git", None, tmp_path, print)


async def test_the_settings_of_the_machine_do_not_matter(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text('[url "http://127.0.0.1:9/"]\n\tinsteadOf = git://\n')
    assert await GitDoor().fetch(f"{server}/shop.git", None, tmp_path / "into", print)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "git.login_required"),
        ("git@github.com: Permission denied (publickey).", "git.login_required"),
        ("remote: Repository not found.", "git.not_found"),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "git.unreachable"),
        ("fatal: the remote end hung up in an unheard of way", "git.failed"),
    ],
)
def test_what_git_says_has_a_cause(line, code):
    error = explain("https://x/y.git", None, [line])
    assert error.code == code
    assert error.evidence == (line,)
