"""Whether a login is alive, asked of simulated fronts and of the real docker-registry; and proofs that are fresh."""

from dataclasses import replace

import pytest

from registry_fixtures import basic_registry, open_registry
from registry_parts import CLASSIC, DEAD, LIVE, STRANGER, a_front, credential, door, front, http, image
from seaway.core.observed import Issuer
from seaway.doors.registry import RegistryDoor

__all__ = ["basic_registry", "door", "front", "http", "open_registry"]


async def test_a_live_login_is_alive_whatever_it_may_pull(door, front):
    for secret in (LIVE, STRANGER):
        proof = await door.prove_login(credential(front.host, secret))
        assert (proof.allowed, proof.credential, proof.finding) == (True, "mine", None)
        assert str(proof.image) == f"{front.host}/*"


async def test_a_dead_one_is_refused_and_its_cause_is_told(door, front):
    proof = await door.prove_login(credential(f"{front.host}/acme", DEAD))
    assert (proof.allowed, proof.credential, proof.refused) == (False, None, "mine")
    # GitHub takes tokens only, and a token was good once; of a password nobody can tell.
    ghcr = front.manners.name == "ghcr"
    assert proof.finding.cause == ("credential_expired_or_revoked" if ghcr else "bad_credentials")
    assert str(proof.image) == f"{front.host}/acme/*"
    assert DEAD not in repr(proof)


async def test_a_mistyped_token_is_refused_and_not_sent(door, front):
    proof = await door.prove_login(credential(front.host, CLASSIC[:-1] + "0"))
    assert (proof.allowed, proof.finding.cause) == (False, "bad_credentials")
    assert front.logins_seen() == []


@pytest.mark.parametrize(("secret", "allowed"), [("wonderland", True), ("wrong", False)])
async def test_a_password_is_tried_at_the_registrys_own_door(door, basic_registry, secret, allowed):
    proof = await door.prove_login(credential(basic_registry.host, secret))
    assert (proof.allowed, proof.credential) == (allowed, "mine" if allowed else None)
    assert proof.refused == (None if allowed else "mine")


async def test_a_registry_that_asks_nobody_cannot_tell(door, open_registry):
    proof = await door.prove_login(credential(open_registry.host, "anything"))
    assert (proof.allowed, proof.credential, proof.refused, proof.finding) == (True, None, None, None)


async def test_a_registry_that_is_out_of_reach_proves_nothing(door):
    proof = await door.prove_login(credential("127.0.0.1:1", LIVE))
    assert (proof.allowed, proof.refused, proof.finding.cause) == (False, None, "network_timeout")


async def test_the_issuers_word_counts_and_its_end_is_kept(http, front):
    class Says:
        def __init__(self, issuer):
            self.issuer = issuer

        def knows(self, _credential):
            return True

        async def ask(self, _credential):
            return self.issuer

    from tests.conftest import NOW

    good = RegistryDoor(http, issuers=[Says(Issuer("GitHub", True, frozenset({"read:packages"}), NOW))])
    assert (await good.prove_login(credential(front.host, LIVE))).expires_at == NOW
    dead = RegistryDoor(http, issuers=[Says(Issuer("GitHub", False))])
    assert (await dead.prove_login(credential(front.host, LIVE))).finding.cause == "credential_expired_or_revoked"


async def test_a_fresh_proof_shows_the_login_again_although_a_token_of_it_still_lives(door):
    with a_front() as front:
        wanted, mine = image(front.host, "acme/private:1"), credential(front.host, LIVE)
        await door.prove(wanted, mine)
        await door.prove(wanted, mine)
        assert front.logins_seen() == [LIVE]
        front.accounts = [replace(each, alive=each.secret != LIVE) for each in front.accounts]
        assert (await door.prove(wanted, mine)).allowed, "the token outlives its login"
        assert not (await door.prove(wanted, mine, fresh=True)).allowed
        assert front.logins_seen() == [LIVE, LIVE]
