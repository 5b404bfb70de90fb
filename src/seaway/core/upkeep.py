"""What is put right while nobody deploys: instances that a release lacks, and those that cannot be kept alive."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.deployment import Status
from seaway.core.finding import Finding
from seaway.core.health import explain_lines
from seaway.core.ports import EnvironmentRecord, Instance

LOOP_RESTARTS = 3
# After this long Docker itself takes a start for a success and forgets how often it tried.
LOOP_RUN = timedelta(seconds=10)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)

# Docker sees to a restarting one itself, and a paused one is somebody's wish.
_PRESENT = ("running", "restarting", "paused", "removing")
_OVER = (None, Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True)
class Observed:
    """The house at one moment. `busy`: environments that a deployment changes now; `settled`: current deployments
    whose predecessors' instances have been let go."""

    records: Sequence[EnvironmentRecord]
    instances: Sequence[Instance]
    settings: Mapping[int, EnvironmentSettings]
    busy: Collection[EnvironmentKey]
    settled: Collection[int]
    ended: Mapping[int, Status | None]
    """The status of deployments that are not current and have instances; None when there is no such deployment."""


@dataclass(frozen=True)
class Need:
    """What the current release of an environment lacks: how many instances, and which were never seen to answer."""

    key: EnvironmentKey
    deployment: int
    missing: int
    unproven: tuple[str, ...]


@dataclass(frozen=True)
class Trouble:
    """What could not be put right, and when it is tried again."""

    finding: Finding
    tries: int
    again_at: datetime


def needs(seen: Observed) -> list[Need]:
    """One for each environment that should serve, is not being changed, and lacks something."""
    found = []
    for record in seen.records:
        if record.current_deployment is None or record.destroying or not record.wanted_running:
            continue
        wanted = seen.settings.get(record.current_deployment, record.settings).instances
        mine = _current(record, seen.instances)
        missing = max(0, wanted - sum(i.state in _PRESENT for i in mine))
        unproven = tuple(i.id for i in mine if i.alive and not i.kept)
        if (missing or unproven) and record.key not in seen.busy:
            found.append(Need(record.key, record.current_deployment, missing, unproven))
    return found


def strays(seen: Observed) -> list[Instance]:
    """Instances that a crash or an outage left behind and that nothing else will remove.

    Those of a deployment that is over and serves nobody; those before the current one once it has settled; and those
    of an environment that is stopped. What drains now is left to whoever drains it.
    """
    records = {record.key: record for record in seen.records}
    return [i for i in seen.instances if _is_stray(i, records.get(i.environment), seen)]


def _is_stray(instance: Instance, record: EnvironmentRecord | None, seen: Observed) -> bool:
    if record is None:
        return seen.ended.get(instance.deployment) in _OVER
    if record.destroying or record.key in seen.busy:
        return False
    if instance.deployment == record.current_deployment:
        return not record.wanted_running
    if seen.ended.get(instance.deployment) in _OVER:
        return True
    current = record.current_deployment
    return current in seen.settled and instance.deployment < (current or 0)


def crash_loops(seen: Observed, now: datetime) -> dict[EnvironmentKey, Instance]:
    """Environments whose current release ends again and again, each with one instance that does."""
    wanted = [record for record in seen.records if record.wanted_running and not record.destroying]
    looping = ((r.key, i) for r in wanted for i in _current(r, seen.instances) if is_crash_looping(i, now))
    return dict(looping)


def is_crash_looping(instance: Instance, now: datetime) -> bool:
    if instance.restarts < LOOP_RESTARTS:
        return False
    started_at = None if instance.started_at is None else datetime.fromisoformat(instance.started_at)
    return instance.state == "restarting" or (started_at is not None and now - started_at < LOOP_RUN)


def explain_crash_loop(app: str, instance: Instance, lines: Sequence[str]) -> Finding:
    code = "" if instance.exit_code is None else f", last with code {instance.exit_code}"
    return Finding(
        "app.crash_loop",
        f"{app} ends again and again: it was started {instance.restarts + 1} times",
        (f"{instance.name} ended {instance.restarts} times{code}", *explain_lines(lines)),
        "Its last lines say why it ends. Go back to a release that runs, or deploy one that does.",
        (f"seaway rollback {app}", f"seaway logs {app}"),
    )


def troubled(before: Trouble | None, finding: Finding, now: datetime) -> Trouble:
    """After another failure: the pause doubles, up to its longest."""
    tries = 1 if before is None else before.tries + 1
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 10))
    return Trouble(finding, tries, now + pause)


def may_try(trouble: Trouble | None, now: datetime) -> bool:
    return trouble is None or now >= trouble.again_at


def _current(record: EnvironmentRecord, instances: Sequence[Instance]) -> list[Instance]:
    return [i for i in instances if i.environment == record.key and i.deployment == record.current_deployment]
