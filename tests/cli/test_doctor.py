"""`seaway doctor` as people run it: a process of its own, its exit status and what it prints."""

import asyncio
import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_fixtures import authority, basic_registry, open_registry, push_image
from seaway.cli.doctor import Examined, picture
from seaway.core.finding import Finding
from seaway.core.image import parse_image
from seaway.core.proof import Link, Proof
from simulators.registry_front import GHCR, Account, Package, RegistryFront, manifest_named
from simulators.small_server import Asked, Reply, SmallServer

__all__ = ["authority", "basic_registry", "open_registry"]

SEAWAY = Path(sys.executable).parent / "seaway"
DEAD, LIVE = "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", "live-secret-118"


def doctor(*words: str, stdin: str = "", home: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home or "/nonexistent"), **env}
    return subprocess.run(
        [str(SEAWAY), "doctor", *words], input=stdin, capture_output=True, text=True, env=environment, timeout=60
    )


def told(run: subprocess.CompletedProcess[str]) -> dict:
    assert run.stderr == ""
    return json.loads(run.stdout)


@pytest.fixture
def front():
    packages = {
        "acme/public": Package(True, {"1": manifest_named("public")}),
        "acme/private": Package(False, {"1": manifest_named("private")}),
    }
    accounts = [Account(DEAD, alive=False), Account(LIVE, rights={"acme/private": frozenset({"pull", "push"})})]
    with RegistryFront(GHCR, packages, accounts) as running:
        yield running


def test_an_image_that_can_be_pulled_is_shown_link_by_link(open_registry):
    digest = push_image(open_registry, "team/app", "1", "amd64", "arm64", "s390x")
    run = doctor(f"{open_registry.host}/team/app:1")
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert lines[0] == f"{open_registry.host}/team/app:1"
    marks = {line.split()[1]: line.split()[0] for line in lines if line.startswith("  ") and line.strip()[0] in "✓✕–"}
    assert marks == {
        "reference": "✓", "dns": "✓", "tcp": "✓", "tls": "–", "challenge": "✓", "credential": "–", "token": "–",
        "manifest": "✓", "digest": "✓", "platform": "✓",
    }  # fmt: skip
    assert lines[-1] == f"● ok: {open_registry.host}/team/app:1 can be pulled without a login. {digest}"


def test_programs_get_one_object(open_registry):
    digest = push_image(open_registry, "team/app", "1", "amd64", "arm64", "s390x")
    data = told(doctor(f"{open_registry.host}/team/app:1", "--json"))
    assert set(data) == {"image", "digest", "links", "findings", "verdict"}
    assert (data["image"], data["digest"]) == (f"{open_registry.host}/team/app:1", digest)
    assert (data["findings"], data["verdict"]) == ([], "ok")
    assert all(set(link) == {"name", "ok", "ms", "evidence"} for link in data["links"])


def test_the_classic_failure_is_healed_and_named(front):
    image = f"{front.host}/acme/public:1"
    run = doctor(
        image, "--username", "alice", "--password-stdin", "--json", "--github-api", front.url, stdin=f"{DEAD}\n"
    )
    data = told(run)
    assert (run.returncode, data["verdict"]) == (0, "degraded")
    (finding,) = data["findings"]
    assert finding["cause"] == "stale_credential_blocks_public"
    assert "docker logout ghcr.io" in finding["commands"] or f"docker logout {front.host}" in finding["commands"]
    evidence = " ".join(finding["evidence"])
    assert "403 DENIED: denied" in evidence
    assert "/user answered 401 Bad credentials" in evidence
    assert [asked.path for asked in front.asked if asked.path == "/user"] == ["/user"]


def test_a_private_image_with_a_dead_login_is_broken_and_says_what_to_do(front):
    run = doctor(f"{front.host}/acme/private:1", "-u", "alice", "--password-stdin", stdin=DEAD)
    assert run.returncode == 1
    assert "✕ failed" not in run.stdout.splitlines()[0]
    assert "no longer accepts" in run.stdout
    assert "Do: " in run.stdout
    assert run.stdout.splitlines()[-1] == f"✕ broken: {front.host}/acme/private:1 cannot be pulled from here."


def test_what_was_not_reached_is_told_from_what_is_not_needed(front):
    words = {
        line.split()[1]: " ".join(line.split()[2:4])
        for line in doctor("nowhere.invalid/a/b:1").stdout.splitlines()[2:12]
        if line
    }
    assert (words["dns"].split()[0], words["tcp"], words["manifest"]) == ("failed", "not reached", "not reached")


def test_the_right_to_push_is_proved(front):
    image = f"{front.host}/acme/private:2"
    data = told(doctor(image, "--push", "-u", "x", "--password-stdin", "--json", stdin=LIVE))
    assert data["verdict"] == "ok"
    assert data["links"][-1]["name"] == "push"
    assert doctor(f"{front.host}/acme/public:1", "--push", "-u", "x", "--password-stdin", stdin=LIVE).returncode == 1


def test_dockers_own_login_is_used_when_asked_for_and_only_then(basic_registry, tmp_path):
    push_image(basic_registry, "team/app", "1", "amd64", "arm64", "s390x", login="alice:wonderland")
    image = f"{basic_registry.host}/team/app:1"
    (tmp_path / ".docker").mkdir()
    entry = {"auth": b64encode(b"alice:wonderland").decode()}
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {basic_registry.host: entry}}))
    assert doctor(image, home=tmp_path).returncode == 1
    used = told(doctor(image, "--from", "docker-config", "--json", home=tmp_path))
    assert used["verdict"] == "ok"
    credential = next(link for link in used["links"] if link["name"] == "credential")
    assert f"{tmp_path}/.docker/config.json" in credential["evidence"][0]


def test_a_broken_configuration_is_told_beside_a_good_image(open_registry, tmp_path):
    push_image(open_registry, "team/app", "1", "amd64", "arm64", "s390x")
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text('{"credsStore": "absent"}')
    data = told(doctor(f"{open_registry.host}/team/app:1", "--from", "docker-config", "--json", home=tmp_path))
    assert (data["verdict"], [each["cause"] for each in data["findings"]]) == (
        "degraded",
        ["credential_helper_missing"],
    )


def test_an_own_authority_is_trusted_through_the_environment(authority):
    tls = authority.issue("127.0.0.1").server_context()
    packages = {"acme/public": Package(True, {"1": manifest_named("public")})}
    with RegistryFront(GHCR, packages, tls=tls) as front:
        image = f"{front.host}/acme/public:1"
        assert told(doctor(image, "--json", SSL_CERT_FILE=str(authority.ca_file)))["verdict"] == "ok"
        doubted = told(doctor(image, "--json"))
        assert doubted["findings"][0]["cause"] == "tls_unknown_authority"
        assert told(doctor(image, "--json", "--insecure"))["verdict"] == "ok"


@pytest.mark.parametrize(
    "words",
    [
        ("Not/An Image",),
        ("ghcr.io/Acme/Web",),
        (),
        ("nginx", "--username", "alice"),
        ("nginx", "--password-stdin"),
        ("nginx", "-u", "a", "--password-stdin"),
        ("nginx", "--from", "docker-config", "-u", "a", "--password-stdin"),
        ("nginx", "--from", "elsewhere"),
    ],
)
def test_wrong_use_has_a_status_of_its_own(words):
    run = doctor(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr


def test_a_name_that_is_none_is_a_finding_for_programs():
    run = doctor("ghcr.io/Acme/Web", "--json")
    data = json.loads(run.stdout)
    assert (run.returncode, data["verdict"], data["findings"][0]["cause"]) == (2, "broken", "invalid_reference")
    assert data["findings"][0]["remedy"] == "Write ghcr.io/acme/web."


def test_no_secret_is_in_any_output(front):
    for secret in (DEAD, LIVE, "unknown-secret-77"):
        for words in ((), ("--push", "--json")):
            for package in ("public", "private"):
                image = f"{front.host}/acme/{package}:1"
                run = doctor(image, "-u", "alice", "--password-stdin", *words, stdin=secret)
                assert secret not in run.stdout + run.stderr
                assert b64encode(f"alice:{secret}".encode()).decode() not in run.stdout + run.stderr
    assert not [asked for asked in front.asked if any(secret in asked.target for secret in (DEAD, LIVE))]


def test_an_interrupted_run_leaves_no_traceback():
    def slow(asked: Asked) -> Reply:
        time.sleep(3)
        return Reply(200)

    with SmallServer(slow) as server:
        process = subprocess.Popen(
            [str(SEAWAY), "doctor", f"{server.host}/a/b:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        while not server.asked:
            asyncio.run(asyncio.sleep(0.05))
        process.send_signal(2)
        out, err = process.communicate(timeout=10)
    assert "Traceback" not in out + err
    assert process.returncode == 130


def test_help_is_light():
    run = subprocess.run(
        [sys.executable, "-X", "importtime", str(SEAWAY), "doctor", "--help"], capture_output=True, text=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}
    assert "Find out why IMAGE cannot be pulled" in run.stdout
    assert not loaded & {
        "httpx2",
        "httpcore2",
        "rich",
        "asyncio",
        "ssl",
        "anyio",
        "cryptography",
        "sqlalchemy",
        "fastapi",
    }


@given(st.sampled_from([True, False, None]), st.text(), st.text())
def test_every_link_has_a_mark_and_a_word_and_no_control_characters(ok, evidence, title):
    proof = Proof(parse_image("a/b"), False, links=(Link("dns", ok, 1.0, (evidence,)),))
    finding = Finding("dns_failure", title, (evidence,), "Do this.")
    lines = list(picture(Examined(proof, (finding,)), colour=False))
    assert any(line.split()[:2] in (["✓", "dns"], ["✕", "dns"], ["–", "dns"]) for line in lines)
    assert all(letter.isprintable() or letter == "\t" or ord(letter) > 159 for line in lines for letter in line)
