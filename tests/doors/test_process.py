"""Programs end with whoever waits for them, and their output arrives whole."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from seaway.doors.process import LineSplitter, ProgramMissing, TimedOut, follow, run, watch

ENV = {"PATH": os.environ["PATH"]}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def pid_in(file: Path) -> int:
    while not (file.exists() and file.read_text().strip()):
        await asyncio.sleep(0.01)
    return int(file.read_text())


async def test_a_program_gets_its_arguments_as_they_are() -> None:
    result = await run(["printf", "%s|", "a b", "$HOME", ";id"], env=ENV)
    assert (result.code, result.text) == (0, "a b|$HOME|;id|")


async def test_a_program_sees_only_the_environment_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAK", "1")
    result = await run(["env"], env={**ENV, "A": "1"})
    assert sorted(result.text.split()) == sorted(["A=1", f"PATH={ENV['PATH']}"])


async def test_stdin_reaches_the_program_and_none_is_empty(tmp_path: Path) -> None:
    assert (await run(["cat"], env=ENV, stdin=b"x" * 300_000)).out == b"x" * 300_000
    assert (await run(["cat"], env=ENV)).out == b""
    assert (await run(["pwd"], env=ENV, cwd=tmp_path)).text.strip() == str(tmp_path.resolve())
    assert (await run(["true"], env=ENV, stdin=b"x" * 3_000_000)).code == 0


async def test_the_exit_code_and_both_streams_come_back() -> None:
    result = await run(["sh", "-c", "echo out; echo one >&2; echo two >&2; exit 3"], env=ENV)
    assert (result.code, result.text, result.error_lines) == (3, "out\n", ["one", "two"])


async def test_of_a_long_output_the_beginning_and_of_long_errors_the_end_is_kept() -> None:
    result = await run(["sh", "-c", "seq 1 100000; seq 1 100000 >&2"], env=ENV, limit_bytes=1000)
    assert result.truncated
    assert result.out.startswith(b"1\n2\n")
    assert result.err.endswith(b"99999\n100000\n")
    assert (len(result.out), len(result.err)) == (1000, 1000)


async def test_a_missing_program_is_named_with_a_remedy() -> None:
    with pytest.raises(ProgramMissing, match=r"no-such-program cannot be started.*Install it"):
        await run(["no-such-program"], env=ENV)


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing, match=r"true in the directory .*/none cannot be started"):
        await run(["true"], env=ENV, cwd=tmp_path / "none")


async def test_a_timeout_stops_the_program_and_keeps_its_last_words() -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        await run(["sh", "-c", "echo waiting for godot >&2; sleep 60"], env=ENV, timeout_s=0.2)
    assert time.monotonic() - began < 2
    assert caught.value.evidence == ("waiting for godot",)


async def test_cancelling_ends_the_program_and_its_children_before_it_returns(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    task = asyncio.create_task(run(["sh", "-c", f"sleep 60 & echo $! > {file}; wait"], env=ENV))
    child = await pid_in(file)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(child)


async def test_a_program_that_ignores_the_first_signal_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = f"trap '' TERM; echo $$ > {file}; while :; do sleep 0.05; done"
    task = asyncio.create_task(
        watch(["sh", "-c", script], env=ENV, out=lambda _: None, err=lambda _: None, grace_s=0.2)
    )
    leader = await pid_in(file)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(leader)


async def test_a_helper_left_behind_does_not_hold_up_the_caller(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    began = time.monotonic()
    result = await run(["sh", "-c", f"sleep 60 & echo $! > {file}; echo done"], env=ENV, timeout_s=30)
    assert (result.code, result.text) == (0, "done\n")
    assert time.monotonic() - began < 5
    while is_alive(int(file.read_text())):
        assert time.monotonic() - began < 10
        await asyncio.sleep(0.01)


async def test_a_failing_listener_stops_the_program(tmp_path: Path) -> None:
    def refuse(_: bytes) -> None:
        raise ValueError("no")

    began = time.monotonic()
    with pytest.raises(ExceptionGroup):
        await watch(["sh", "-c", "echo x; exec sleep 60"], env=ENV, out=refuse, err=refuse)
    assert time.monotonic() - began < 5


async def test_lines_come_while_the_program_runs() -> None:
    seen: list[str] = []
    code = await follow(["sh", "-c", "echo one; echo two >&2; printf three"], env=ENV, line=seen.append)
    assert code == 0
    assert sorted(seen) == ["one", "three", "two"]


async def test_a_line_of_megabytes_comes_in_pieces_and_loses_nothing() -> None:
    seen: list[str] = []
    await follow(["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end"], env=ENV, line=seen.append)
    assert "".join(seen) == "x" * 1_000_000 + "end"
    assert max(map(len, seen)) <= 64 * 1024


def test_a_splitter_joins_what_chunks_cut() -> None:
    seen: list[str] = []
    splitter = LineSplitter(seen.append, limit_bytes=8)
    for chunk in (
        b"on",
        b"e\r\ntw",
        b"o\n\n",
        "grün\n".encode()[:3],
        "grün\n".encode()[3:],
        b"123456789012\n",
        b"tail",
    ):
        splitter.feed(chunk)
    splitter.end()
    assert seen == ["one", "two", "", "grün", "12345678", "9012", "tail"]
