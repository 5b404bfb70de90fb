"""An unhealthy release gets exactly one cause, with what was seen and what to do."""

from dataclasses import replace

import pytest

from seaway.core.health import MAX_LINES, HealthEvidence, Listener, ProbeAnswer, explain_unhealthy, is_healthy

REFUSED = ProbeAnswer(error="connection refused")
SEEN = HealthEvidence(
    app="shop",
    port=3000,
    path="/up",
    waited_s=60.0,
    state="running",
    exit_code=None,
    oom_killed=False,
    restarts=0,
    memory_bytes=256 * 1024**2,
    listeners=(),
    last_probe=REFUSED,
    last_lines=("starting", "ready"),
)
HERE = Listener("0.0.0.0", 3000)
LOOPBACK = Listener("127.0.0.1", 3000)


@pytest.mark.parametrize(
    ("answer", "path", "healthy"),
    [
        (ProbeAnswer(status=200), "/up", True),
        (ProbeAnswer(status=404), None, True),
        (ProbeAnswer(status=499), "/up", True),
        (ProbeAnswer(status=500), None, False),
        (ProbeAnswer(status=503, accepted=True), None, False),
        (ProbeAnswer(accepted=True), None, True),
        (ProbeAnswer(accepted=True), "/up", False),
        (REFUSED, None, False),
    ],
)
def test_healthy_is_an_answer_below_500_or_without_a_path_any_open_port(
    answer: ProbeAnswer, path: str | None, healthy: bool
) -> None:
    assert is_healthy(answer, path) is healthy


@pytest.mark.parametrize(
    ("seen", "cause", "title"),
    [
        (
            replace(SEEN, state="exited", exit_code=137, oom_killed=True),
            "health.out_of_memory",
            "shop needs more memory than its limit of 256 MB",
        ),
        (
            replace(SEEN, state="exited", exit_code=1),
            "health.exited",
            "shop ended by itself with code 1",
        ),
        (
            replace(SEEN, state="exited", exit_code=127),
            "health.exited",
            "shop ended by itself with code 127 (its command was not found)",
        ),
        (
            replace(SEEN, restarts=3, exit_code=None),
            "health.exited",
            "shop ended by itself with an unknown code",
        ),
        (
            replace(SEEN, listeners=(HERE,), last_probe=ProbeAnswer(status=503, accepted=True)),
            "health.server_error",
            "shop answers 503 on /up",
        ),
        (
            replace(SEEN, listeners=(LOOPBACK,)),
            "health.loopback_only",
            "shop listens on 127.0.0.1:3000 only, where nobody outside its container can reach it",
        ),
        (
            replace(SEEN, listeners=(LOOPBACK, Listener("::1", 3000))),
            "health.loopback_only",
            "shop listens on 127.0.0.1:3000, [::1]:3000 only, where nobody outside its container can reach it",
        ),
        (
            replace(SEEN, listeners=(Listener("127.0.0.1", 8080),)),
            "health.loopback_only",
            "shop listens on 127.0.0.1:8080 only, where nobody outside its container can reach it",
        ),
        (
            replace(SEEN, listeners=(Listener("::", 8080), Listener("127.0.0.1", 9229))),
            "health.other_port",
            "shop listens on port 8080, not on 3000",
        ),
        (
            replace(SEEN, listeners=(LOOPBACK, HERE)),
            "health.no_answer",
            "shop accepts connections on port 3000 but does not answer on /up",
        ),
        (
            SEEN,
            "health.nothing_listens",
            "shop does not listen on any port",
        ),
    ],
)
def test_each_way_to_be_unhealthy_has_its_own_cause(seen: HealthEvidence, cause: str, title: str) -> None:
    finding = explain_unhealthy(seen)
    assert (finding.cause, finding.title) == (cause, title)
    assert finding.evidence[-2:] == ("| starting", "| ready")
    assert all("--app shop" in command for command in finding.commands)
    assert finding.remedy


def test_what_happened_to_the_process_is_said_before_what_the_network_saw() -> None:
    seen = replace(SEEN, state="exited", exit_code=1, listeners=(HERE,), last_probe=ProbeAnswer(status=500))
    assert explain_unhealthy(seen).cause == "health.exited"
    assert explain_unhealthy(replace(seen, oom_killed=True)).cause == "health.out_of_memory"


def test_restarts_are_counted_with_the_first_run() -> None:
    finding = explain_unhealthy(replace(SEEN, restarts=2, exit_code=1))
    assert finding.evidence[0] == "the container exited with code 1, 3 times"


def test_the_remedy_for_too_little_memory_is_a_command_with_twice_as_much() -> None:
    finding = explain_unhealthy(replace(SEEN, oom_killed=True))
    assert finding.commands == ("seaway deploy --again --app shop --memory 512m",)


def test_without_a_limit_it_was_the_machine_that_had_no_more() -> None:
    finding = explain_unhealthy(replace(SEEN, oom_killed=True, memory_bytes=None))
    assert finding.title == "shop needs more memory than the machine has free"
    assert "--memory" not in " ".join(finding.commands)


def test_a_start_command_that_ends_well_is_told_to_go_on_running() -> None:
    finding = explain_unhealthy(replace(SEEN, state="exited", exit_code=0))
    assert "goes on running" in finding.remedy


def test_a_port_that_took_the_probe_is_not_said_to_be_closed() -> None:
    finding = explain_unhealthy(replace(SEEN, listeners=(), last_probe=ProbeAnswer(accepted=True)))
    assert finding.cause == "health.no_answer"


def test_the_remedy_for_another_port_is_a_command_with_that_port() -> None:
    finding = explain_unhealthy(replace(SEEN, listeners=(Listener("0.0.0.0", 8080),)))
    assert finding.commands == ("seaway deploy --again --app shop --port 8080",)
    assert finding.evidence[:2] == ("listening: 0.0.0.0:8080", "wanted: port 3000")


def test_what_the_probe_got_is_evidence_for_no_answer() -> None:
    answer = ProbeAnswer(error="took the connection but gave no answer within 2 s")
    finding = explain_unhealthy(replace(SEEN, listeners=(HERE,), last_probe=answer))
    assert finding.evidence[0] == "GET /up on port 3000: took the connection but gave no answer within 2 s"


def test_of_a_long_log_the_last_lines_are_shown() -> None:
    finding = explain_unhealthy(replace(SEEN, last_lines=tuple(str(n) for n in range(100))))
    assert finding.evidence[1:] == tuple(f"| {n}" for n in range(100 - MAX_LINES, 100))


@pytest.mark.parametrize(
    ("address", "loopback", "text"),
    [
        ("127.0.0.1", True, "127.0.0.1:1"),
        ("127.9.9.9", True, "127.9.9.9:1"),
        ("::1", True, "[::1]:1"),
        ("0.0.0.0", False, "0.0.0.0:1"),
        ("::", False, "[::]:1"),
        ("172.18.0.2", False, "172.18.0.2:1"),
    ],
)
def test_a_listener_knows_whether_others_reach_it(address: str, loopback: bool, text: str) -> None:
    listener = Listener(address, 1)
    assert (listener.is_loopback, str(listener)) == (loopback, text)
