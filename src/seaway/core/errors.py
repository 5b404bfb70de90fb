"""What every error that a user can meet has in common: a stable code, what happened, and what to do next.

A concrete error lives beside the thing that raises it; the families here only say how a surface answers.
"""

from collections.abc import Sequence


class SeawayError(Exception):
    """One sentence on what happened to which thing, one on what to do next, and what was observed.

    `code` is stable and documented in docs/errors.md; `temporary` says whether trying again could help.
    """

    code: str = "internal"
    temporary: bool = False

    def __init__(self, what: str, *, remedy: str, evidence: Sequence[str] = ()) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy
        self.evidence = tuple(evidence)


class Invalid(SeawayError):
    """The request itself is wrong; nothing was changed."""

    code = "request.invalid"


class Missing(SeawayError):
    """The thing named is not there."""

    code = "request.missing"


class Conflict(SeawayError):
    """The thing is in a state that does not allow this now."""

    code = "request.conflict"


class Denied(SeawayError):
    """The caller may not do this."""

    code = "access.denied"


class Unavailable(SeawayError):
    """Something that Seaway needs does not answer."""

    code = "unavailable"
    temporary = True


class Failed(SeawayError):
    """The work was tried and did not succeed."""

    code = "failed"
