"""The pages' site over the actions."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from seaway.actions.access import OWNER, Access, Caller, TokenRequired
from seaway.actions.credentials import CredentialView, Keeping
from seaway.actions.deploying import Deploying
from seaway.actions.reading import Reading
from seaway.actions.views import AppView, DeploymentView
from seaway.core.deployment import Deployment, Kind
from seaway.core.events import LogLine


class Log(Protocol):
    def tail(self, deployment: int, lines: int) -> list[LogLine]: ...


class HouseSite:
    """Implements web.site.Site."""

    def __init__(self, access: Access, reading: Reading, deploying: Deploying, keeping: Keeping, log: Log) -> None:
        self._access = access
        self._keeping = keeping
        self._reading = reading
        self._log = log
        self._roll_back = deploying.roll_back
        self._cancel = deploying.cancel
        self._asks: Mapping[Kind, Callable[[Caller, str], Awaitable[Deployment]]] = {
            Kind.RESTART: deploying.restart,
            Kind.START: deploying.start,
            Kind.STOP: deploying.stop,
        }

    async def apps(self) -> list[AppView]:
        return await self._reading.apps()

    async def app(self, name: str) -> AppView:
        return await self._reading.app(name)

    async def deployments(self, app: str, limit: int) -> list[DeploymentView]:
        return await self._reading.deployments(app, limit)

    async def deployment(self, deployment: int) -> DeploymentView:
        return await self._reading.deployment(deployment)

    async def log_tail(self, deployment: int, lines: int) -> list[LogLine]:
        return self._log.tail(deployment, lines)

    async def credentials(self) -> Sequence[CredentialView]:
        return await self._keeping.list()

    async def credential(self, name: str) -> CredentialView:
        return await self._keeping.show(name)

    async def ask(self, app: str, kind: Kind, deployment: int | None) -> DeploymentView:
        if kind is Kind.ROLLBACK:
            made = await self._roll_back(OWNER, app, deployment)
        else:
            made = await self._asks[kind](OWNER, app)
        return await self._reading.deployment(made.id)

    async def cancel(self, deployment: int) -> None:
        await self._cancel(OWNER, deployment)

    async def sign_in(self, token: str) -> str | None:
        try:
            return await self._access.sign_in(token)
        except TokenRequired:
            return None

    async def sign_in_with_code(self, code: str) -> str | None:
        try:
            return await self._access.sign_in_with_code(code)
        except TokenRequired:
            return None

    async def session_is_valid(self, session: str) -> bool:
        try:
            await self._access.by_session(session)
        except TokenRequired:
            return False
        return True

    async def sign_out(self, session: str) -> None:
        await self._access.sign_out(session)
