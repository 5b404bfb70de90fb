"""Deployments and credentials: which one is taken, what a refused one does, and what is remembered of it."""

import pytest
from tests.conftest import NOW
from tests.deploy.conftest import House

from seaway.core.deployment import Status
from seaway.core.errors import Failed
from seaway.core.image import parse_image
from seaway.core.keeping import KeptCredential, new_credential
from seaway.core.recipe import Recipe
from seaway.core.secret import Secret
from seaway.core.source import ImageSource

BASE = "ghcr.io/acme/base:1"


class PullFailed(Failed):
    code = "docker.pull_refused"


async def keep(house: House, prefix: str, **more) -> str:
    login = new_credential(prefix, "bot", Secret(f"secret of {prefix}"), **more)
    await house.ports.credentials.add(KeptCredential(login, NOW, last_proved_at=NOW))
    return login.name


async def kept(house: House, name: str) -> KeptCredential:
    return await house.ports.credentials.get(name, NOW)


@pytest.fixture
def from_base(house):
    house.pack.recipe_made = Recipe(f"FROM {BASE}", bases=(parse_image(BASE),))


async def test_the_longest_prefix_opens_the_image_and_pulls_it(house, from_base):
    await keep(house, "ghcr.io")
    name = await keep(house, "ghcr.io/acme")
    done = await house.deploy()
    assert done.status is Status.LIVE
    assert house.registry.asked == [(BASE, name)]
    assert house.images.pulled == [("ghcr.io/acme/base@sha256:" + "d" * 64, name)]
    assert (await kept(house, name)).last_used_at is not None
    assert (await kept(house, "ghcr.io")).last_used_at is None


async def test_a_dead_credential_does_not_block_a_public_image_and_is_marked(house, from_base):
    name = await keep(house, "ghcr.io")
    house.registry.dead.add(name)
    done = await house.deploy()
    assert done.status is Status.LIVE
    (warning,) = done.warnings
    assert warning.cause == "stale_credential_blocks_public"
    assert warning.evidence[-1] == "apps that depend on ghcr.io: shop"
    assert warning.commands[0] == "seaway credentials rotate ghcr.io"
    assert house.images.pulled == [("ghcr.io/acme/base@sha256:" + "d" * 64, None)]
    marked = await kept(house, name)
    assert (marked.state(NOW), marked.refused) == ("refused", warning)


async def test_a_private_image_with_a_dead_credential_ends_before_a_build_and_names_the_apps(house, from_base):
    name = await keep(house, "ghcr.io")
    house.registry.private.add(BASE)
    made = await house.deploying.deploy(*_asked("worker"))
    await house.ended(made.id)
    house.registry.dead.add(name)
    failed = await house.deploy()
    assert (failed.status, failed.finding.cause) == (Status.FAILED, "credential_expired_or_revoked")
    assert failed.finding.evidence[-1] == "apps that depend on ghcr.io: shop, worker"
    assert house.images.jobs == []
    assert list(house.engine.running) == ["test-worker-1-1"]


def _asked(app):
    from seaway.actions.access import OWNER
    from seaway.core.app import SettingsChange

    return OWNER, app, ImageSource(parse_image(BASE)), SettingsChange(health_timeout_s=1.0)


async def test_a_credential_is_proved_again_by_the_next_deployment(house, from_base):
    name = await keep(house, "ghcr.io")
    house.registry.dead.add(name)
    await house.deploy()
    house.registry.dead.clear()
    done = await house.deploy(await house.tree("2"))
    assert done.warnings == ()
    assert (await kept(house, name)).refused is None


async def test_a_credential_that_dies_between_proof_and_pull_does_not_stop_a_public_image(house, from_base):
    name = await keep(house, "ghcr.io")
    pull = house.images.pull

    async def refuse_once(image, credential, say):
        house.images.pull = pull
        house.registry.dead.add(name)
        raise PullFailed(f"{image} could not be pulled.", remedy="Look.")

    house.images.pull = refuse_once
    done = await house.deploy()
    assert done.status is Status.LIVE
    assert [w.cause for w in done.warnings] == ["stale_credential_blocks_public"]
    assert house.images.pulled == [("ghcr.io/acme/base@sha256:" + "d" * 64, None)]


async def test_a_credential_that_dies_between_proof_and_pull_is_named_when_the_image_is_private(house, from_base):
    name = await keep(house, "ghcr.io")
    house.registry.private.add("ghcr.io/acme/base@sha256:" + "d" * 64)

    async def refuse(image, credential, say):
        house.registry.dead.add(name)
        raise PullFailed(f"{image} could not be pulled.", remedy="Look.")

    house.images.pull = refuse
    failed = await house.deploy()
    assert failed.finding.cause == "credential_expired_or_revoked"
    assert house.images.jobs == []


async def test_a_pull_that_fails_once_is_tried_again_after_a_new_proof(house, from_base):
    pull = house.images.pull

    async def stumble(image, credential, say):
        house.images.pull = pull
        raise PullFailed(f"{image} could not be pulled.", remedy="Look.", evidence=["connection reset by peer"])

    house.images.pull = stumble
    done = await house.deploy()
    assert (done.status, done.warnings) == (Status.LIVE, ())
    assert any("It is proved once more." in line for line in house.log_texts(done.id))


async def test_what_only_the_engine_stumbles_over_is_told_by_its_words(house, from_base):
    async def refuse(image, credential, say):
        told = ["write /x: no space left on device"]
        raise PullFailed(f"{image} could not be pulled.", remedy="Look.", evidence=told)

    house.images.pull = refuse
    failed = await house.deploy()
    assert failed.finding.cause == "disk_full"
    assert failed.finding.evidence[-1] == "write /x: no space left on device"
    assert failed.finding.commands[-1] == "seaway doctor ghcr.io/acme/base@sha256:" + "d" * 64


async def test_an_apps_own_credential_is_not_for_others(house, from_base):
    await keep(house, "ghcr.io", app="somebody-else")
    await house.deploy()
    assert house.registry.asked == [(BASE, None)]


async def test_no_secret_is_journaled_or_logged(house, from_base, tmp_path):
    await keep(house, "ghcr.io")
    done = await house.deploy()
    assert "secret of" not in repr(done)
    assert "secret of" not in "\n".join(house.log_texts(done.id))
    assert b"secret of" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
