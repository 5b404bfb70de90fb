"""One deployment under way: what it is, what it has found out so far, and its voice."""

from dataclasses import dataclass, field
from typing import Any

from seaway.core.app import EnvironmentKey
from seaway.core.deployment import Deployment
from seaway.core.events import Progress, Stream
from seaway.core.finding import Finding
from seaway.core.ports import Planned
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

    @property
    def key(self) -> EnvironmentKey:
        return self.deployment.environment

    def say(self, text: str) -> None:
        self.ports.log.append(self.deployment.id, self.step, "say", text)

    def warn(self, finding: Finding) -> None:
        self.warnings.append(finding)
        self.ports.log.append(self.deployment.id, self.step, "warn", f"{finding.title}. {finding.remedy}")

    def line(self, stream: Stream, text: str) -> None:
        self.ports.log.append(self.deployment.id, self.step, stream, text)

    def progress(self, progress: Progress) -> None:
        self.ports.log.progress(self.deployment.id, self.step, progress)
