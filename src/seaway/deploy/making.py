"""The steps that make an image: fetch, plan, prove, build."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seaway.core.build import (
    APP_LABEL,
    BUILD_LABEL,
    INSTANCE_LABEL,
    build_key,
    choose_pack,
    env_facts,
    image_tag,
)
from seaway.core.credential import Credential, Purpose, choose
from seaway.core.errors import Conflict
from seaway.core.image import ImageRef
from seaway.core.ports import BuildJob, Planned, PlanRequest
from seaway.core.proof import Proof
from seaway.core.retention import explain_full_disk
from seaway.core.source import FolderSource, GitSource, ImageSource
from seaway.deploy.opening import noted, pull_proved, report
from seaway.deploy.run import Run, StepResult


class SourceGone(Conflict):
    code = "source.gone"


async def fetch(run: Run) -> StepResult:
    match run.deployment.source:
        case GitSource(url, ref):
            return await _check_out(run, url, ref)
        case FolderSource(digest):
            _tree_path(run, digest)
            run.say(f"folder {digest}")
            return StepResult({"tree": digest})
    return StepResult(skipped=True)


async def _check_out(run: Run, url: str, ref: str | None) -> StepResult:
    into = run.ports.trees.workspace()
    try:
        commit = await run.ports.git.fetch(url, ref, into, run.say)
        digest = await run.ports.trees.adopt(into)
    except BaseException:
        await run.ports.trees.discard(into)
        raise
    run.say(f"commit {commit}")
    return StepResult({"tree": digest, "commit": commit})


async def plan(run: Run) -> StepResult:
    if isinstance(run.deployment.source, ImageSource):
        return StepResult({"pack": "image"}, skipped=True)
    planned = await _planned(run)
    for note in planned.notes:
        run.say(note)
    facts = {
        "pack": planned.pack,
        "plan": planned.plan,
        "recipe": planned.recipe.digest,
        "port": planned.recipe.port,
        "wants_env": planned.recipe.wants_env,
        "images": [str(image) for image in planned.recipe.bases],
    }
    return StepResult(facts)


async def prove(run: Run) -> StepResult:
    """Every image that a registry must give is tried, with the credential that would be used for it."""
    images = await _images(run)
    if not images:
        run.say("no image of a registry takes part")
        return StepResult({"images": []}, skipped=True)
    credentials = await run.ports.credentials.usable_by(run.key.app)
    proofs = await asyncio.gather(*(_prove(run, image, credentials) for image in images))
    for proof in await noted(run, proofs):
        report(run, proof)
    return StepResult({"images": [_journaled(proof) for proof in proofs]})


async def build(run: Run) -> StepResult:
    if isinstance(run.deployment.source, ImageSource):
        image = await pull_proved(run, run.results["prove"]["images"][0])
        await run.ports.journal.note(run.deployment.id, image=image)
        return StepResult({"image": image})
    labels = await _labels(run)
    found = await run.ports.images.find(labels)
    if found is None:
        if run.ports.builds.locked():
            run.say("waiting: as many builds run as may run at once")
        async with run.ports.builds:
            run.begin_anew()
            image, skipped = await _build(run, labels), False
    else:
        run.say(f"this tree and plan are built already: {found}")
        image, skipped = found, True
    await run.ports.journal.note(run.deployment.id, image=image)
    return StepResult({"image": image}, skipped=skipped)


async def _build(run: Run, labels: dict[str, str]) -> str:
    if (low := explain_full_disk(*run.ports.machine.disk())) is not None:
        run.warn(low)
    planned, path = await _planned(run), _tree_path(run, run.results["fetch"]["tree"])
    await run.ports.bases.ensure(planned.recipe.toolchains, run.say)
    for proved in run.results["prove"]["images"]:
        await pull_proved(run, proved)
    settings = run.deployment.settings
    args = {**planned.recipe.build_args, "SEAWAY_ENV_DIGEST": _env_digest(run)} if planned.recipe.wants_env else {}
    job = BuildJob(
        app=run.key.app,
        deployment=run.deployment.id,
        context=path / planned.recipe.folder,
        recipe=replace(planned.recipe, build_args=args or planned.recipe.build_args),
        tag=image_tag(run.ports.instance, run.key, run.deployment.id),
        labels={**labels, **_oci_labels(run)},
        env=settings.build_env,
    )
    return await run.ports.builder.build(job, run.line, run.progress)


async def _planned(run: Run) -> Planned:
    if run.planned is None:
        path = _tree_path(run, run.results["fetch"]["tree"])
        run.planned = await asyncio.to_thread(_make_plan, run, path)
    return run.planned


def _make_plan(run: Run, path: Path) -> Planned:
    tree = run.ports.read_tree(path, run.key.app)
    settings = run.deployment.settings
    pack = choose_pack(run.ports.packs.values(), tree)
    env = {name: value.reveal() for name, value in settings.build_env.items()}
    return pack.recipe(tree, PlanRequest(run.key.app, env, settings))


async def _images(run: Run) -> Sequence[ImageRef]:
    source = run.deployment.source
    return (source.image,) if isinstance(source, ImageSource) else (await _planned(run)).recipe.bases


async def _prove(run: Run, image: ImageRef, credentials: Sequence[Credential]) -> Proof:
    credential = choose(credentials, image, run.key.app, Purpose.PULL)
    return await run.ports.registry.prove(image, credential, fresh=True)


def _journaled(proof: Proof) -> dict[str, object]:
    return {
        "image": str(proof.image),
        "digest": proof.digest,
        "credential": proof.credential,
        "links": [link.as_json() for link in proof.links],
    }


async def _labels(run: Run) -> dict[str, str]:
    """What a build is found again by."""
    planned = await _planned(run)
    key = build_key(run.results["fetch"]["tree"], planned.recipe, _env_digest(run))
    return {INSTANCE_LABEL: run.ports.instance, APP_LABEL: run.key.app, BUILD_LABEL: key}


def _oci_labels(run: Run) -> dict[str, str]:
    source, commit = run.deployment.source, run.results["fetch"].get("commit")
    labels = {
        "org.opencontainers.image.title": run.key.app,
        "org.opencontainers.image.created": run.deployment.created_at.isoformat(timespec="seconds"),
        "seaway.plan": run.results["plan"]["recipe"],
    }
    if isinstance(source, GitSource):
        labels |= {"org.opencontainers.image.source": source.url, "org.opencontainers.image.revision": str(commit)}
    return labels


def _env_digest(run: Run) -> str:
    return run.ports.mac(env_facts({k: v.reveal() for k, v in run.deployment.settings.build_env.items()}))


def _tree_path(run: Run, digest: str) -> Path:
    path = run.ports.trees.path(digest)
    if path is None:
        raise SourceGone(f"The folder {digest} is no longer kept here.", remedy="Send it again: seaway deploy PATH")
    return path
