"""What a tool printed is explained as people explained it, and what is not about images is left alone."""

import json
import re
import string
import tracemalloc
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seaway.core.causes import CAUSES
from seaway.core.diagnosis import diagnose, diagnose_lines
from seaway.core.excerpt import BEGINNING, STEMS
from seaway.core.facts import OPENERS
from seaway.core.rules import RULES
from seaway.core.signs import PATTERNS, STRONG, WEAK, signs_in
from seaway.core.words import WORDS, WORKING, read_context

DATA = Path(__file__).parent / "data"


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


FAILURES = cases("failures.jsonl")


def top(text: str, context: str = "") -> str | None:
    found = diagnose(text, context)
    return found[0].finding.cause if found else None


def all_labels(text: str, context: str = "") -> list[str]:
    found = diagnose(text, context)
    return [*found[0].acceptable, *(d.finding.cause for d in found[1:])] if found else []


def right_answers(case: dict[str, Any]) -> set[str]:
    return {case["cause"], *(case.get("acceptable_causes") or ())}


# --- Real failures


@pytest.mark.parametrize("name", ["failures.jsonl", "collected_failures.jsonl", "written_failures.jsonl"])
def test_failures_are_explained_as_they_turned_out(name):
    every = cases(name)
    misses = []
    for case in every:
        found = top(case["log"], case.get("context") or "")
        if found not in right_answers(case):
            misses.append(f"{case['cause']} was taken for {found}: {case.get('id', '')} {case['log'][:160]!r}")
    score = 1 - len(misses) / len(every)
    report = "\n".join([f"{score:.1%} of {len(every)} failures in {name} explained", *misses])
    print(report)
    assert score >= 0.97, report


def test_most_real_failures_are_explained_by_the_log_alone():
    right = sum(top(case["log"]) in right_answers(case) for case in FAILURES)
    print(f"{right / len(FAILURES):.1%} by the log alone")
    assert right / len(FAILURES) >= 0.8


# --- What somebody tells beside it


@pytest.mark.parametrize(
    ("context", "fact"),
    [
        ("An older version of the client works.", "told other version"),
        ("With 3.12.3 the same job pulls.", "told other version"),
        ("podman pulls the image with the same login.", "told other client"),
        ("docker pull works on the node.", "told works by hand"),
        ("After docker logout the pull succeeds.", "told anonymous works"),
        ("Colleagues pull it: on another machine it works.", "told others can"),
        ("A rerun passes.", "told later works"),
    ],
)
def test_what_works_instead_is_heard(context, fact):
    assert fact in read_context(context)


@pytest.mark.parametrize(
    "context",
    [
        "An older version of the client does not work either.",
        "docker login succeeded.",
        "It never worked, not with podman and not with another version.",
        "Whether another version works is not known.",
    ],
)
def test_what_fails_too_is_not_taken_for_what_works(context):
    assert not read_context(context) & WORKING.keys()


@pytest.mark.parametrize("context", ["Nobody is logged in.", "The user was never logged in.", "Not logged in."])
def test_a_denied_login_is_no_login(context):
    assert {"told no login"} == read_context(context) & {"told no login", "told login ok"}


# --- Real clients against a registry of our own

REFUSED_LOGIN = {"stale_credential_blocks_public", "credential_expired_or_revoked", "bad_credentials"}
HIDDEN = {"no_credential_sent", "repository_not_found", "no_role_on_repo"}
NO_RIGHT = {"no_role_on_repo", "missing_scope_write", "missing_scope_read", "repository_not_found"}
TRUE_CAUSES = {
    "a": REFUSED_LOGIN,
    "a'": REFUSED_LOGIN,
    "b": HIDDEN,
    "c1": NO_RIGHT,
    "c2": {"missing_scope_write"},
    "g1": {"tag_not_found"},
    "g2": {"tag_not_found", "repository_not_found"},
    "f1": {"rate_limited"},
    "f2": {"rate_limited"},
    "k": {"registry_outage"},
    "h1": {"no_credential_sent"},
    "h2": {"bad_credentials"},
    "d1": {"network_timeout"},
    "d2": {"dns_failure"},
    "e1": {"tls_unknown_authority", "no_role_on_repo", "no_credential_sent"},
    "e2": {"plain_http_registry"},
    "e3": {"network_timeout"},
    "d3": {"network_timeout"},
}
# The old client prints the same for every failure, so that nothing can be told from it.
MUTE = {("h2", "docker manifest inspect"), ("e2", "docker manifest inspect")}


def client_outputs() -> Iterator[tuple[str, str, bool, str]]:
    case = command = ""
    failed, lines = False, []
    for line in [*(DATA / "client_outputs.txt").read_text().splitlines(), "########"]:
        begins = re.match(r"\[(.+)\] rc=(\d+)", line)
        if begins or line.startswith(("####", "--", "  token server")):
            if command and (case, command) not in MUTE:
                yield case, command, failed, "\n".join(lines)
            command, failed, lines = (begins[1], begins[2] != "0", []) if begins else ("", False, [])
        elif line.startswith("    "):
            lines.append(line[4:])
        if named := re.match(r"#+ \((.+?)\)", line):
            case = named[1]


OUTPUTS = list(client_outputs())


@pytest.mark.parametrize(("case", "text"), [pytest.param(c, t, id=f"{c} {m}") for c, m, failed, t in OUTPUTS if failed])
def test_what_a_client_prints_names_the_true_cause(case, text):
    assert TRUE_CAUSES[case] & set(all_labels(text))


@pytest.mark.parametrize("text", [pytest.param(t, id=f"{c} {m}") for c, m, failed, t in OUTPUTS if not failed])
def test_what_a_client_prints_on_success_is_no_failure(text):
    assert diagnose(text) == []


# --- What to do is right for the case at hand

BUILDKIT = """\
#2 [auth] railwayapp/nixpacks:pull token for ghcr.io
#2 DONE 0.0s
#3 [internal] load metadata for ghcr.io/railwayapp/nixpacks:ubuntu-1741046653
#3 ERROR: failed to authorize: failed to fetch oauth token: unexpected status from GET request to \
https://ghcr.io/token?scope=repository%3Arailwayapp%2Fnixpacks%3Apull&service=ghcr.io: 403 Forbidden
"""


def test_the_model_case_says_both_causes_and_who_can_tell():
    best = diagnose(BUILDKIT)[0]
    assert best.finding.cause == "stale_credential_blocks_public"
    assert best.acceptable == ("stale_credential_blocks_public", "credential_expired_or_revoked")
    assert best.doctor == "seaway doctor ghcr.io/railwayapp/nixpacks:ubuntu-1741046653"
    assert best.finding.commands[0] == "docker logout ghcr.io"
    assert len(best.finding.evidence) == 1
    assert "403 Forbidden" in best.finding.evidence[0]


@pytest.mark.parametrize(
    ("context", "cause"),
    [
        ("The image is public.", "stale_credential_blocks_public"),
        ("The image is private, and its token has expired.", "credential_expired_or_revoked"),
    ],
)
def test_what_is_known_beside_the_text_makes_it_certain(context, cause):
    best = diagnose(BUILDKIT, context)[0]
    assert (best.finding.cause, best.acceptable) == (cause, (cause,))


@pytest.mark.parametrize(
    ("text", "doctor"),
    [
        (
            "denied: requested access to the resource is denied\nThe push refers to repository [ghcr.io/acme/shop]",
            "seaway doctor ghcr.io/acme/shop --push",
        ),
        (
            "Error response from daemon: manifest for acme/shop:v9 not found: manifest unknown",
            "seaway doctor docker.io/acme/shop:v9",
        ),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", None),
    ],
)
def test_the_doctor_is_asked_about_the_image_in_question(text, doctor):
    assert diagnose(text)[0].doctor == doctor


def test_docker_hub_is_logged_out_of_without_a_name():
    text = (
        'Head "https://registry-1.docker.io/v2/library/node/manifests/20": unauthorized: incorrect username or password'
    )
    assert diagnose(text)[0].finding.commands == ("docker logout", "docker pull docker.io/library/node:20")


def test_a_name_made_to_run_a_command_is_never_in_one():
    text = "Error response from daemon: pull access denied for acme/$(reboot);x, repository does not exist"
    for found in diagnose(text):
        assert not any("reboot" in command for command in (*found.finding.commands, found.doctor or ""))


def test_a_failed_cache_lookup_is_outdone_by_the_error_that_ended_the_build():
    log = "#9 ERROR: ghcr.io/acme/shop:cache: not found\n" + BUILDKIT
    assert "stale_credential_blocks_public" in all_labels(log)


# --- What is not about images

NOT_ABOUT_IMAGES = {
    "a good build": """\
#5 [internal] load metadata for docker.io/library/node:20-slim
#5 DONE 0.4s
#8 [4/6] RUN npm ci
#8 3.412 added 312 packages in 3s
#9 exporting to image
#9 naming to docker.io/acme/shop:1 done
#9 DONE 0.3s""",
    "a package that is missing": """\
#8 [4/6] RUN npm ci
#8 1.100 npm error code E404
#8 1.101 npm error 404 Not Found - GET https://packages.example/left-pod - Not found
#8 1.102 npm error 404 'left-pod@*' is not in this registry.
#8 ERROR: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1""",
    "a package registry that wants a login": """\
npm error code E401
npm error Unable to authenticate, your authentication token seems to be invalid.
npm error 401 Unauthorized - GET https://packages.example/@acme%2fui
npm error 403 Forbidden - GET https://packages.example/@acme%2fui""",
    "a database that is down": """\
Error: connect ECONNREFUSED 127.0.0.1:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16)
psycopg.OperationalError: connection refused
Is the server running on that host and accepting TCP/IP connections?""",
    "a database in a build": """\
#12 [6/6] RUN npm run migrate
#12 2.210 Error: P1001: Can't reach database server at `db:5432`
#12 2.211 dial tcp 10.0.0.4:5432: connect: connection refused
#12 ERROR: process "/bin/sh -c npm run migrate" did not complete successfully: exit code: 1""",
    "a stack trace": """\
Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    raise PermissionError("403 Forbidden")
PermissionError: 403 Forbidden
java.lang.IllegalStateException: token expired
    at com.example.Auth.check(Auth.java:41)""",
    "an app's own refusals": """\
web-1  | POST /login 401 Unauthorized 12ms
web-1  | GET /admin 403 Forbidden 3ms
web-1  | upstream returned 502 Bad Gateway
web-1  | rate limit exceeded, too many requests from 10.0.0.7
web-1  | x509: certificate signed by unknown authority""",
    "a compiler": """\
src/app.ts(12,5): error TS2304: Cannot find name 'proces'.
Module not found: Error: Can't resolve './manifest' in '/app/src'
tsconfig.json: invalid character in line 3
error: unexpected eof while parsing""",
    "git": """\
remote: Repository not found.
fatal: repository 'https://github.com/acme/missing.git/' not found
git@github.com: Permission denied (publickey).""",
    "a missing program": "sh: 1: next: not found\n/bin/sh: next: command not found",
    "docker's own troubles": """\
Error response from daemon: network shop_default not found
Error response from daemon: No such container: web
Error response from daemon: Conflict. The container name "/web" is already in use by container "abc"
Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:80 failed
exec: "node": executable file not found in $PATH""",
    "a file that is not in the build's folder": """\
#8 [3/5] COPY package.json .
#8 ERROR: failed to calculate checksum of ref abc: "/package.json": not found
ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref a: "/app": not found""",
    "a build without a cache": """\
#6 importing cache manifest from ghcr.io/acme/shop:cache
#6 ERROR: ghcr.io/acme/shop:cache: not found
#7 ERROR: failed to configure registry cache importer: ghcr.io/acme/shop:other: not found
ERROR: failed to solve: process "/bin/sh -c npm run build" did not complete successfully: exit code: 1""",
    "a secret of the cluster": 'MountVolume.SetUp failed for volume "x" : secret "tls" not found',
    "prose": "The quick brown fox jumps over the lazy dog.",
    "nothing": "",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NOT_ABOUT_IMAGES.items()])
def test_what_is_not_about_images_is_left_alone(text):
    assert diagnose(text) == []


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NOT_ABOUT_IMAGES.items()])
def test_noise_around_a_failure_does_not_change_the_answer(text):
    alone = diagnose(BUILDKIT)
    around = diagnose(f"{text}\n\n\n\n{BUILDKIT}\n\n\n\n{text}")
    assert [d.acceptable for d in around] == [d.acceptable for d in alone]


# --- Whatever is fed

PLAIN = st.text(string.ascii_lowercase + string.digits + " .-", max_size=60)


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text())
def test_no_text_makes_it_stumble(text, context):
    diagnose(text, context)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_stumble(raw):
    diagnose(raw.decode("utf-8", "replace"))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([line for case in FAILURES for line in case["log"].splitlines()]), max_size=30),
    st.lists(st.sampled_from([case["context"] for case in FAILURES if case.get("context")]), max_size=2),
)
def test_every_answer_is_of_the_closed_list_and_names_itself_first(lines, contexts):
    for found in diagnose("\n".join(lines), " ".join(contexts)):
        assert set(found.acceptable) <= CAUSES.keys()
        assert found.acceptable[0] == found.finding.cause
        assert found.finding.title
        assert found.finding.remedy


@settings(max_examples=100, deadline=None)
@given(st.text(string.ascii_letters + string.digits + " \n", max_size=400))
def test_letters_and_digits_alone_are_about_nothing(text):
    assume(not any(needle in text.lower() for needles in STRONG.values() for needle in needles))
    assert diagnose(text) == []


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FAILURES), st.lists(PLAIN, max_size=40), st.randoms(use_true_random=False))
def test_lines_about_something_else_do_not_change_the_answer(case, other, chance):
    assume(not any(fact for line in other for fact in signs_in(line, about_images=True)))
    chance.shuffle(other)
    half = len(other) // 2
    log = "\n".join([*other[:half], "", "", "", case["log"], "", "", "", *other[half:]])
    assert top(log, case.get("context") or "") == top(case["log"], case.get("context") or "")


SECRET = st.text(string.ascii_letters + string.digits, min_size=24, max_size=36)
LEAKS = st.sampled_from(
    [
        'Error response from daemon: Get "https://me:{}@ghcr.io/v2/": denied: denied',
        "Error response from daemon: pull access denied for ghp_{}/app, repository does not exist",
        "docker login -u me -p {} ghcr.io: unauthorized: incorrect username or password",
        "failed to authorize: failed to fetch oauth token: Authorization: Bearer {}: 403 Forbidden",
        'error parsing docker config: {{"auths":{{"ghcr.io":{{"auth":"{}"}}}}}}: unexpected end of JSON input',
        "docker pull ghcr.io/glpat-{}/app: manifest unknown",
        "error getting credentials - err: exit status 1, out: `password={}`",
    ]
)


@settings(max_examples=150, deadline=None)
@given(LEAKS, SECRET)
def test_a_secret_is_in_no_part_of_an_answer(leak, secret):
    text = leak.format(secret)
    for found in diagnose(text):
        said = (
            found.finding.title,
            *found.finding.evidence,
            found.finding.remedy,
            *found.finding.commands,
            found.doctor,
        )
        assert not any(secret in part or secret.lower() in part for part in said if part)


# --- Logs of any length


def noise(size_bytes: int) -> Iterator[str]:
    lines = [f"2026-11-24T12:05:16Z INFO request id={i} of worker handled, path=/articles/{i * 7}" for i in range(500)]
    for number in range(size_bytes // len(lines[0])):
        yield lines[number % len(lines)]


def test_what_is_kept_of_a_log_does_not_grow_with_it():
    def peak(size_bytes: int) -> int:
        tracemalloc.start()
        assert diagnose_lines(chain(noise(size_bytes), BUILDKIT.splitlines(), noise(size_bytes)))
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    peak(100_000)
    assert peak(2_000_000) < peak(200_000) + 200_000


def test_a_failure_deep_in_50_mb_is_found():
    log = chain(noise(30_000_000), BUILDKIT.splitlines(), noise(20_000_000))
    assert diagnose_lines(log)[0].finding.cause == "stale_credential_blocks_public"


def test_real_failures_are_found_deep_in_a_log():
    around = ["all is well"] * (BEGINNING + 10)
    lost = [
        case["id"]
        for case in FAILURES
        if top("\n".join([*around, case["log"], *around]), case.get("context") or "")
        != top(case["log"], case.get("context") or "")
    ]
    assert lost == []


def test_a_failure_among_thousands_of_other_errors_is_found():
    lines = [f"ERROR worker {i}: request {i * 3} failed" for i in range(20_000)]
    assert top("\n".join([*lines, BUILDKIT, *lines])) == "stale_credential_blocks_public"


def test_a_line_without_end_is_cut():
    assert top(BUILDKIT + "x" * 5_000_000) == "stale_credential_blocks_public"


# --- The tables


def test_the_closed_list_has_42_causes_and_every_rule_names_one():
    assert len(CAUSES) == 42
    assert {rule.cause for rule in RULES} == CAUSES.keys()


def test_every_line_that_a_strong_sign_is_on_is_kept():
    lines = {line for case in FAILURES for line in case["log"].lower().splitlines()}
    assert [line for line in lines if list(signs_in(line, False)) and not any(stem in line for stem in STEMS)] == []


def test_every_fact_that_a_rule_needs_can_be_found():
    derived = {
        "refused", "silent text", "denied and unauthorized", "oauth refused", "anonymous refused", "login refused",
        "manifest forbidden", "ghcr unauthorized", "own registry", "op push", "was sent", "may be absent",
        "odd answer to a login",
    }  # fmt: skip
    known = {*STRONG, *WEAK, *WORDS, *WORKING, *derived, *(pattern.fact for pattern in PATTERNS)}
    needed = {name for rule in RULES for name in rule.needs | rule.without if not name.startswith("on ")}
    assert needed <= known
    assert known >= OPENERS


def test_signs_are_written_in_lower_case():
    needles = [needle for table in (STRONG, WEAK) for needles in table.values() for needle in needles]
    assert needles == [needle.lower() for needle in needles]
