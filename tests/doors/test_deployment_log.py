import asyncio
import json

import pytest

from seaway.core.events import LogLine, Progress
from seaway.doors.deployment_log import FileLog


@pytest.fixture
async def log(tmp_path):
    return FileLog(tmp_path / "logs", clock=lambda: 1.5)


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


async def test_lines_are_read_as_they_were_said(log):
    log.append(7, "build", "out", "grüße")
    assert log.read(7, 0, 1000)[0] == [LogLine(1500, "build", "out", "grüße")]


async def test_a_reader_goes_on_where_it_was_and_gets_each_line_once(log):
    for n in range(1000):
        log.append(7, "build", "out", f"line {n}")
    seen, offset = [], 0
    while True:
        lines, offset = log.read(7, offset, 500)
        if not lines:
            break
        seen += texts(lines)
    assert seen == [f"line {n}" for n in range(1000)]


async def test_a_line_longer_than_the_limit_still_arrives_whole(log):
    log.append(7, "build", "out", "x" * 5000)
    assert texts(log.read(7, 0, 100)[0]) == ["x" * 5000]


async def test_an_offset_inside_a_line_is_moved_to_the_next(log):
    log.append(7, "build", "out", "one")
    log.append(7, "build", "out", "two")
    assert texts(log.read(7, 3, 1000)[0]) == ["two"]


async def test_a_half_line_left_by_a_crash_hides_nothing_after_it(log, tmp_path):
    log.append(7, "build", "out", "before")
    log.close(7)
    with (tmp_path / "logs" / "7.jsonl").open("ab") as file:
        file.write(b'[1,"build","ou')
        file.write(json.dumps([2, "build", "out", "lost with it"]).encode() + b"\n")
    log.append(7, "build", "out", "after")
    assert texts(log.read(7, 0, 1000)[0]) == ["before", "after"]


async def test_those_who_wait_are_woken_by_lines_by_progress_and_by_a_ring(log):
    for wake in (
        lambda: log.append(7, "build", "out", "x"),
        lambda: log.progress(7, "build", Progress(1, 2)),
        lambda: log.ring(7),
    ):
        bell = log.bell(7)
        wake()
        await asyncio.wait_for(bell.wait(), 5)


async def test_a_change_between_a_look_and_the_wait_is_not_missed(log):
    bell = log.bell(7)
    log.ring(7)
    assert bell.is_set()
    assert not log.bell(7).is_set()


async def test_the_tail_is_the_end(log):
    for n in range(100):
        log.append(7, "build", "out", str(n))
    assert texts(log.tail(7, 3)) == ["97", "98", "99"]


async def test_what_is_forgotten_is_gone(log, tmp_path):
    log.append(7, "build", "out", "x")
    log.forget([7, 8])
    assert list((tmp_path / "logs").iterdir()) == []
    assert log.read(7, 0, 1000) == ([], 0)


async def test_a_log_on_a_full_disk_loses_its_lines_and_nothing_else(tmp_path):
    log = FileLog(tmp_path / "logs")
    (tmp_path / "logs" / "7.jsonl").symlink_to("/dev/full")
    for n in range(1000):
        log.append(7, "build", "out", f"line {n} " + "x" * 100)
    log.close(7)
