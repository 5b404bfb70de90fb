"""What the pages need from the rest of the house."""

from collections.abc import Sequence
from typing import Protocol

from seaway.actions.credentials import CredentialView
from seaway.actions.views import AppView, DeploymentView
from seaway.core.deployment import Kind
from seaway.core.events import LogLine


class Site(Protocol):
    """Everything that a page shows or asks for. Errors are raised as SeawayError and become a page by themselves."""

    async def apps(self) -> list[AppView]: ...

    async def app(self, name: str) -> AppView:
        """Raises UnknownApp."""

    async def deployments(self, app: str, limit: int) -> list[DeploymentView]:
        """Newest first."""

    async def deployment(self, deployment: int) -> DeploymentView:
        """Raises UnknownDeployment."""

    async def log_tail(self, deployment: int, lines: int) -> list[LogLine]:
        """The last `lines` lines, oldest first; all of them when there are fewer."""

    async def credentials(self) -> Sequence[CredentialView]: ...

    async def credential(self, name: str) -> CredentialView:
        """Raises UnknownCredential."""

    async def ask(self, app: str, kind: Kind, deployment: int | None) -> DeploymentView:
        """Restart, stop, start, or roll back to the release that `deployment` made."""

    async def cancel(self, deployment: int) -> None:
        """Ask a deployment to end; one that is over stays as it ended. Raises UnknownDeployment."""

    async def sign_in(self, token: str) -> str | None:
        """A new session for the bearer of this token; None when the token is not known."""

    async def sign_in_with_code(self, code: str) -> str | None:
        """A new session for the bearer of a one-time code, which is used up by this."""

    async def session_is_valid(self, session: str) -> bool: ...

    async def sign_out(self, session: str) -> None:
        """Also when the session is gone already."""
