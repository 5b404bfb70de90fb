"""BuildKit's JSON stream, as recorded from real builds, becomes lines and progress."""

import base64
import json
import time
from pathlib import Path

import pytest

from seaway.core.build_failure import FailedBuild
from seaway.core.events import Progress, Stream
from seaway.doors.buildkit_progress import MAX_LINE, BuildProgress, ObjectSplitter

DATA = Path(__file__).parent / "data" / "buildkit"
RECORDED = sorted(path.stem for path in DATA.glob("*.rawjson"))


def recorded(name: str) -> bytes:
    return (DATA / f"{name}.rawjson").read_bytes()


class Told:
    def __init__(self, data: bytes, chunk_bytes: int = 65536) -> None:
        self.lines: list[tuple[Stream, str]] = []
        self.progress: list[Progress] = []
        self.report = BuildProgress(lambda stream, text: self.lines.append((stream, text)), self.progress.append)
        for start in range(0, len(data), chunk_bytes):
            self.report.feed(data[start : start + chunk_bytes])
        self.report.end()


def objects(*told: dict[str, object]) -> bytes:
    return b"".join(json.dumps(each, indent=2).encode() + b"\n" for each in told)


def log(text: bytes, stream: int = 1, vertex: str = "sha256:a") -> dict[str, object]:
    return {"logs": [{"vertex": vertex, "stream": stream, "data": base64.b64encode(text).decode()}]}


STARTED = {"digest": "sha256:a", "name": "[2/2] RUN x", "started": "2026-11-24T13:00:00.000000001Z"}
ENDED = {**STARTED, "completed": "2026-11-24T13:00:01.250000001Z"}


def test_a_build_is_told_step_by_step() -> None:
    told = Told(recorded("stages"))
    assert [line for line in told.lines if "sha256:" not in line[1]] == [
        ("say", "#1 [stage-1 1/3] FROM docker.io/seaway-test/tiny:1"),
        ("say", "#1 CACHED"),
        ("say", "#2 [build 2/2] RUN echo 1"),
        ("out", "#2 1"),
        ("say", "#2 DONE 0.2s"),
        ("say", "#3 [stage-1 2/3] COPY --from=build /etc/passwd /p"),
        ("say", "#3 DONE 0.0s"),
        ("say", "#4 [stage-1 3/3] WORKDIR /app"),
        ("say", "#4 DONE 0.0s"),
        ("say", "#5 exporting to image"),
        ("say", "#5 exporting layers"),
        ("say", "#5 naming to docker.io/seaway-test/exp:1"),
        ("say", "#5 DONE 0.0s"),
    ]
    assert told.progress[-1] == Progress(5, 5, "exporting to image")


def test_cached_steps_are_told_as_cached() -> None:
    said = [text for _, text in Told(recorded("stages_cached")).lines]
    assert {"#2 CACHED", "#3 CACHED", "#4 CACHED"} <= set(said)
    assert not any("DONE" in text for text in said if not text.startswith("#5"))


@pytest.mark.parametrize("name", RECORDED)
def test_done_never_falls_and_never_exceeds_what_is_known(name: str) -> None:
    progress = Told(recorded(name), 100).progress
    done = [each.done for each in progress]
    assert done == sorted(done)
    assert all(each.done <= each.total for each in progress)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("chunk_bytes", [1, 7, 1000])
def test_where_chunks_end_makes_no_difference(name: str, chunk_bytes: int) -> None:
    assert Told(recorded(name), chunk_bytes).lines == Told(recorded(name)).lines


@pytest.mark.parametrize("name", RECORDED)
def test_newer_builds_with_one_object_per_line_are_told_alike(name: str) -> None:
    pieces: list[str] = []
    splitter = ObjectSplitter(lambda told: pieces.append(json.dumps(told)), pieces.append)
    splitter.feed(recorded(name))
    splitter.end()
    assert Told("".join(f"{piece}\n" for piece in pieces).encode()).lines == Told(recorded(name)).lines


def test_output_comes_whole_in_order_and_without_terminal_codes() -> None:
    told = Told(recorded("run_fails"))
    output = [line for line in told.lines if line[1].startswith("#4 ") and line[0] != "say"]
    assert output[:4] == [
        ("out", "#4 abcred"),
        ("out", "#4 progress"),
        ("err", "#4 boom"),
        ("out", "#4 part1part2"),
    ]


def test_a_failure_is_told_with_its_step_error_and_last_lines() -> None:
    failure = Told(recorded("run_fails")).report.failure("shop")
    assert failure.step.startswith("[3/3] RUN printf 'abc")
    assert failure.error.endswith("did not complete successfully: exit code: 3")
    assert failure.exit_code == 3
    assert failure.lines == ("abcred", "progress", "boom", "part1part2")
    assert failure.excerpt[0].startswith("   3 | >>> RUN printf")
    assert failure.app == "shop"


def test_a_broken_dockerfile_has_no_step_but_its_line() -> None:
    assert Told(recorded("syntax")).report.failure("shop") == FailedBuild(
        "",
        "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
        (),
        ("   2 | >>> RUNN true",),
        "shop",
    )


def test_warnings_are_told() -> None:
    assert Told(recorded("warn")).lines[0] == ("warn", "Empty continuation line found in: RUN echo  hi")


def test_pieces_of_a_line_are_joined_per_stream_and_the_last_needs_no_end() -> None:
    data = objects(
        {"vertexes": [STARTED]},
        log(b"gr\xc3"),
        log(b"err", 2),
        log(b"\xbcn\nrest"),
        log(b"or\n", 2),
        {"vertexes": [ENDED]},
    )
    assert Told(data).lines == [
        ("say", "#1 [2/2] RUN x"),
        ("out", "#1 grün"),
        ("err", "#1 error"),
        ("out", "#1 rest"),
        ("say", "#1 DONE 1.2s"),
    ]


def test_a_line_written_over_shows_what_it_showed_last() -> None:
    data = objects({"vertexes": [STARTED]}, log(b"10%\r50%\r100%\r\n\x1b[1;32mok\x1b[0m\x1b]0;title\x07\n"))
    assert Told(data).lines[1:] == [("out", "#1 100%"), ("out", "#1 ok")]


def test_an_endless_line_comes_in_pieces() -> None:
    told = Told(objects({"vertexes": [STARTED]}, *(log(b"x" * 5000) for _ in range(20))))
    texts = [text.removeprefix("#1 ") for _, text in told.lines[1:]]
    assert "".join(texts) == "x" * 100_000
    assert max(map(len, texts)) <= MAX_LINE + 5000


def test_text_that_looks_like_the_beginning_of_an_object_is_told_as_text() -> None:
    data = b"{\n" + b"  not json\n}\n" + b"{ neither\n" + objects({"vertexes": [STARTED]}) + b"tail {"
    told = Told(data, 3)
    assert told.lines == [
        ("err", "{"),
        ("err", "  not json"),
        ("err", "}"),
        ("err", "{ neither"),
        ("say", "#1 [2/2] RUN x"),
        ("err", "tail {"),
    ]


def test_mounts_are_left_out_of_a_steps_name() -> None:
    named = {**STARTED, "name": "[2/2] RUN --mount=type=cache,target=/c --mount=type=secret,id=a   npm  ci"}
    assert Told(objects({"vertexes": [named]})).lines == [("say", "#1 [2/2] RUN npm ci")]


def test_twenty_thousand_lines_take_a_fraction_of_a_second() -> None:
    lines = (log(f"npm http fetch GET 200 {i} {'x' * 60}\n".encode()) for i in range(20_000))
    data = objects({"vertexes": [STARTED]}, *lines)
    began = time.process_time()
    told = Told(data)
    assert len(told.lines) == 20_001
    assert time.process_time() - began < 0.7
