"""A site in memory whose values show every state that a page knows."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seaway.actions.credentials import CredentialView
from seaway.actions.views import AppState, AppView, DeploymentView, step_views
from seaway.core.app import EnvironmentKey, EnvironmentSettings, Limits, UnknownApp
from seaway.core.deployment import STEPS, Deployment, Kind, Release, Status, StepRecord, UnknownDeployment, steps_of
from seaway.core.events import LogLine
from seaway.core.finding import Finding
from seaway.core.image import parse_image
from seaway.core.keeping import CredentialState, KeptCredential, UnknownCredential, new_credential
from seaway.core.ports import Instance
from seaway.core.secret import Secret
from seaway.core.source import FolderSource, GitSource, ImageSource, ReleaseSource, Source

NOW = datetime(2026, 11, 24, 3, 4, 7, 113000, tzinfo=UTC)
TOKEN = "seaway_a-token-of-the-tests"
CODE = "a-code-of-the-tests"
FOLDER = FolderSource("sha256:7c3f1a2b9d4e" + "0" * 52)
GIT = GitSource("https://git.example.org/acme/shop.git", "main")
SECONDS = {
    "fetch": 0.8,
    "plan": 0.1,
    "prove": 0.3,
    "build": 41.2,
    "release": 0.9,
    "check": 2.4,
    "route": 0.1,
    "settle": 1.2,
}

EXPIRED = Finding(
    "credential_expired_or_revoked",
    "The login for registry.example.org/acme has expired",
    (
        "token …k3Qd of deploy-bot, expired 21 Nov 2026 09:00 UTC",
        "GET https://registry.example.org/token?scope=repository:acme/base:pull -> 403 DENIED at the token step",
    ),
    "Make a new token at the registry and replace the old one. Also used by: api, worker.",
    ("seaway credentials rotate registry.example.org/acme",),
)
EXITED = Finding(
    "health.exited",
    "api ended by itself with code 1",
    (
        "the container exited with code 1, 4 times",
        "| Error: connect ECONNREFUSED 10.0.0.7:5432",
        "|     at TCPConnectWrap",
    ),
    "Read its last lines above: they say why it ended. Run it on your own machine with the same variables.",
    ("seaway logs api",),
)
REFUSED = Finding(
    "stale_credential_blocks_public",
    "The stored login for registry.example.org is refused; the image is public and was pulled without it",
    ("HEAD registry.example.org/acme/base:22 with deploy-bot -> 401", "the same without a login -> 200"),
    "Remove the login, or renew it.",
    ("seaway credentials remove registry.example.org",),
)


def settings(*env: str, port: int | None = None, domains: tuple[str, ...] = ()) -> EnvironmentSettings:
    values = {name: Secret("hunter2-the-secret-value") for name in env}
    return EnvironmentSettings(env=values, port=port, domains=domains, limits=Limits(512 * 1024**2, 0.5))


def steps(
    until: str, started: datetime, *, finished: bool = True, taken: tuple[str, ...] = STEPS
) -> tuple[StepRecord, ...]:
    """Records of the steps up to `until`, the last of which may still run."""
    made, at = [], started
    for name in taken[: taken.index(until) + 1]:
        end = at + timedelta(seconds=SECONDS[name])
        made.append(StepRecord(name, at, end if finished or name != until else None))
        at = end
    return tuple(made)


def deployment(
    number: int,
    app: str,
    status: Status,
    *,
    ago_s: float = 240,
    until: str = "settle",
    kind: Kind = Kind.DEPLOY,
    source: Source = FOLDER,
    finding: Finding | None = None,
    warnings: tuple[Finding, ...] = (),
) -> Deployment:
    created = NOW - timedelta(seconds=ago_s)
    taken = steps_of(kind, source)
    finished = status is kind.success
    records = () if status is Status.QUEUED else steps(until, created, finished=finished, taken=taken)
    length = sum(SECONDS[r.name] for r in records)
    return Deployment(
        number,
        EnvironmentKey(app),
        kind,
        source,
        status,
        created,
        settings(),
        started_at=None if status is Status.QUEUED else created,
        finished_at=created + timedelta(seconds=length) if status.is_final else None,
        by="git push",
        release=number if status is Status.LIVE else None,
        image="sha256:" + f"{number:012x}" + "b" * 52 if status is Status.LIVE else None,
        finding=finding,
        warnings=warnings,
        steps=records,
    )


def view(d: Deployment) -> DeploymentView:
    return DeploymentView(d, f"http://{d.environment.slug}.localhost", step_views(d))


def release(number: int, app: str, *, deployment: int, ago_s: float, source: Source = FOLDER) -> Release:
    image = "sha256:" + f"{number:012x}" + "b" * 52
    commit = "7c3f1a2d" * 5 if isinstance(source, GitSource) else None
    created = NOW - timedelta(seconds=ago_s)
    return Release(number, EnvironmentKey(app), deployment, image, 3000, None, settings(), created, source, commit)


def instance(app: str, release: int, *, state: str = "running", nth: int = 1, **more: object) -> Instance:
    address = f"172.18.0.{nth + 2}" if state == "running" else None
    started = (NOW - timedelta(hours=3)).isoformat().replace("+00:00", "123Z")
    made = Instance(
        f"{app}{nth}" * 4, f"{app}-{release}-{nth}", EnvironmentKey(app), release, release, "sha256:" + "b" * 64, 3000,
        state, address, started_at=started,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def app(
    name: str,
    state: AppState,
    last: Deployment | None,
    *,
    release: Release | None = None,
    instances: tuple[Instance, ...] = (),
    releases: tuple[Release, ...] = (),
    settings: EnvironmentSettings = EnvironmentSettings(),  # noqa: B008 - it is frozen
    memory_mb: float | None = None,
) -> AppView:
    urls = (f"http://{name}.localhost", *(f"https://{host}" for host in settings.domains))
    return AppView(
        name, EnvironmentKey(name), state, urls, settings, NOW - timedelta(days=40), release, instances,
        releases or ((release,) if release else ()), view(last) if last else None,
        None if memory_mb is None else int(memory_mb * 1024**2),
    )  # fmt: skip


def example_credentials() -> list[CredentialView]:
    """One that is fine, one that ends soon, one that is refused and one without an end."""

    def shown(prefix: str, state: CredentialState, apps: tuple[str, ...], days: float | None) -> CredentialView:
        end = None if days is None else NOW + timedelta(days=days)
        login = new_credential(prefix, "deploy-bot", Secret("hunter2-the-secret-value"), expires_at=end)
        refused = state == "refused"
        kept = KeptCredential(
            login,
            NOW - timedelta(days=90),
            owner="a person" if days is None else "",
            last_proved_at=NOW - timedelta(hours=2),
            last_refused_at=NOW - timedelta(minutes=5) if refused else None,
            refused=EXPIRED if refused else None,
            last_used_at=NOW - timedelta(hours=3),
            undo_until=NOW + timedelta(hours=5) if days == 211 else None,
        )
        images = tuple(parse_image(f"{prefix}/{app}:1") for app in apps)
        return CredentialView(kept, state, apps, images)

    return [
        shown("registry.example.org/acme", "refused", ("shop", "api"), -3),
        shown("ghcr.io/acme", "proved", ("blog", "worker"), 12),
        shown("ghcr.io/acme/secret", "unproved", (), None),
        shown("docker.io", "proved", (), 211),
    ]


class ExampleSite:
    """Implements Site; everything it was asked for is in `asked`."""

    def __init__(self, apps: list[AppView], deployments: list[Deployment], logs: dict[int, list[LogLine]]) -> None:
        self.all_apps, self.all_deployments, self.logs = {a.name: a for a in apps}, {d.id: d for d in deployments}, logs
        self.asked: list[tuple[str, Kind, int | None]] = []
        self.cancelled: list[int] = []
        self.sessions = {"a-session-of-the-tests"}
        self.codes = {CODE}
        self.all_credentials = example_credentials()

    async def apps(self) -> list[AppView]:
        return list(self.all_apps.values())

    async def app(self, name: str) -> AppView:
        if name not in self.all_apps:
            raise UnknownApp(name)
        return self.all_apps[name]

    async def deployments(self, app: str, limit: int) -> list[DeploymentView]:
        mine = [view(d) for d in self.all_deployments.values() if d.environment.app == app]
        return sorted(mine, key=lambda v: -v.deployment.id)[:limit]

    async def deployment(self, deployment: int) -> DeploymentView:
        if deployment not in self.all_deployments:
            raise UnknownDeployment(deployment)
        return view(self.all_deployments[deployment])

    async def log_tail(self, deployment: int, lines: int) -> list[LogLine]:
        return self.logs.get(deployment, [])[-lines:]

    async def credentials(self) -> list[CredentialView]:
        return self.all_credentials

    async def credential(self, name: str) -> CredentialView:
        found = next((each for each in self.all_credentials if each.kept.name == name), None)
        if found is None:
            raise UnknownCredential(name)
        return found

    async def ask(self, app: str, kind: Kind, deployment: int | None) -> DeploymentView:
        self.asked.append((app, kind, deployment))
        return view(self.all_deployments[131])

    async def cancel(self, deployment: int) -> None:
        await self.deployment(deployment)
        self.cancelled.append(deployment)

    async def sign_in(self, token: str) -> str | None:
        return self._session() if token == TOKEN else None

    async def sign_in_with_code(self, code: str) -> str | None:
        if code not in self.codes:
            return None
        self.codes.remove(code)
        return self._session()

    def _session(self) -> str:
        session = secrets.token_hex(16)
        self.sessions.add(session)
        return session

    async def session_is_valid(self, session: str) -> bool:
        return session in self.sessions

    async def sign_out(self, session: str) -> None:
        self.sessions.discard(session)


def log_of(d: Deployment, lines_per_step: int = 12) -> list[LogLine]:
    lines = []
    for record in d.steps:
        at = int(record.started_at.timestamp() * 1000)
        lines.append(LogLine(at, record.name, "say", f"{record.name} begins"))
        for n in range(1, lines_per_step):
            text = f"#{n} \x1b[32m[stage-1 {n}/{lines_per_step}]\x1b[0m RUN npm ci --no-audit <{n}> && echo done"
            lines.append(LogLine(at + n * 7, record.name, "err" if n % 5 == 0 else "out", text))
    if d.finding:
        lines.append(LogLine(lines[-1].at_ms + 3, d.steps[-1].name, "warn", d.finding.title))
    return lines


def example_site() -> ExampleSite:
    """shop failed and serves on, api is broken, worker works, blog lives with a warning, and so on."""
    all_deployments = [
        deployment(119, "shop", Status.LIVE, ago_s=9 * 86400, source=GIT),
        deployment(125, "shop", Status.CANCELLED, ago_s=86400, until="build"),
        deployment(127, "shop", Status.LIVE, ago_s=7400, source=GIT),
        deployment(128, "shop", Status.FAILED, until="prove", finding=EXPIRED, source=GIT),
        deployment(129, "api", Status.FAILED, ago_s=620, until="check", finding=EXITED),
        deployment(120, "worker", Status.LIVE, ago_s=4 * 86400),
        deployment(131, "worker", Status.RUNNING, ago_s=14, until="build"),
        deployment(132, "worker", Status.QUEUED, ago_s=3),
        deployment(
            130,
            "blog",
            Status.LIVE,
            ago_s=5000,
            warnings=(REFUSED,),
            source=ImageSource(parse_image("ghcr.io/acme/blog:4")),
        ),
        deployment(96, "vault", Status.STOPPED, ago_s=33 * 86400, kind=Kind.STOP, source=ReleaseSource(95)),
        deployment(133, "fresh", Status.QUEUED, ago_s=1),
        deployment(110, "docs", Status.LIVE, ago_s=20 * 86400, kind=Kind.ROLLBACK, source=ReleaseSource(101)),
    ]
    by_id = {d.id: d for d in all_deployments}
    shop, old = (
        release(127, "shop", deployment=127, ago_s=7400, source=GIT),
        release(119, "shop", deployment=119, ago_s=9 * 86400),
    )
    one = {
        name: release(n, name, deployment=n, ago_s=s)
        for name, n, s in [
            ("worker", 120, 4 * 86400),
            ("blog", 130, 5000),
            ("vault", 95, 50 * 86400),
            ("docs", 101, 60 * 86400),
        ]
    }
    apps = [
        app(
            "shop",
            AppState.ATTENTION,
            by_id[128],
            release=shop,
            releases=(shop, old),
            memory_mb=213.4,
            instances=(instance("shop", 127), instance("shop", 127, nth=2)),
            settings=settings(
                "DATABASE_URL", "NEXT_PUBLIC_NAME", "STRIPE_KEY", port=3000, domains=("shop.example.org",)
            ),
        ),
        app(
            "api",
            AppState.BROKEN,
            by_id[129],
            instances=(instance("api", 129, state="exited", exit_code=1, restarts=3),),
        ),
        app(
            "worker",
            AppState.WORKING,
            by_id[131],
            release=one["worker"],
            instances=(instance("worker", 120),),
            memory_mb=88,
        ),
        app("blog", AppState.LIVE, by_id[130], release=one["blog"], instances=(instance("blog", 130),), memory_mb=34.2),
        app("vault", AppState.STOPPED, by_id[96], release=one["vault"]),
        app("fresh", AppState.NEW, by_id[133]),
        app("docs", AppState.LIVE, by_id[110], release=one["docs"], instances=(instance("docs", 101),), memory_mb=7.4),
    ]
    return ExampleSite(apps, all_deployments, {d.id: log_of(d) for d in all_deployments if d.steps})
