"""A finding: one cause, what was observed, and what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seaway.core.errors import SeawayError


@dataclass(frozen=True)
class Finding:
    """Why something failed, fit to be read at three in the morning.

    `cause` is a label of a closed list (diagnosis, health, build) or an error's code; `title` is one short
    sentence; `evidence` are lines as they were observed, never a secret; `commands` can be pasted as they are.
    """

    cause: str
    title: str
    evidence: tuple[str, ...]
    remedy: str
    commands: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"evidence": list(self.evidence), "commands": list(self.commands)}

    def told(self, words: Callable[[str], str]) -> "Finding":
        """With each of its texts in other words: a secret taken out, say."""
        return Finding(
            self.cause,
            words(self.title),
            tuple(map(words, self.evidence)),
            words(self.remedy),
            tuple(map(words, self.commands)),
        )

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Finding":
        return Finding(
            data["cause"], data["title"], tuple(data["evidence"]), data["remedy"], tuple(data.get("commands", ()))
        )


class FindingError(SeawayError):
    """A failure whose finding is already known."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.title, remedy=finding.remedy, evidence=finding.evidence)
        self.code = finding.cause
        self.finding = finding


def finding_of(error: SeawayError) -> Finding:
    if isinstance(error, FindingError):
        return error.finding
    return Finding(error.code, error.what, error.evidence, error.remedy)
