"""Credentials: kept when they were proved, shown with who depends on them, renewed without a gap."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from seaway.actions.access import Caller
from seaway.core.credential import Credential, Purpose
from seaway.core.image import ImageRef
from seaway.core.keeping import (
    CredentialExists,
    CredentialState,
    KeptCredential,
    WantedImage,
    apps_of,
    check_login,
    dependents,
    images_of,
    new_credential,
    not_stored,
    opened_by,
    told_with_apps,
)
from seaway.core.ports import Credentials, Registry, SealedValues
from seaway.core.proof import Proof
from seaway.core.secret import Secret

_AT_ONCE = 8


@dataclass(frozen=True)
class CredentialView:
    """A credential with the apps and images that it is taken for."""

    kept: KeptCredential
    state: CredentialState
    apps: tuple[str, ...] = ()
    images: tuple[ImageRef, ...] = ()


@dataclass(frozen=True)
class Proved:
    """A credential after it was tried, and what the tries saw."""

    view: CredentialView
    proofs: tuple[Proof, ...]


@dataclass(frozen=True)
class Login:
    """An entry of a docker configuration, to be taken over."""

    prefix: str
    username: str
    secret: Secret


@dataclass(frozen=True)
class Imported:
    """What became of an entry: `name` when it is kept now, `exists` when that name was taken before."""

    login: Credential
    proof: Proof
    name: str | None = None
    exists: bool = False

    @property
    def alive(self) -> bool | None:
        """None when it could not be told."""
        if self.proof.credential is not None:
            return True
        return False if self.proof.refused is not None else None


class Keeping:
    def __init__(
        self,
        kept: Credentials,
        registry: Registry,
        sealed: SealedValues,
        platform: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._kept = kept
        self._registry = registry
        self._sealed = sealed
        self._platform = platform
        self._clock = clock
        self._slots = asyncio.Semaphore(_AT_ONCE)

    # Looking ---------------------------------------------------------------------------------------------------------

    async def list(self) -> Sequence[CredentialView]:
        now = self._clock()
        await self._kept.forget_previous(now)
        found, images = await asyncio.gather(self._kept.all(now), self._kept.images())
        logins = [kept.login for kept in found]
        return [self._view(kept, dependents(kept.name, logins, images)) for kept in found]

    async def show(self, name: str) -> CredentialView:
        """Raises UnknownCredential."""
        kept = await self._kept.get(name, self._clock())
        return self._view(kept, await self._dependents(kept.login))

    # Changing --------------------------------------------------------------------------------------------------------

    async def add(
        self, _caller: Caller, login: Credential, *, owner: str = "", image: ImageRef | None = None, force: bool = False
    ) -> Proved:
        """Proved before it is kept: on `image`, else by a login. Raises CredentialRefused, CredentialExists."""
        if any(kept.name == login.name for kept in await self._kept.all(self._clock())):
            raise CredentialExists(login.name)
        proof = await self._tried(login, image)
        if not force and not _convincing(proof, login.name, image):
            raise not_stored(proof.finding, login.name)
        await self._kept.add(self._newly_kept(login, owner, proof))
        return Proved(await self.show(login.name), (proof,))

    async def check(self, _caller: Caller, name: str, image: ImageRef | None = None, *, push: bool = False) -> Proved:
        """Try it on `image`, else on all that depends on it, else by a login. Raises UnknownCredential."""
        view = await self.show(name)
        proofs = await self._tried_on(view.kept.login, (image,) if image else view.images, push=push)
        await self._note(view, proofs)
        return Proved(await self.show(name), proofs)

    async def rotate(
        self,
        _caller: Caller,
        name: str,
        secret: Secret,
        *,
        username: str | None = None,
        expires_at: datetime | None = None,
        image: ImageRef | None = None,
        force: bool = False,
    ) -> Proved:
        """A new secret in the place of the old one, once it opens all that depends on it. Raises UnknownCredential,
        CredentialRefused; then the old one stays."""
        view = await self.show(name)
        login = replace(
            view.kept.login, username=username or view.kept.login.username, secret=secret, expires_at=expires_at
        )
        check_login(login.username, login.secret)
        targets = tuple(dict.fromkeys((*((image,) if image else ()), *view.images)))
        proofs = await self._tried_on(login, targets)
        failed = next((p for p in proofs if not _convincing(p, name, p.image if targets else None)), None)
        if failed is not None and not force:
            raise not_stored(failed.finding, name)
        told = next((proof.expires_at for proof in proofs if proof.expires_at), None)
        login = replace(login, expires_at=login.expires_at or told)
        proved = all(opened_by(proof, name) for proof in proofs)
        await self._kept.replace(login, self._clock(), proved=proved)
        return Proved(await self.show(name), proofs)

    async def undo(self, _caller: Caller, name: str) -> CredentialView:
        """Back to the secret before the last rotation. Raises UnknownCredential, NothingToUndo."""
        await self._kept.undo(name, self._clock())
        return await self.show(name)

    async def remove(self, _caller: Caller, name: str) -> CredentialView:
        """Returns what it was, with the apps that depended on it. Raises UnknownCredential."""
        view = await self.show(name)
        await self._kept.remove(name)
        return view

    async def take_over(self, caller: Caller, logins: Iterable[Login], *, keep: bool) -> Sequence[Imported]:
        """Say of each login whether it is alive, and keep those that are."""
        return await asyncio.gather(*(self._taken_over(caller, login, keep) for login in logins))

    async def renew_vault_key(self, _caller: Caller) -> tuple[str, int]:
        """Everything that is sealed gets a new key; returns the key's name and how many values there are."""
        return await self._sealed.renew_key()

    # Trying ----------------------------------------------------------------------------------------------------------

    async def examine(self, _caller: Caller, image: ImageRef, name: str | None, *, push: bool = False) -> Proof:
        """The doctor's thorough look at one image from this machine, with a kept credential. Raises
        UnknownCredential."""
        view = None if name is None else await self.show(name)
        login = None if view is None else view.kept.login
        platform = None if push else self._platform
        proof = await self._registry.prove(image, login, push=push, platform=platform, thorough=True, fresh=True)
        if view is not None:
            await self._note(view, (proof,))
        return proof

    async def _tried_on(
        self, login: Credential, images: Sequence[ImageRef], *, push: bool = False
    ) -> tuple[Proof, ...]:
        if not images:
            return (await self._tried(login, None),)
        return tuple(await asyncio.gather(*(self._tried(login, image, push=push) for image in images)))

    async def _tried(self, login: Credential, image: ImageRef | None, *, push: bool = False) -> Proof:
        async with self._slots:
            if image is None:
                return await self._registry.prove_login(login)
            pushes = push or login.purpose is Purpose.PUSH
            return await self._registry.prove(image, login, push=pushes, thorough=True, fresh=True)

    async def _note(self, view: CredentialView, proofs: Sequence[Proof]) -> None:
        """Keep how it fared. One refusal counts more than any success."""
        name, now = view.kept.name, self._clock()
        refusal = next((p.finding for p in proofs if p.refused == name and p.finding is not None), None)
        if refusal is not None:
            await self._kept.note_refused(name, now, told_with_apps(refusal, name, view.apps))
        elif any(opened_by(proof, name) for proof in proofs):
            told = next((proof.expires_at for proof in proofs if proof.expires_at), None)
            await self._kept.note_proved(name, now, told)

    async def _taken_over(self, caller: Caller, login: Login, keep: bool) -> Imported:
        wanted = new_credential(login.prefix, login.username, login.secret)
        proof = await self._tried(wanted, None)
        found = Imported(wanted, proof)
        if not keep or not found.alive:
            return found
        try:
            await self._kept.add(self._newly_kept(wanted, caller.name, proof))
        except CredentialExists:
            return replace(found, exists=True)
        return replace(found, name=wanted.name)

    def _newly_kept(self, login: Credential, owner: str, proof: Proof) -> KeptCredential:
        now, refused = self._clock(), proof.refused is not None
        return KeptCredential(
            login=replace(login, expires_at=login.expires_at or proof.expires_at),
            created_at=now,
            owner=owner,
            last_proved_at=now if opened_by(proof, login.name) else None,
            last_refused_at=now if refused else None,
            refused=proof.finding if refused else None,
        )

    async def _dependents(self, login: Credential) -> tuple[WantedImage, ...]:
        everybody, images = await asyncio.gather(self._kept.all(self._clock()), self._kept.images())
        return dependents(login.name, [kept.login for kept in everybody], images)

    def _view(self, kept: KeptCredential, wanted: Sequence[WantedImage]) -> CredentialView:
        return CredentialView(kept, kept.state(self._clock()), apps_of(wanted), images_of(wanted))


def _convincing(proof: Proof, name: str, image: ImageRef | None) -> bool:
    """On an image it must be this very credential that opens it; a login alone may also be one that nobody can try."""
    return opened_by(proof, name) if image is not None else proof.allowed
