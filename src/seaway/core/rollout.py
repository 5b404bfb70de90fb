"""From what is wanted, running and routed to the next moves: start first, route only what is healthy, retire last."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from seaway.core.app import EnvironmentKey
from seaway.core.ports import Instance


@dataclass(frozen=True)
class Running:
    """An instance as the engine confirms it, and the deployment that started it."""

    instance: str
    deployment: int
    healthy: bool
    alive: bool = True


@dataclass(frozen=True)
class Start:
    count: int


@dataclass(frozen=True)
class Wait:
    instances: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """Send the traffic to these instances and to no other."""

    instances: tuple[str, ...]


@dataclass(frozen=True)
class Remove:
    instances: tuple[str, ...]


Move = Start | Wait | Route | Remove


def next_move(wanted: int | None, count: int, running: Sequence[Running], routed: Sequence[str]) -> Move | None:
    """The move to make now; None when all is as wanted.

    `wanted` is the deployment whose instances shall serve, None stops the environment. `routed` are the instances
    that get traffic now. Traffic moves in one step and only when all of the wanted instances are healthy; nothing
    that is routed is removed, and nothing that belongs to a later deployment.
    """
    if wanted is None:
        return Route(()) if routed else _remove([r.instance for r in running])
    mine = [r for r in running if r.deployment == wanted and r.alive]
    if len(mine) < count:
        return Start(count - len(mine))
    chosen = tuple(r.instance for r in mine[:count])
    waiting = tuple(r.instance for r in mine[:count] if not r.healthy)
    if waiting:
        return Wait(waiting)
    if set(routed) != set(chosen):
        return Route(chosen)
    return _remove([r.instance for r in running if r.instance not in chosen and r.deployment <= wanted])


def leaving(instances: Sequence[Instance], current: int | None) -> list[Instance]:
    """Those that go once `current` has settled: all of earlier deployments, or all when nothing shall run."""
    return [i for i in instances if current is None or i.deployment < current]


def names_for(instance: str, key: EnvironmentKey, deployment: int, taken: Collection[str], count: int) -> list[str]:
    """Names for as many new instances of a deployment; one that has ended makes room for its successor."""
    names = (f"{instance}-{key.slug}-{deployment}-{n}" for n in range(1, count + len(taken) + 1))
    return [name for name in names if name not in taken][:count]


def _remove(instances: Sequence[str]) -> Remove | None:
    return Remove(tuple(instances)) if instances else None
