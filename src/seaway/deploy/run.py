"""One deployment under way: what it is, what it has found out so far, and its voice."""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from seaway.core.app import EnvironmentKey
from seaway.core.deployment import Deployment
from seaway.core.events import Progress, Stream
from seaway.core.finding import Finding
from seaway.core.ports import Planned
from seaway.core.redaction import telling, without
from seaway.deploy.ports import Ports


@dataclass(frozen=True)
class StepResult:
    """What a step leaves in the journal: small JSON without secrets. `skipped` says that nothing had to be done."""

    facts: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False


@dataclass
class Run:
    deployment: Deployment
    ports: Ports
    environment_id: int
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[Finding] = field(default_factory=list)
    planned: Planned | None = None
    """Kept between steps; it is made again from the tree after a restart, since planning is deterministic."""
    step: str = ""
    timer: asyncio.Timeout | None = None
    """That of the step under way, and how long it may take."""
    limit_s: float | None = None

    @property
    def key(self) -> EnvironmentKey:
        return self.deployment.environment

    def begin_anew(self) -> None:
        """The step's time begins now: it waited for its turn until then."""
        if self.timer is not None and self.limit_s is not None:
            self.timer.reschedule(asyncio.get_running_loop().time() + self.limit_s)

    def say(self, text: str) -> None:
        self.line("say", text)

    def warn(self, finding: Finding) -> None:
        self.warnings.append(self.cleaned(finding))
        self.line("warn", f"{finding.title}. {finding.remedy}")

    def line(self, stream: Stream, text: str) -> None:
        self.ports.log.append(self.deployment.id, self.step, stream, without(text, self._secrets))

    def cleaned(self, finding: Finding) -> Finding:
        """Without the values of the app's variables, which a build or the app itself may have printed."""
        title, remedy, *lines = (
            without(text, self._secrets)
            for text in (finding.title, finding.remedy, *finding.evidence, *finding.commands)
        )
        count = len(finding.evidence)
        return Finding(finding.cause, title, tuple(lines[:count]), remedy, tuple(lines[count:]))

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        return telling(value.reveal() for value in self.deployment.settings.env.values())

    def progress(self, progress: Progress) -> None:
        self.ports.log.progress(self.deployment.id, self.step, progress)


def task_name(run: Run) -> str:
    """Of the container that its release command runs in."""
    return f"{run.ports.instance}-{run.key.slug}-{run.deployment.id}-release"
