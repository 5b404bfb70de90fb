"""What serves a Python app whose plan names no start command, or one that starts no server for all to reach.

1. A start command of the app's own (Procfile, nixpacks.toml, Django) stays as it is.
2. `python main.py` stays unless main.py holds a web application and nobody in it lets it listen for everybody.
3. A server is only named if the app has it installed; Flask brings one along.
4. Static files of Django that whitenoise serves are collected when the image is built.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from seaway.core.plan import Phase, Plan, Start
from seaway.core.tree import Tree

_PLANNED = "python main.py"
_FILES = (
    "main.py", "app.py", "wsgi.py", "asgi.py", "application.py", "server.py", "run.py", "index.py",
    "app/main.py", "app/app.py", "app/server.py", "src/main.py", "src/app.py", "api/main.py", "api/app.py",
    "api/index.py", "server/main.py", "backend/main.py", "app/__init__.py", "src/app/main.py",
)  # fmt: skip
_MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock")
_ASGI = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:FastAPI|Starlette|Litestar|Quart)\(", re.MULTILINE)
_WSGI = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:Flask|Bottle)\(", re.MULTILINE)
_FACTORY = re.compile(r"^def (create_app|make_app)\(", re.MULTILINE)
_IMPORTED = re.compile(r"^from [\w.]+ import (?:[\w, ]+, *)?(app|application)\b", re.MULTILINE)
_RUNS = re.compile(r"\brun(?:_simple)?\(|\bserve\(|\bServer\(|\bHypercornConfig\b|run_app\(|\blaunch\(")
_FOR_ALL = re.compile(r"""["'](?:0\.0\.0\.0|::)["']|\bhost\s*=""")
# Settings may want variables or a database that a build does not have.
_COLLECT = "python manage.py collectstatic --noinput || echo 'Static files were not collected.'"
_ANY = "0.0.0.0"  # noqa: S104 - a container has its own network


@dataclass(frozen=True)
class Application:
    """A web application: the file that holds it, and what it is called there."""

    file: str
    name: str
    kind: Literal["asgi", "wsgi"]

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def completed(plan: Plan, tree: Tree) -> tuple[Plan, str]:
    """The plan with what serves the app, and a note; the plan itself and "" where nothing is to be added."""
    if _collects(plan, tree):
        phases = {**(plan.phases or {}), "build": Phase(depends_on=("install",), cmds=(_COLLECT,))}
        return replace(plan, phases=phases), "whitenoise serves the static files of Django: they are collected."
    given = ((plan.start.cmd if plan.start else None) or "").strip()
    if given and not (given == _PLANNED and tree.has("main.py") and _is_silent(tree.read("main.py"))):
        return plan, ""
    installed = "\n".join(tree.read(name) for name in _MANIFESTS if tree.has(name)).lower()
    command = _streamlit(tree, installed) or _server(tree, installed) or ("" if given else _script(tree))
    if not command or command == given:
        return plan, ""
    why = "main.py starts no server that all can reach" if given else "nothing says how to start it"
    return replace(plan, start=replace(plan.start or Start(), cmd=command)), f"{why}: it is started with `{command}`."


def _collects(plan: Plan, tree: Tree) -> bool:
    """Whether the app serves static files that somebody has to collect first, and nothing in the plan does."""
    phases = (plan.phases or {}).values()
    commands = [*(command for phase in phases for command in phase.cmds or ()), (plan.start and plan.start.cmd) or ""]
    if not tree.has("manage.py") or "build" in (plan.phases or {}) or any("collectstatic" in c for c in commands):
        return False
    return any(
        "whitenoise" in (text := tree.read(name)) and "STATIC_ROOT" in text for name in tree.find("*/settings*.py")
    )


def _is_silent(main: str) -> bool:
    """Whether main.py, run as a program, would not listen where others can reach it."""
    if not (_ASGI.search(main) or _WSGI.search(main)):
        return False
    return not _RUNS.search(main) or not _FOR_ALL.search(main)


def _server(tree: Tree, installed: str) -> str:
    found = application_of(tree)
    if found is None:
        return ""
    has_gunicorn = re.search(r"\bgunicorn\b", installed) is not None
    has_uvicorn = re.search(r"\buvicorn\b|\bfastapi\[(?:standard|all)\]|\bfastapi-cli\b", installed) is not None
    if found.kind == "asgi":
        target = f"{found.module}:{found.name}"
        if has_uvicorn:
            return f"uvicorn {target} --host {_ANY} --port $PORT"
        return f"hypercorn --bind {_ANY}:$PORT {target}" if re.search(r"\bhypercorn\b", installed) else ""
    if has_gunicorn:
        return f"gunicorn --bind {_ANY}:$PORT '{found.module}:{found.name}'"
    if re.search(r"\bwaitress\b", installed):
        factory = "--call " if found.name.endswith("()") else ""
        return f"waitress-serve --host {_ANY} --port $PORT {factory}{found.module}:{found.name.removesuffix('()')}"
    return f"flask --app {found.module} run --host {_ANY} --port $PORT" if re.search(r"\bflask\b", installed) else ""


def application_of(tree: Tree) -> Application | None:
    """The first file, of those that usually hold it, with a web application in it."""
    for file in filter(tree.has, _FILES):
        text = tree.read(file)
        for pattern, kind in _KINDS:
            match = pattern.search(text)
            if match:
                return Application(file, match[1], kind)
        factory = _FACTORY.search(text)
        if factory and "Flask(" in text:
            return Application(file, f"{factory[1]}()", "wsgi")
        imported = _IMPORTED.search(text)
        if imported and file in ("wsgi.py", "asgi.py"):
            return Application(file, imported[1], "asgi" if file == "asgi.py" else "wsgi")
    return None


_KINDS: tuple[tuple[re.Pattern[str], Literal["asgi", "wsgi"]], ...] = ((_ASGI, "asgi"), (_WSGI, "wsgi"))


def _streamlit(tree: Tree, installed: str) -> str:
    if not re.search(r"\bstreamlit\b", installed):
        return ""
    files = ("streamlit_app.py", "app.py", "main.py", "Home.py", "home.py")
    file = next((name for name in files if tree.has(name) and "streamlit" in tree.read(name)), None)
    return f"streamlit run {file} --server.address {_ANY} --server.port $PORT --server.headless true" if file else ""


def _script(tree: Tree) -> str:
    """A file that is written to be run."""
    files = [name for name in _FILES if "/" not in name and tree.has(name)]
    texts = {name: tree.read(name) for name in files}
    return next((f"python {name}" for name, text in texts.items() if "__main__" in text or _RUNS.search(text)), "")
