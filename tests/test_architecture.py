"""The import rules of docs/architecture.md, read from the sources."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "seaway"
ROOMS = ("core", "packs", "builders", "registries", "engines", "notifiers", "doors", "deploy", "watch")
SURFACES = ("actions", "api", "web", "cli")

# Who may import whom, by room; a room may always import itself.
MAY_IMPORT = {
    "core": set(),
    "packs": {"core"},
    "builders": {"core"},
    "registries": {"core"},
    "engines": {"core"},
    "notifiers": {"core"},
    "doors": {"core"},
    "deploy": {"core"},
    "watch": {"core", "deploy"},
    "actions": {"core", "deploy", "watch"},
    "api": {"core", "actions"},
    "web": {"core", "actions"},
    "cli": {"core"},
}
# Commands that run alone, with no server, and the one that starts it: each reaches past the API on purpose.
ALONE = {
    "cli/doctor.py": {"doors", "registries", "plugins"},
    "cli/credentials_import.py": {"doors"},
    "cli/explain.py": set(),
    "cli/plan.py": {"packs", "builders", "doors"},
    "cli/serve.py": {"wiring", "settings"},
}
# The doctor and explain must start at once: these and all that they import are the standard library and core.
LIGHT = ("image", "login", "diagnosis", "verdict", "redaction", "credential")
HEAVY_LIBRARIES = {"fastapi", "sqlalchemy", "httpx2", "httpx", "uvicorn", "alembic", "jinja2", "pydantic", "structlog"}
BANNED_LIBRARIES = {"httpx", "requests", "docker", "aiodocker"}

MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    parts = (name.split(".") for name in imports_of(path) if name.startswith("seaway."))
    return {part[1] for part in parts} - {"__version__"}


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def test_every_room_is_known():
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders <= {*ROOMS, *SURFACES}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_one_way(path):
    room = relative(path).split("/")[0]
    if room not in MAY_IMPORT:
        return
    allowed = MAY_IMPORT[room] | {room} | ALONE.get(relative(path), set())
    assert rooms_imported(path) <= allowed


def test_only_wiring_builds_doors_and_nobody_imports_it():
    importers = {relative(path) for path in MODULES if "wiring" in rooms_imported(path)}
    assert importers == {"cli/serve.py"}


@pytest.mark.parametrize("path", [p for p in MODULES if relative(p).startswith("core/")], ids=relative)
def test_the_core_imports_only_the_standard_library(path):
    outside = {name.split(".")[0] for name in imports_of(path)} & (HEAVY_LIBRARIES | {"yaml", "click", "rich"})
    assert outside == set()
    assert not imports_of(path) & {"os", "subprocess", "socket", "time", "asyncio", "random"}


def test_what_the_doctor_decides_with_is_light():
    for name in LIGHT:
        path = SOURCE / "core" / f"{name}.py"
        assert not {module.split(".")[0] for module in imports_of(path)} & HEAVY_LIBRARIES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_library_is_used_that_we_decided_against(path):
    assert not {name.split(".")[0] for name in imports_of(path)} & BANNED_LIBRARIES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_shell_is_ever_started(path):
    text = path.read_text()
    assert "shell=True" not in text
    assert "create_subprocess_shell" not in text
    assert "os.system(" not in text


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_waits_with_what_may_swallow_a_cancellation(path):
    assert "asyncio.wait_for(" not in path.read_text(), "asyncio.timeout() does not, on Python 3.11 either"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert text.count("\n") <= 500, "split it, or say why it is a table"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 70, f"{node.name} is too long"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_says_what_it_owns(path):
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree), "a module opens with one sentence"
