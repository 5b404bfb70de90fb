"""The router of all pages."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from seaway.actions.views import AppView, DeploymentView
from seaway.core.app import UnknownApp
from seaway.core.deployment import Kind
from seaway.core.errors import Conflict, Denied, Invalid, Missing, SeawayError, Unavailable
from seaway.web import access, credentials, home, journey, rendering
from seaway.web.access import Form
from seaway.web.rendering import page
from seaway.web.site import Site

TAIL_LINES = 2000
HISTORY_LENGTH = 50

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_STATUS: tuple[tuple[type[SeawayError], int], ...] = (
    (Missing, 404), (Invalid, 422), (Conflict, 409), (Denied, 403), (Unavailable, 503),
)  # fmt: skip


class NotConfirmed(Invalid):
    code = "web.not_confirmed"

    def __init__(self, app: str) -> None:
        super().__init__(
            f"The name typed is not {app}.", remedy="Nothing was changed. Go back and type the app's name."
        )


class PageRoute(APIRoute):
    """Turns our errors into pages, and a missing session into the way to the sign-in page."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except access.SignInNeeded:
                return _to_sign_in(request)
            except SeawayError as error:
                return problem(request, error)

        return handled


def problem(request: Request, error: SeawayError) -> HTMLResponse:
    """An error as a page: what happened, and what to do."""
    status = next((status for family, status in _STATUS if isinstance(error, family)), 500)
    return page("problem.html", request, datetime.now(UTC), status=status, error=error)


class NoSuchPage(Missing):
    code = "web.no_such_page"

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no page /{path}.", remedy="All apps are on the first page.")


def _to_sign_in(request: Request) -> Response:
    if access.session_of(request) is None and access.comes_from_elsewhere(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return page("bounce.html", request, datetime.now(UTC), here=here)
    return _see(access.sign_in_path(request))


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, headers=rendering.HEADERS)


def router(site: Site, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> APIRouter:
    """All pages of a site. Every one but the sign-in needs a session."""
    pages, door = Pages(site, clock), SignIn(site, clock)
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)
    routes.add_api_route("/static/{version}/{name:path}", _static, methods=["GET"])
    routes.add_api_route("/login", door.show, methods=["GET"])
    routes.add_api_route("/login", door.sign_in, methods=["POST"])
    inside: list[tuple[str, str, Callable[..., Any]]] = [
        ("GET", "/", pages.home),
        ("GET", "/apps/{app}", pages.app),
        ("GET", "/deployments/{deployment:int}", pages.deployment),
        ("GET", "/credentials", pages.credentials),
        ("GET", "/credentials/{name:path}", pages.credential),
        ("POST", "/apps/{app}/restart", pages.restart),
        ("POST", "/apps/{app}/start", pages.start),
        ("POST", "/apps/{app}/stop", pages.stop),
        ("POST", "/apps/{app}/rollback", pages.rollback),
        ("POST", "/deployments/{deployment:int}/cancel", pages.cancel),
        ("POST", "/logout", door.sign_out),
        ("GET", "/{path:path}", pages.nothing_here),
    ]
    for method, path, handler in inside:
        needed = [Depends(access.session_required(site))]
        routes.add_api_route(path, handler, methods=[method], dependencies=needed)
    return routes


async def _static(version: str, name: str) -> Response:
    return rendering.static_response(name, version)


class Pages:
    """What a signed-in visitor sees and asks for."""

    def __init__(self, site: Site, clock: Callable[[], datetime]) -> None:
        self._site, self._clock = site, clock

    async def home(self, request: Request, q: str = "", sort: str = "") -> HTMLResponse:
        apps, sorting = await self._site.apps(), home.Sorting.parse(sort)
        return page(
            "home.html",
            request,
            self._clock(),
            apps=home.arranged(apps, q, sorting),
            attention=home.needs_attention(apps),
            counts=home.counted(apps),
            total=len(apps),
            filter_text=q,
            sorting=sorting,
            home=home,
        )

    async def app(self, request: Request, app: str) -> HTMLResponse:
        view = await self._site.app(app)
        history = await self._site.deployments(app, HISTORY_LENGTH)
        serving = next((h.deployment.id for h in history if journey.serves_now(h, view, history)), None)
        return page(
            "app.html",
            request,
            self._clock(),
            app=view,
            history=history,
            serving=serving,
            shortened=len(history) == HISTORY_LENGTH,
            kept={r.deployment: r.id for r in view.releases},
        )

    async def deployment(self, request: Request, deployment: int, part: str = "") -> HTMLResponse:
        """`part=head` gives all but the log: what a page that is open already asks for when something changed."""
        view = await self._site.deployment(deployment)
        values = await self._head(view)
        if part == "head":
            return page("deployment_head.html", request, self._clock(), **values)
        tail = await self._site.log_tail(deployment, TAIL_LINES + 1)
        return page(
            "deployment.html",
            request,
            self._clock(),
            **values,
            steps=journey.folded(tail[-TAIL_LINES:], view),
            shortened=len(tail) > TAIL_LINES,
            tail_lines=TAIL_LINES,
        )

    async def _head(self, view: DeploymentView) -> dict[str, Any]:
        name = view.deployment.environment.app
        app = await self._app_if_any(name)
        history = await self._site.deployments(name, HISTORY_LENGTH) if app else []
        last = journey.last_like(view, history)
        return {
            "view": view,
            "d": view.deployment,
            "steps_shown": journey.steps_shown(view),
            "journey": journey.journey(view, last, self._clock()),
            "last": last,
            "serving": journey.serving(view, app),
            "serves": app is not None and journey.serves_now(view, app, history),
        }

    async def _app_if_any(self, name: str) -> AppView | None:
        try:
            return await self._site.app(name)
        except UnknownApp:
            return None

    async def credentials(self, request: Request) -> HTMLResponse:
        found = await self._site.credentials()
        return page("credentials.html", request, self._clock(), credentials=found, words=credentials)

    async def credential(self, request: Request, name: str) -> HTMLResponse:
        view = await self._site.credential(name)
        return page("credential.html", request, self._clock(), view=view, words=credentials)

    async def restart(self, app: str, form: Form) -> Response:
        return await self._ask(app, Kind.RESTART)

    async def start(self, app: str, form: Form) -> Response:
        return await self._ask(app, Kind.START)

    async def stop(self, app: str, form: Form) -> Response:
        if form.get("confirm", "").strip() != app:
            raise NotConfirmed(app)
        return await self._ask(app, Kind.STOP)

    async def rollback(self, app: str, form: Form) -> Response:
        wanted = form.get("deployment", "")
        if wanted and not wanted.isdecimal():
            raise Invalid(f"{wanted!r} is not the number of a deployment.", remedy="Choose one of the app's page.")
        return await self._ask(app, Kind.ROLLBACK, int(wanted) if wanted else None)

    async def cancel(self, deployment: int, form: Form) -> Response:
        await self._site.cancel(deployment)
        return _see(f"/deployments/{deployment}")

    async def nothing_here(self, path: str) -> Response:
        raise NoSuchPage(path)

    async def _ask(self, app: str, kind: Kind, deployment: int | None = None) -> Response:
        view = await self._site.ask(app, kind, deployment)
        return _see(f"/deployments/{view.deployment.id}")


class SignIn:
    """The way in, and out."""

    def __init__(self, site: Site, clock: Callable[[], datetime]) -> None:
        self._site, self._clock = site, clock

    async def show(self, request: Request, code: str = "", next: str = "") -> Response:  # noqa: A002 - the URL's word
        if code:
            return await self._with_code(request, code, access.local_path(next))
        session = access.session_of(request)
        if session and await self._site.session_is_valid(session):
            return _see(access.local_path(next))
        return self._form(request, next)

    async def _with_code(self, request: Request, code: str, wanted: str) -> Response:
        session = await self._site.sign_in_with_code(code)
        if session is None:
            refusal = "This link was used before, or is older than 10 minutes. Paste a token, or print a new link."
            return self._form(request, wanted, refusal, status=403)
        return self._welcome(request, session, wanted)

    async def sign_in(self, request: Request) -> Response:
        access.check_origin(request)
        fields = await access.read_form(request)
        token, wanted = fields.get("token", "").strip(), access.local_path(fields.get("next"))
        session = await self._site.sign_in(token) if token else None
        if session is None:
            refusal = "This server does not know this token." if token else "No token was pasted."
            return self._form(request, wanted, refusal, status=403)
        return self._welcome(request, session, wanted)

    async def sign_out(self, request: Request, form: Form) -> Response:
        await self._site.sign_out(access.session_of(request) or "")
        response = _see("/login")
        access.take_session(request, response)
        return response

    def _welcome(self, request: Request, session: str, wanted: str) -> Response:
        response = _see(wanted)
        access.give_session(request, response, session)
        return response

    def _form(self, request: Request, wanted: str, refusal: str = "", status: int = 200) -> HTMLResponse:
        values = {"next": access.local_path(wanted), "refusal": refusal, "exposed": access.is_exposed(request)}
        return page("login.html", request, self._clock(), status=status, **values)
