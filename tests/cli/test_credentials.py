"""`seaway credentials` as a process: what it sends, what it says, and that a secret is in neither."""

import json
import subprocess
import sys

import pytest
from tests.simulators.api import ApiSimulator

SECRET = "hush-hush-1234"
_BEGIN = [sys.executable, "-c", "from seaway.cli import main; main()"]
KEPT = {
    "name": "ghcr.io/acme",
    "prefix": "ghcr.io/acme",
    "username": "bot",
    "kind": "GitHub personal access token (classic)",
    "purpose": "both",
    "app": None,
    "owner": "deploy-bot",
    "state": "proved",
    "expires_at": "2099-01-01T00:00:00+00:00",
    "created_at": "2026-11-24T12:00:00+00:00",
    "last_proved_at": "2026-11-24T12:00:00+00:00",
    "last_refused_at": None,
    "last_used_at": None,
    "undo_until": None,
    "finding": None,
    "apps": ["shop", "worker"],
    "images": ["ghcr.io/acme/base:1"],
}
REFUSED = {
    "cause": "credential_expired_or_revoked",
    "title": "ghcr.io no longer accepts it",
    "evidence": ["403 DENIED"],
    "remedy": "Renew it.",
    "commands": ["seaway credentials rotate ghcr.io/acme"],
}
PROOF = {
    "image": "ghcr.io/acme/base:1",
    "digest": None,
    "credential": "ghcr.io/acme",
    "links": [],
    "findings": [],
    "verdict": "ok",
}


def typed(env: dict[str, str], *args: str, secret: str = SECRET) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*_BEGIN, *args], env=env, input=f"{secret}\n", capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def keeps(api: ApiSimulator) -> ApiSimulator:
    path = "/api/v1/credentials"
    api.answers[("GET", path)] = (200, {"credentials": [KEPT]})
    api.answers[("POST", path)] = (201, KEPT | {"proofs": [PROOF]})
    api.answers[("GET", f"{path}/ghcr.io/acme")] = (200, KEPT)
    api.answers[("DELETE", f"{path}/ghcr.io/acme")] = (200, KEPT)
    api.answers[("POST", f"{path}/ghcr.io/acme/rotate")] = (200, KEPT | {"proofs": [PROOF]})
    broken = PROOF | {"verdict": "broken", "credential": None, "findings": [REFUSED]}
    api.answers[("POST", f"{path}/ghcr.io/acme/check")] = (
        200,
        KEPT | {"state": "refused", "finding": REFUSED, "proofs": [broken]},
    )
    return api


def test_a_secret_goes_from_standard_input_to_the_server_and_nowhere_else(keeps, known):
    add = ("credentials", "add", "GHCR.io/acme/", "-u", "bot", "--password-stdin", "--expires", "2027-03-31")
    said = typed(known, *add, "--app", "shop", "--for", "pull")
    assert said.returncode == 0, said.stderr
    sent = keeps.requests[-1].json
    assert sent["secret"] == SECRET
    assert {name: sent[name] for name in ("prefix", "purpose", "app", "expires_at")} == {
        "prefix": "ghcr.io/acme",
        "purpose": "pull",
        "app": "shop",
        "expires_at": "2027-03-31",
    }
    assert SECRET not in said.stdout + said.stderr
    assert "ghcr.io/acme is kept." in said.stdout
    assert "used by shop, worker" in said.stdout


def test_what_needs_no_server_to_be_wrong_is_said_at_once(keeps, known):
    said = typed(known, "credentials", "add", "no host!", "-u", "bot", "--password-stdin", "--json")
    assert json.loads(said.stdout)["error"]["cause"] == "credential.invalid_prefix"
    assert typed(known, "credentials", "add", "ghcr.io", "-u", "bot", "--password-stdin", secret="").returncode == 1
    assert typed(known, "credentials", "add", "ghcr.io", "-u", "bot").returncode == 2
    assert keeps.requests == []


def test_the_list_shows_life_proof_and_who_depends_on_it(keeps, known, seaway):
    said = seaway(known, "credentials", "list")
    head, row = said.stdout.splitlines()
    assert head.split("  ")[0] == "FOR"
    assert "ghcr.io/acme" in row
    assert "✓ proved" in row
    assert row.endswith("shop, worker")
    assert "d left" in row
    assert json.loads(seaway(known, "credentials", "list", "--json").stdout) == {"credentials": [KEPT]}


def test_an_empty_list_says_how_to_begin(keeps, known, seaway):
    keeps.answers[("GET", "/api/v1/credentials")] = (200, {"credentials": []})
    assert "seaway credentials add" in seaway(known, "credentials", "list").stdout


def test_one_is_shown_with_its_images(keeps, known, seaway):
    said = seaway(known, "credentials", "show", "ghcr.io/acme")
    assert "ghcr.io/acme/base:1" in said.stdout
    assert "deploy-bot" in said.stdout


def test_a_check_that_fails_says_why_and_ends_with_1(keeps, known, seaway):
    said = seaway(known, "credentials", "check", "ghcr.io/acme")
    assert said.returncode == 1
    assert "ghcr.io no longer accepts it" in said.stdout
    assert "seaway credentials rotate ghcr.io/acme" in said.stdout


def test_a_refused_rotation_is_told_with_the_servers_own_words(keeps, known):
    problem = {"title": "refused", "status": 422, "code": "credential_expired_or_revoked", "remedy": "Renew it."}
    keeps.answers[("POST", "/api/v1/credentials/ghcr.io/acme/rotate")] = (422, problem | {"evidence": ["403"]})
    said = typed(known, "credentials", "rotate", "ghcr.io/acme", "--password-stdin", "--json")
    assert said.returncode == 1
    assert json.loads(said.stdout)["error"]["cause"] == "credential_expired_or_revoked"
    assert SECRET not in said.stdout + said.stderr


def test_removing_asks_and_without_a_terminal_wants_yes(keeps, known, seaway):
    assert seaway(known, "credentials", "remove", "ghcr.io/acme").returncode == 2
    said = seaway(known, "credentials", "remove", "ghcr.io/acme", "--yes")
    assert "shop, worker" in said.stdout
    assert keeps.calls().count("DELETE /credentials/ghcr.io/acme") == 1


def test_the_doctor_asks_the_server_when_a_kept_credential_is_named(keeps, known, seaway):
    keeps.answers[("POST", "/api/v1/doctor")] = (200, PROOF)
    said = seaway(known, "doctor", "ghcr.io/acme/base:1", "--credential", "ghcr.io/acme", "--json")
    assert (said.returncode, json.loads(said.stdout)["verdict"]) == (0, "ok")
    assert keeps.requests[-1].json == {"image": "ghcr.io/acme/base:1", "credential": "ghcr.io/acme", "push": False}
    both = seaway(known, "doctor", "ghcr.io/acme/base:1", "--credential", "a", "--from", "docker-config")
    assert both.returncode == 2
