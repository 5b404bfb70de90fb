"""From the words of a failed build to its cause, and to what to do next."""

import pytest

from seaway.core.build_failure import MAX_LINES, SIGNS, FailedBuild, explain_failed_build

EXIT_1 = 'process "/bin/sh -c npm run build" did not complete successfully: exit code: 1'
STEP = "[build 4/5] RUN npm run build"


@pytest.mark.parametrize(
    ("error", "cause", "title"),
    [
        (
            "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
            "build.dockerfile_broken",
            "The Dockerfile is wrong in line 2: unknown instruction: RUNN (did you mean RUN?)",
        ),
        (
            "file with no instructions",
            "build.dockerfile_broken",
            "The Dockerfile is wrong: file with no instructions",
        ),
        (
            'target stage "nope" could not be found',
            "build.dockerfile_broken",
            'The Dockerfile is wrong: target stage "nope" could not be found',
        ),
        (
            "ghcr.io/acme/base:1: failed to resolve source metadata for ghcr.io/acme/base:1: failed to authorize: "
            "failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token: 403 Forbidden",
            "build.base_unavailable",
            "The base image ghcr.io/acme/base:1 cannot be had",
        ),
        (
            "node:22: failed to resolve source metadata for docker.io/library/node:22: failed to do request: Head "
            '"https://registry-1.docker.io/v2/library/node/manifests/22": dial tcp: lookup registry-1.docker.io on '
            "192.0.2.53:53: no such host",
            "build.base_unavailable",
            "The base image docker.io/library/node:22 cannot be had",
        ),
        (
            "failed to resolve source metadata for docker.io/docker/dockerfile:1: failed to do request",
            "build.base_unavailable",
            "The Dockerfile's first line asks for docker.io/docker/dockerfile:1, which cannot be had",
        ),
        (
            'failed to compute cache key: failed to calculate checksum of ref a-b::c: "/dist/app.js": not found',
            "build.missing_file",
            "dist/app.js is not among the files that are built from",
        ),
        (
            "failed to copy files: write /var/lib/docker/x: no space left on device",
            "build.disk_full",
            "The disk is full",
        ),
        (
            'process "/bin/sh -c npm ci" did not complete successfully: exit code: 137',
            "build.out_of_memory",
            "The step '[build 4/5] RUN npm run build' was killed, most likely because the machine ran out of memory",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "docker.not_running",
            "Docker does not answer",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "docker.no_permission",
            "Seaway may not open Docker's socket",
        ),
        (
            "docker: 'buildx' is not a docker command.",
            "build.buildx_missing",
            "Docker's build plug-in buildx is not installed",
        ),
    ],
)
def test_buildkits_own_error_names_the_cause(error: str, cause: str, title: str) -> None:
    finding = explain_failed_build(FailedBuild(STEP, error))
    assert (finding.cause, finding.title) == (cause, title)
    assert error in finding.evidence
    assert finding.remedy


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("npm error network request to https://pkgs.example.org/next failed, reason: getaddrinfo ENOTFOUND "
         "pkgs.example.org", "pkgs.example.org"),
        ("npm error getaddrinfo EAI_AGAIN pkgs.example.org", "pkgs.example.org"),
        ("Error: connect ECONNREFUSED 10.0.0.7:5432", "10.0.0.7"),
        ("curl: (6) Could not resolve host: api.example.org", "api.example.org"),
        ("fatal: unable to access 'https://git.example.org/a/': Could not resolve host: git.example.org",
         "git.example.org"),
        ("ssh: Could not resolve hostname git.example.org: Name or service not known", "git.example.org"),
        ("Err:1 http://apt.example.org trixie InRelease  Temporary failure resolving 'apt.example.org'",
         "apt.example.org"),
        ("wget: bad address 'fonts.example.org'", "fonts.example.org"),
        ("wget: unable to resolve host address ‘fonts.example.org’", "fonts.example.org"),
        ('Get "https://go.example.org/x": dial tcp: lookup go.example.org on 192.0.2.53:53: no such host',
         "go.example.org"),
        ("curl: (28) Failed to connect to api.example.org port 443 after 3000 ms", "api.example.org"),
        ("HTTPSConnectionPool(host='pip.example.org', port=443): Max retries exceeded", "pip.example.org"),
        ("error sending request for url (https://crates.example.org/a): dns error: failed to lookup address",
         "crates.example.org"),
    ],
)  # fmt: skip
def test_a_host_out_of_reach_is_named(line: str, host: str) -> None:
    finding = explain_failed_build(FailedBuild(STEP, EXIT_1, ("building", line, "npm error code 1")))
    assert (finding.cause, finding.title) == (
        "build.unreachable_host",
        f"{host} could not be reached from the build",
    )
    assert finding.commands == (f"getent hosts {host}",)
    assert f"| {line}" in finding.evidence


@pytest.mark.parametrize(
    "line",
    [
        "next/font: error: Failed to fetch `Inter` from Google Fonts.",
        "Error: Failed to fetch font `Inter`: https://fonts.googleapis.com/css2?family=Inter",
    ],
)
def test_a_google_font_names_googles_host_and_the_way_without_it(line: str) -> None:
    finding = explain_failed_build(FailedBuild(STEP, EXIT_1, (line,)))
    assert finding.cause == "build.unreachable_host"
    assert finding.title == "The font Inter could not be fetched from fonts.googleapis.com"
    assert "next/font/local" in finding.remedy


@pytest.mark.parametrize(
    "line",
    ["Killed", "sh: line 1:    12 Killed                  next build",
     "c++: fatal error: Killed signal terminated program",
     "Next.js build worker exited with code: null and signal: SIGKILL", "compile: signal: killed",
     "fork: Cannot allocate memory"],
)  # fmt: skip
def test_a_killed_program_points_to_memory(line: str) -> None:
    finding = explain_failed_build(FailedBuild(STEP, EXIT_1, (line, "npm error code 1")))
    assert finding.cause == "build.out_of_memory"
    assert "free -m" in finding.commands


def test_nodes_own_limit_is_told_with_the_variable_that_raises_it() -> None:
    line = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
    finding = explain_failed_build(FailedBuild(STEP, EXIT_1, (line, "Aborted"), app="shop"))
    assert finding.cause == "build.out_of_memory"
    assert finding.commands == ("seaway deploy --app shop --env NODE_OPTIONS=--max-old-space-size=4096",)


@pytest.mark.parametrize(
    "line", ["ENOSPC: no space left on device, write", "tar: write error: No space left on device"]
)
def test_a_program_that_finds_the_disk_full_says_so(line: str) -> None:
    assert explain_failed_build(FailedBuild(STEP, EXIT_1, (line,))).cause == "build.disk_full"


@pytest.mark.parametrize(
    ("line", "program"),
    [("sh: 1: next: not found", "next"), ("/bin/sh: vite: not found", "vite"),
     ("bash: line 1: pnpm: command not found", "pnpm")],
)  # fmt: skip
def test_a_program_that_is_not_installed_is_named(line: str, program: str) -> None:
    finding = explain_failed_build(FailedBuild(STEP, EXIT_1.replace("1", "127"), (line,)))
    assert finding.cause == "build.command_missing"
    assert f"calls {program}," in finding.title


def test_anything_else_tells_step_code_and_the_last_twenty_lines() -> None:
    lines = tuple(f"line {n}" for n in range(30))
    finding = explain_failed_build(FailedBuild(STEP, EXIT_1, lines, ("   4 | >>> RUN npm run build",)))
    assert finding.cause == "build.failed"
    assert finding.title == f"The step {STEP!r} failed with exit code 1"
    assert finding.evidence == (
        f"step: {STEP}",
        EXIT_1,
        "   4 | >>> RUN npm run build",
        *(f"| line {n}" for n in range(30 - MAX_LINES, 30)),
    )


def test_what_the_apps_command_contains_is_no_sign() -> None:
    error = (
        'process "/bin/sh -c echo no space left on device; echo exit code: 137; exit 4" did not complete '
        "successfully: exit code: 4"
    )
    finding = explain_failed_build(FailedBuild("[2/2] RUN x", error))
    assert (finding.cause, finding.title) == ("build.failed", "The step '[2/2] RUN x' failed with exit code 4")


def test_a_failure_of_which_nothing_is_known_is_still_one() -> None:
    assert explain_failed_build(FailedBuild()).title == "The build failed"


def test_of_several_hosts_the_last_one_is_named() -> None:
    lines = ("getaddrinfo EAI_AGAIN first.example.org, retrying", "getaddrinfo EAI_AGAIN last.example.org")
    assert "last.example.org" in explain_failed_build(FailedBuild(STEP, EXIT_1, lines)).title


def test_a_command_to_paste_holds_nothing_that_a_log_line_could_smuggle_in() -> None:
    lines = ("Could not resolve host: $(reboot)", "getaddrinfo ENOTFOUND a.example.org;reboot")
    for command in explain_failed_build(FailedBuild(STEP, EXIT_1, lines)).commands:
        assert "reboot" not in command


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"{sign.cause}-{sign.pattern.pattern[:30]}")
def test_every_sign_has_a_remedy_that_is_a_sentence(sign: object) -> None:
    remedy = sign.remedy  # type: ignore[attr-defined]
    assert remedy[0].isupper() or remedy.startswith(("next/", "{"))
    assert remedy.endswith((".", ":"))
