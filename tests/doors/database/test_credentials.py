"""The store of credentials, on a real database."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.conftest import NOW

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.credential import Purpose
from seaway.core.deployment import Deployment, Kind, Status
from seaway.core.finding import Finding
from seaway.core.image import parse_image
from seaway.core.keeping import (
    CredentialExists,
    KeptCredential,
    NothingToUndo,
    UnknownCredential,
    WantedImage,
    new_credential,
)
from seaway.core.secret import Secret
from seaway.core.source import FolderSource, ImageSource
from seaway.doors.database.apps import Apps
from seaway.doors.database.credentials import Credentials
from seaway.doors.database.deployments import Deployments
from seaway.doors.database.sealed import SealedValues
from seaway.doors.vault import VaultMismatch, open_vault

REFUSED = Finding("credential_expired_or_revoked", "refused", ("403",), "Renew it.", ("rotate",))
LATER = NOW + timedelta(hours=25)


@pytest.fixture
def kept(database, vault):
    return Credentials(database, vault)


@pytest.fixture
def deployments(database, vault):
    return Deployments(database, vault)


def a_credential(prefix="ghcr.io/acme", secret="first-secret", **more) -> KeptCredential:
    login = new_credential(prefix, "bot", Secret(secret), **more)
    return KeptCredential(login, NOW, owner="deploy-bot", last_proved_at=NOW)


async def test_a_credential_comes_back_as_it_was_kept(kept):
    wanted = a_credential(purpose=Purpose.PULL, app="shop", expires_at=NOW)
    await kept.add(wanted)
    assert await kept.get("ghcr.io/acme@shop", NOW) == wanted
    assert await kept.all(NOW) == [wanted]


async def test_its_secret_is_not_readable_in_the_file(kept, tmp_path):
    await kept.add(a_credential())
    await kept.replace(a_credential(secret="second-secret").login, NOW, proved=True)
    stored = b"".join(p.read_bytes() for p in tmp_path.glob("seaway.db*"))
    assert b"deploy-bot" in stored
    assert b"first-secret" not in stored
    assert b"second-secret" not in stored


async def test_a_name_is_taken_once_and_an_unknown_one_is_said_to_be(kept):
    await kept.add(a_credential())
    with pytest.raises(CredentialExists):
        await kept.add(a_credential())
    with pytest.raises(UnknownCredential):
        await kept.get("nobody", NOW)
    with pytest.raises(UnknownCredential):
        await kept.remove("nobody")


async def test_an_apps_own_credentials_are_for_it_alone_and_go_with_it(kept, database, vault, deployments):
    await kept.add(a_credential())
    await kept.add(a_credential(app="shop"))
    assert [c.name for c in await kept.usable_by("shop")] == ["ghcr.io/acme", "ghcr.io/acme@shop"]
    assert [c.name for c in await kept.usable_by("blog")] == ["ghcr.io/acme"]
    await Apps(database, vault).delete("shop")
    assert [c.name for c in await kept.all(NOW)] == ["ghcr.io/acme"]


async def test_a_rotation_can_be_undone_for_a_day(kept):
    first = a_credential(expires_at=NOW)
    await kept.add(first)
    await kept.note_refused("ghcr.io/acme", NOW, REFUSED)
    await kept.replace(a_credential(secret="second").login, NOW, proved=True)
    rotated = await kept.get("ghcr.io/acme", NOW)
    assert (rotated.login.secret, rotated.refused, rotated.login.expires_at) == (Secret("second"), None, None)
    assert rotated.undo_until == NOW + timedelta(hours=24)
    with pytest.raises(NothingToUndo):
        await kept.undo("ghcr.io/acme", LATER)
    await kept.undo("ghcr.io/acme", NOW)
    assert (await kept.get("ghcr.io/acme", NOW)).login == first.login
    with pytest.raises(NothingToUndo):
        await kept.undo("ghcr.io/acme", NOW)


async def test_what_was_replaced_a_day_ago_goes_for_good(kept):
    await kept.add(a_credential())
    await kept.replace(a_credential(secret="second").login, NOW, proved=True)
    await kept.forget_previous(NOW)
    assert (await kept.get("ghcr.io/acme", NOW)).undo_until is not None
    await kept.forget_previous(LATER)
    with pytest.raises(NothingToUndo):
        await kept.undo("ghcr.io/acme", NOW)


async def test_how_it_fared_is_noted(kept):
    await kept.add(a_credential())
    await kept.note_refused("ghcr.io/acme", NOW, REFUSED)
    await kept.note_used("ghcr.io/acme", NOW)
    found = await kept.get("ghcr.io/acme", NOW)
    assert (found.refused, found.last_refused_at, found.last_used_at) == (REFUSED, NOW, NOW)
    await kept.note_proved("ghcr.io/acme", LATER, expires_at=LATER)
    found = await kept.get("ghcr.io/acme", NOW)
    assert (found.refused, found.last_proved_at, found.login.expires_at) == (None, LATER, LATER)
    await kept.note_proved("gone", NOW)


async def test_a_secret_moved_to_another_row_does_not_open(kept, database):
    await kept.add(a_credential())
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE credential SET name = 'moved'")
    with pytest.raises(VaultMismatch):
        await kept.get("moved", NOW)


async def planned(deployments, app, source, images=()):
    asked = Deployment(0, EnvironmentKey(app), Kind.DEPLOY, source, Status.QUEUED, NOW, EnvironmentSettings())
    made = await deployments.enqueue(asked)
    await deployments.begin_step(made.id, "plan", NOW)
    await deployments.finish_step(made.id, "plan", NOW, {"images": list(images)}, skipped=False)
    return made


async def test_the_images_of_an_app_are_those_of_its_last_plan(kept, deployments):
    folder = FolderSource("sha256:" + "a" * 64)
    await planned(deployments, "shop", folder, ["ghcr.io/acme/old:1"])
    await planned(deployments, "shop", folder, ["ghcr.io/acme/base:1", "ghcr.io/acme/base:1"])
    await planned(deployments, "ready", ImageSource(parse_image("ghcr.io/acme/ready:2")))
    unplanned = Deployment(0, EnvironmentKey("shop"), Kind.DEPLOY, folder, Status.QUEUED, NOW, EnvironmentSettings())
    await deployments.enqueue(unplanned)
    assert sorted(map(str, await kept.images())) == sorted(
        map(
            str,
            [
                WantedImage("ready", parse_image("ghcr.io/acme/ready:2")),
                WantedImage("shop", parse_image("ghcr.io/acme/base:1")),
            ],
        )
    )


async def test_a_new_key_seals_everything_and_the_old_one_is_gone(kept, database, vault, deployments, tmp_path):
    await kept.add(a_credential())
    await kept.replace(a_credential(secret="second").login, NOW, proved=True)
    settings = EnvironmentSettings(env={"TOKEN": Secret("hunter2")})
    asked = Deployment(
        0, EnvironmentKey("shop"), Kind.DEPLOY, FolderSource("sha256:" + "a" * 64), Status.QUEUED, NOW, settings
    )
    made = await deployments.enqueue(asked)
    before = vault.key_id
    key, count = await SealedValues(database, vault).renew_key()
    assert (key, count) == (vault.key_id, 4)
    assert key != before
    assert list(json.loads((tmp_path / "vault.key").read_text())["keys"]) == [key]
    assert (tmp_path / "vault.key").stat().st_mode & 0o077 == 0
    again = open_vault(tmp_path / "vault.key")
    assert again.mac("x") == vault.mac("x")
    assert (await Credentials(database, again).get("ghcr.io/acme", NOW)).login.secret == Secret("second")
    await Credentials(database, again).undo("ghcr.io/acme", NOW)
    assert (await Credentials(database, again).get("ghcr.io/acme", NOW)).login.secret == Secret("first-secret")
    assert (await Deployments(database, again).get(made.id)).settings == settings


async def test_a_renewal_that_was_cut_off_is_gone_on_from(kept, database, vault, tmp_path):
    await kept.add(a_credential())
    vault.renew()
    halfway = open_vault(tmp_path / "vault.key")
    assert (await Credentials(database, halfway).get("ghcr.io/acme", NOW)).login.secret == Secret("first-secret")
    await SealedValues(database, halfway).renew_key()
    last = open_vault(tmp_path / "vault.key")
    assert (await Credentials(database, last).get("ghcr.io/acme", NOW)).login.secret == Secret("first-secret")


async def test_a_value_that_does_not_open_stops_the_renewal_and_nothing_is_lost(kept, database, vault, tmp_path):
    await kept.add(a_credential())
    await kept.add(replace(a_credential("docker.io")))
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE credential SET name = 'moved' WHERE name = 'docker.io'")
    with pytest.raises(VaultMismatch):
        await SealedValues(database, vault).renew_key()
    again = open_vault(tmp_path / "vault.key")
    assert (await Credentials(database, again).get("ghcr.io/acme", NOW)).login.secret == Secret("first-secret")
