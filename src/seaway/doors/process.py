"""The one pipe for programs: an argument vector, an environment, limits; nothing outlives its caller.

1. A program leads a session of its own, so that a signal reaches all that it started.
2. Whoever stops waiting (cancelled, timed out) stops the program: TERM, then KILL, and waits for its end.
3. The environment is the one given, nothing is inherited. There is no shell.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seaway.core.errors import Failed, Unavailable

GRACE_S = 5.0
DRAIN_S = 1.0
CHUNK_BYTES = 256 * 1024
LINE_BYTES = 64 * 1024

# The event loop keeps only weak references to tasks; an end that nobody waits for any more must still happen.
_ending: set[asyncio.Task[None]] = set()


class ProgramMissing(Unavailable):
    code, temporary = "process.missing", False

    def __init__(self, program: str, why: str) -> None:
        super().__init__(
            f"The program {program} cannot be started: {why}.",
            remedy=f"Install it, or put it on the PATH: `command -v {program}` must find it.",
        )
        self.program = program


class TimedOut(Failed):
    code, temporary = "process.timed_out", True

    def __init__(self, program: str, timeout_s: float, evidence: Sequence[str] = ()) -> None:
        super().__init__(
            f"{program} did not end within {timeout_s:g} s and was stopped.",
            remedy="Look at what it waits for; if the machine is only busy, try again.",
            evidence=evidence,
        )


@dataclass(frozen=True)
class Result:
    """`out` is the beginning of what it wrote, `err` the end; `truncated` when something of them is left out."""

    code: int
    out: bytes
    err: bytes
    truncated: bool = False

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")

    @property
    def error_lines(self) -> list[str]:
        return self.err.decode(errors="replace").splitlines()


async def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: bytes | None = None,
    timeout_s: float = 60.0,
    limit_bytes: int = 1024**2,
) -> Result:
    """Run to the end and keep at most `limit_bytes` of each of its two streams."""
    out, err = bytearray(), bytearray()
    lost = 0

    def keep_head(chunk: bytes) -> None:
        nonlocal lost
        room = max(0, limit_bytes - len(out))
        out.extend(chunk[:room])
        lost += max(0, len(chunk) - room)

    def keep_tail(chunk: bytes) -> None:
        nonlocal lost
        err.extend(chunk)
        lost += max(0, len(err) - limit_bytes)
        del err[: max(0, len(err) - limit_bytes)]

    try:
        code = await watch(argv, env=env, out=keep_head, err=keep_tail, cwd=cwd, stdin=stdin, timeout_s=timeout_s)
    except TimedOut as error:
        raise TimedOut(argv[0], timeout_s, err.decode(errors="replace").splitlines()[-10:]) from error
    return Result(code, bytes(out), bytes(err), lost > 0)


async def follow(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    line: Callable[[str], None],
    cwd: Path | None = None,
    stdin: bytes | None = None,
    timeout_s: float | None = None,
) -> int:
    """Run to the end and tell each line of both streams as it comes; returns the exit code."""
    out, err = LineSplitter(line), LineSplitter(line)
    try:
        return await watch(argv, env=env, out=out.feed, err=err.feed, cwd=cwd, stdin=stdin, timeout_s=timeout_s)
    finally:
        out.end()
        err.end()


async def watch(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    out: Callable[[bytes], None],
    err: Callable[[bytes], None],
    cwd: Path | None = None,
    stdin: bytes | None = None,
    timeout_s: float | None = None,
    grace_s: float = GRACE_S,
) -> int:
    """Run to the end and hand over its output in chunks as they come; returns the exit code, -N for signal N."""
    process = await _started(argv, env, cwd, with_stdin=stdin is not None)
    work = asyncio.create_task(_attended(process, out, err, stdin))
    try:
        done, _ = await asyncio.wait({work}, timeout=timeout_s)
    except asyncio.CancelledError:
        await _end(process, work, grace_s)
        raise
    if not done:
        await _end(process, work, grace_s)
        raise TimedOut(argv[0], timeout_s or 0.0)
    if work.exception() is not None:
        await _end(process, work, grace_s)
    return work.result()


class LineSplitter:
    """Turns chunks into lines of text; a line above `limit_bytes` is told in pieces."""

    def __init__(self, line: Callable[[str], None], limit_bytes: int = LINE_BYTES) -> None:
        self._line = line
        self._limit_bytes = limit_bytes
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for raw in whole:
            self._tell(raw)
        while len(self._rest) > self._limit_bytes:
            self._tell(self._rest[: self._limit_bytes])
            self._rest = self._rest[self._limit_bytes :]

    def end(self) -> None:
        if self._rest:
            self._tell(self._rest)
        self._rest = b""

    def _tell(self, raw: bytes) -> None:
        text = raw.decode(errors="replace").rstrip("\r")
        for start in range(0, max(1, len(text)), self._limit_bytes):
            self._line(text[start : start + self._limit_bytes])


async def _started(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path | None, *, with_stdin: bool
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            env=dict(env),
            cwd=cwd,
            stdin=asyncio.subprocess.PIPE if with_stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=CHUNK_BYTES,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise ProgramMissing(_what_is_missing(argv[0], cwd), error.strerror or str(error)) from error


def _what_is_missing(program: str, cwd: Path | None) -> str:
    return program if cwd is None or cwd.is_dir() else f"{program} in the directory {cwd}"


async def _attended(
    process: asyncio.subprocess.Process,
    out: Callable[[bytes], None],
    err: Callable[[bytes], None],
    stdin: bytes | None,
) -> int:
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - both are pipes
    cut = asyncio.create_task(_cut_off(process.pid))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(process.stdout, out))
            group.create_task(_pump(process.stderr, err))
            if stdin is not None:
                group.create_task(_fed(process, stdin))
        return await process.wait()
    finally:
        cut.cancel()


async def _cut_off(pid: int) -> None:
    """Once the program has ended, end what it left behind: a helper that holds the pipe open blocks its reader."""
    with suppress(ProcessLookupError):
        fd = os.pidfd_open(pid)
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(fd, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(fd)
            os.close(fd)
    await asyncio.sleep(DRAIN_S)
    _signal(pid, signal.SIGKILL)


async def _pump(reader: asyncio.StreamReader, tell: Callable[[bytes], None]) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        tell(chunk)


async def _fed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for as a pipe
    # A program may end without reading it all; uvloop then calls the pipe closed in a RuntimeError.
    with suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _end(process: asyncio.subprocess.Process, work: asyncio.Task[int], grace_s: float) -> None:
    """Stop the whole group and wait for it, also when the waiting is cancelled once more."""
    task = asyncio.create_task(_stopped(process, work, grace_s))
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    await asyncio.shield(task)


async def _stopped(process: asyncio.subprocess.Process, work: asyncio.Task[int], grace_s: float) -> None:
    _signal(process.pid, signal.SIGTERM)
    await asyncio.wait({work}, timeout=grace_s)
    # Also when the leader ended in time: what it started may have ignored the first signal.
    _signal(process.pid, signal.SIGKILL)
    await asyncio.wait({work}, timeout=DRAIN_S)
    work.cancel()
    with suppress(Exception, asyncio.CancelledError):
        await work
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            await process.wait()


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
