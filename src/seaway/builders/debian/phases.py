"""The order in which a plan's phases are carried out."""

from collections.abc import Mapping

from seaway.core.errors import Invalid
from seaway.core.plan import Phase


class CircularPhases(Invalid):
    code = "builder.circular_phases"


def in_order(phases: Mapping[str, Phase]) -> list[tuple[str, Phase]]:
    """Level by level: all phases whose dependencies are done, by name. A dependency that is no phase does not count."""
    done: list[str] = []
    while len(done) < len(phases):
        ready = sorted(name for name in phases if name not in done and _waits_for(phases, name) <= set(done))
        if not ready:
            waiting = ", ".join(sorted(set(phases) - set(done)))
            raise CircularPhases(
                f"The phases {waiting} wait for each other.", remedy="Correct their dependsOn in nixpacks.toml."
            )
        done += ready
    return [(name, phases[name]) for name in done]


def _waits_for(phases: Mapping[str, Phase], name: str) -> set[str]:
    return set(phases[name].depends_on or ()) & set(phases)
