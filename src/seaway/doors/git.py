"""The git door: a shallow copy of one commit by the git program, with nothing of the machine's own git settings."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from seaway.core.errors import Failed
from seaway.core.ports import Say
from seaway.core.source import check_git_url
from seaway.doors import process

_TIMEOUT_S = 300.0
_ABSENT = ("not found", "does not exist", "does not appear to be a git repository", "repository not exported")


class GitFailed(Failed):
    code = "git.failed"


class RepositoryNotFound(Failed):
    code = "git.not_found"


class RepositoryUnreachable(Failed):
    code = "git.unreachable"
    temporary = True


class RefNotFound(Failed):
    code = "git.ref_not_found"


class LoginRequired(Failed):
    code = "git.login_required"


class GitDoor:
    """Implements core.ports.Git with the git program found on the PATH."""

    def __init__(self, ca_bundle: str | None = None) -> None:
        self._ca_bundle = ca_bundle

    async def fetch(self, url: str, ref: str | None, into: Path, say: Say) -> str:
        check_git_url(url)
        with tempfile.TemporaryDirectory(prefix="seaway-git-") as home:
            env = _environment(home, self._ca_bundle)
            say(f"git fetch --depth 1 {url} {ref or 'HEAD'}")
            await self._git(["init", "-q", str(into)], env, url, ref)
            # The commit, branch or tag by name: a fetch takes all three, a clone does not take commits.
            fetch = ["-C", str(into), "fetch", "-q", "--depth=1", "--no-tags", "--", url, ref or "HEAD"]
            await self._git(fetch, env, url, ref)
            await self._git(["-C", str(into), "checkout", "-q", "--detach", "FETCH_HEAD"], env, url, ref)
            commit = (await self._git(["-C", str(into), "rev-parse", "HEAD"], env, url, ref)).strip()
            if (into / ".gitmodules").is_file():
                say("git submodule update --init --recursive")
                update = ["-C", str(into), "submodule", "update", "-q", "--init", "--recursive", "--depth=1"]
                await self._git(update, env, url, ref)
        await asyncio.to_thread(_drop_git, into)
        return commit

    async def _git(self, arguments: list[str], env: dict[str, str], url: str, ref: str | None) -> str:
        result = await process.run(["git", *arguments], env=env, timeout_s=_TIMEOUT_S)
        if result.code != 0:
            raise explain(url, ref, result.error_lines)
        return result.text


def _environment(home: str, ca_bundle: str | None) -> dict[str, str]:
    """No prompt, no system or user settings, and only transports that run nothing on this machine."""
    env = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "https:http:git:ssh",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "30",
    }
    return env | ({"GIT_SSL_CAINFO": ca_bundle} if ca_bundle else {})


def explain(url: str, ref: str | None, lines: list[str]) -> Failed:
    """What git's own words mean; its lines are the evidence."""
    text = "\n".join(lines).lower()
    evidence = tuple(lines[-6:])
    if "couldn't find remote ref" in text or "not our ref" in text or "upload-pack: not our" in text:
        return RefNotFound(
            f"{url} has no branch, tag or commit {ref or 'HEAD'!r}.",
            remedy="Check the name; a commit is named in full.",
            evidence=evidence,
        )
    if "could not read username" in text or "authentication failed" in text or "permission denied" in text:
        return LoginRequired(
            f"{url} asks for a login: it is private, or it does not exist under this name.",
            remedy="Check the address. Only its owner can tell which of the two it is.",
            evidence=evidence,
        )
    if any(sign in text for sign in _ABSENT):
        return RepositoryNotFound(
            f"There is no git repository at {url}.", remedy="Check the address for a typing mistake.", evidence=evidence
        )
    if any(sign in text for sign in ("could not resolve", "failed to connect", "timed out", "unable to access")):
        return RepositoryUnreachable(
            f"{url} cannot be reached from this server.",
            remedy="Check the host name, and that this server may reach it through its firewall or proxy.",
            evidence=evidence,
        )
    return GitFailed(f"git could not fetch {url}.", remedy="Its own words are the evidence.", evidence=evidence)


def _drop_git(into: Path) -> None:
    for found in into.rglob(".git"):
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)
