"""The calls about credentials, over a real database and an in-memory registry."""

import json

import pytest

from seaway.core.image import parse_image
from seaway.core.recipe import Recipe

SECRET = "hush-hush-1234"
BASE = "ghcr.io/acme/base:1"
GIVEN = {"prefix": "ghcr.io/acme", "username": "bot", "secret": SECRET, "owner": "deploy-bot"}


@pytest.fixture
async def shop(house):
    """An app that depends on ghcr.io/acme."""
    house.pack.recipe_made = Recipe(f"FROM {BASE}", bases=(parse_image(BASE),))
    await house.deploy()


async def kept(owner, name="ghcr.io/acme"):
    return (await owner.get(f"/api/v1/credentials/{name}")).json()


async def test_a_proved_credential_is_kept_and_its_secret_never_comes_out(owner, shop):
    made = await owner.post("/api/v1/credentials", json=GIVEN)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["name"], shown["state"], shown["apps"], shown["images"]) == (
        "ghcr.io/acme",
        "proved",
        ["shop"],
        [BASE],
    )
    assert shown["proofs"][0]["verdict"] == "ok"
    listed = (await owner.get("/api/v1/credentials")).json()
    assert [each["owner"] for each in listed["credentials"]] == ["deploy-bot"]
    assert SECRET not in json.dumps([shown, listed, await kept(owner)])


async def test_a_refused_one_is_not_kept_unless_forced(owner, house):
    house.registry.dead.add(SECRET)
    refused = await owner.post("/api/v1/credentials", json=GIVEN)
    assert (refused.status_code, refused.json()["code"]) == (422, "credential_expired_or_revoked")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["remedy"].startswith("Nothing was stored.")
    assert (await owner.get("/api/v1/credentials")).json() == {"credentials": []}
    forced = await owner.post("/api/v1/credentials", json=GIVEN | {"force": True})
    assert (forced.status_code, forced.json()["state"]) == (201, "refused")
    again = await owner.post("/api/v1/credentials", json=GIVEN | {"force": True})
    assert (again.status_code, again.json()["code"]) == (409, "credential.exists")


async def test_it_is_proved_on_an_image_when_one_is_given(owner, house):
    house.registry.private.add(BASE)
    assert (await owner.post("/api/v1/credentials", json=GIVEN | {"image": BASE})).status_code == 201
    assert house.registry.asked == [(BASE, "ghcr.io/acme")]


async def test_a_new_secret_takes_the_place_of_the_old_one_only_when_it_opens_what_depends_on_it(owner, house, shop):
    await owner.post("/api/v1/credentials", json=GIVEN)
    house.registry.dead.add("dead")
    refused = await owner.post("/api/v1/credentials/ghcr.io/acme/rotate", json={"secret": "dead"})
    assert (refused.status_code, refused.json()["code"]) == (422, "stale_credential_blocks_public")
    assert (await kept(owner))["undo_until"] is None
    rotated = await owner.post("/api/v1/credentials/ghcr.io/acme/rotate", json={"secret": "new", "username": "robot"})
    assert rotated.status_code == 200
    assert rotated.json()["username"] == "robot"
    assert rotated.json()["proofs"][0]["image"] == BASE
    undone = await owner.post("/api/v1/credentials/ghcr.io/acme/undo")
    assert undone.json()["username"] == "bot"
    nothing = await owner.post("/api/v1/credentials/ghcr.io/acme/undo")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "credential.nothing_to_undo")


async def test_a_check_marks_what_is_refused_and_clears_what_is_proved(owner, house, shop):
    await owner.post("/api/v1/credentials", json=GIVEN)
    house.registry.dead.add(SECRET)
    checked = (await owner.post("/api/v1/credentials/ghcr.io/acme/check", json={})).json()
    assert (checked["state"], checked["finding"]["cause"]) == ("refused", "stale_credential_blocks_public")
    assert checked["finding"]["evidence"][-1] == "apps that depend on ghcr.io/acme: shop"
    house.registry.dead.clear()
    checked = (await owner.post("/api/v1/credentials/ghcr.io/acme/check", json={})).json()
    assert (checked["state"], checked["finding"]) == ("proved", None)


async def test_removing_says_who_depended_on_it(owner, shop):
    await owner.post("/api/v1/credentials", json=GIVEN)
    gone = await owner.delete("/api/v1/credentials/ghcr.io/acme")
    assert (gone.status_code, gone.json()["apps"]) == (200, ["shop"])
    missing = await owner.get("/api/v1/credentials/ghcr.io/acme")
    assert (missing.status_code, missing.json()["code"]) == (404, "credential.unknown")


async def test_an_import_keeps_what_is_alive(owner, house):
    house.registry.dead.add("dead")
    entries = [
        {"prefix": "https://index.docker.io/v1/", "username": "me", "secret": "alive"},
        {"prefix": "ghcr.io", "username": "me", "secret": "dead"},
    ]
    looked = (await owner.post("/api/v1/credentials/import", json={"entries": entries, "keep": False})).json()
    assert [(each["prefix"], each["alive"], each["name"]) for each in looked["entries"]] == [
        ("docker.io", True, None),
        ("ghcr.io", False, None),
    ]
    taken = (await owner.post("/api/v1/credentials/import", json={"entries": entries})).json()
    assert [each["name"] for each in taken["entries"]] == ["docker.io", None]
    again = (await owner.post("/api/v1/credentials/import", json={"entries": entries})).json()
    assert [each["exists"] for each in again["entries"]] == [True, False]


async def test_the_doctor_looks_from_the_server_with_a_kept_credential(owner, house):
    await owner.post("/api/v1/credentials", json=GIVEN)
    found = (await owner.post("/api/v1/doctor", json={"image": BASE, "credential": "ghcr.io/acme"})).json()
    assert set(found) == {"image", "digest", "credential", "links", "findings", "verdict"}
    assert (found["verdict"], found["credential"]) == ("ok", "ghcr.io/acme")
    unknown = await owner.post("/api/v1/doctor", json={"image": BASE, "credential": "nobody"})
    assert unknown.json()["code"] == "credential.unknown"


async def test_the_vaults_key_is_renewed(owner):
    await owner.post("/api/v1/credentials", json=GIVEN)
    rotated = (await owner.post("/api/v1/vault/rotate", json={})).json()
    assert rotated["values"] == 1
    assert (await kept(owner))["state"] == "proved"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prefix": "no host!"}, "credential.invalid_prefix"),
        ({"username": "a:b"}, "credential.invalid"),
        ({"name": "../x"}, "credential.invalid"),
        ({"app": "No App"}, "app.invalid_name"),
        ({"expires_at": "tomorrow"}, "credential.invalid"),
        ({"image": "UPPER/case"}, "invalid_reference"),
        ({"purpose": "both ways"}, "request.invalid"),
        ({"secret": ""}, "request.invalid"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_code_and_without_the_secret(owner, change, code):
    refused = await owner.post("/api/v1/credentials", json=GIVEN | change)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert SECRET not in refused.text


@pytest.mark.parametrize("path", ["credentials", "credentials/ghcr.io", "credentials/ghcr.io/check", "vault/rotate"])
async def test_nothing_is_told_to_anybody(anybody, path):
    method = "POST" if path.endswith(("check", "rotate")) else "GET"
    assert (await anybody.request(method, f"/api/v1/{path}")).status_code == 401
