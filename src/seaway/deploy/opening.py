"""What a deployment has to do with credentials: it takes the one that was proved, and notes how each fared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from seaway.core.credential import Credential
from seaway.core.diagnosis import diagnose
from seaway.core.errors import Failed
from seaway.core.finding import Finding, FindingError
from seaway.core.image import ImageRef, parse_image
from seaway.core.keeping import UnknownCredential, apps_of, dependents, opened_by, told_with_apps
from seaway.core.proof import Proof
from seaway.deploy.run import Run

log = structlog.get_logger()


async def noted(run: Run, proofs: Sequence[Proof]) -> list[Proof]:
    """The proofs again, each refusal with the apps that depend on the credential; the store knows of them now."""
    kept, now = run.ports.credentials, run.ports.clock()
    told: list[Proof] = []
    for proof in proofs:
        if proof.refused is not None and proof.finding is not None:
            proof = replace(proof, finding=await _with_apps(run, proof.finding, proof.refused))
        told.append(proof)
    for name in sorted({proof.refused for proof in proofs if proof.refused is not None}):
        finding = next(p.finding for p in told if p.refused == name and p.finding is not None)
        await kept.note_refused(name, now, finding)
        log.warning("credential refused", credential=name, cause=finding.cause, app=run.key.app)
        run.say(f"the credential {name} is marked as refused")
    refused = {proof.refused for proof in proofs}
    for name in sorted({p.credential for p in proofs if p.credential is not None} - refused):
        if any(opened_by(proof, name) for proof in proofs):
            await kept.note_proved(name, now)
    return told


async def _with_apps(run: Run, finding: Finding, name: str) -> Finding:
    kept = run.ports.credentials
    everybody = [each.login for each in await kept.all(run.ports.clock())]
    apps = {run.key.app, *apps_of(dependents(name, everybody, await kept.images()))}
    return told_with_apps(finding, name, sorted(apps))


def report(run: Run, proof: Proof) -> None:
    """The chain link by link into the log. Raises FindingError when the image may not be had."""
    for link in proof.links:
        mark = {True: "✓", False: "✕", None: "–"}[link.ok]
        run.say(f"{proof.image}  {link.name} {mark} {'; '.join(link.evidence)}")
    if not proof.allowed and proof.finding is not None:
        raise FindingError(proof.finding)
    if proof.finding is not None:
        run.warn(proof.finding)


async def pull_proved(run: Run, proved: Mapping[str, Any]) -> str:
    """Pull what was proved, by its digest and with what opened it; its tag then means that digest here.

    A credential may die between proof and pull, for instance while a build waits for its turn. Then it is proved once
    more: the pull goes on with whatever opens the image now, or the deployment ends with the cause.
    """
    image, digest = parse_image(proved["image"]), proved["digest"]
    try:
        image_id = await _pulled(run, image.pinned_to(digest), proved["credential"])
    except Failed as refused:
        run.say(f"{refused.what} It is proved once more.")
        proof = await _proved_again(run, image.pinned_to(digest), proved["credential"])
        image_id = await _pulled_or_explained(run, image.pinned_to(digest), proof.credential)
    if image.digest is None:
        await run.ports.images.tag(image_id, str(image))
    return image_id


async def _pulled_or_explained(run: Run, pinned: ImageRef, credential_name: str | None) -> str:
    """It may be had, by the proof; what still stands in the way is in the engine's own words."""
    try:
        return await _pulled(run, pinned, credential_name)
    except Failed as error:
        found = diagnose("\n".join(f"Error response from daemon: {line}" for line in error.evidence))
        if not found:
            raise
        best = found[0].finding
        doctor = f"seaway doctor {pinned}" + (f" --credential {credential_name}" if credential_name else "")
        evidence = (error.what, *error.evidence)
        raise FindingError(replace(best, evidence=evidence, commands=(*best.commands, doctor))) from error


async def _pulled(run: Run, pinned: ImageRef, credential_name: str | None) -> str:
    credential = await _kept(run, credential_name)
    shown = credential if credential is None else await run.ports.registry.ready(credential)
    image_id = await run.ports.images.pull(pinned, shown, run.say)
    if credential is not None:
        await run.ports.credentials.note_used(credential.name, run.ports.clock())
    return image_id


async def _proved_again(run: Run, pinned: ImageRef, credential_name: str | None) -> Proof:
    """Raises FindingError when nothing opens it now."""
    credential = await _kept(run, credential_name)
    proof = await run.ports.registry.prove(pinned, credential, fresh=True)
    (told,) = await noted(run, [proof])
    report(run, told)
    return told


async def _kept(run: Run, name: str | None) -> Credential | None:
    """The credential that opened the proof; None when nobody's was needed, or when it was removed since then."""
    if name is None:
        return None
    try:
        return (await run.ports.credentials.get(name, run.ports.clock())).login
    except UnknownCredential:
        run.say(f"the credential {name} was removed in the meantime; asking without a login")
        return None
