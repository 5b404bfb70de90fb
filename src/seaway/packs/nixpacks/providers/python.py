"""Python: pip, poetry, pdm, uv or pipenv into one virtual environment."""

import re
from collections.abc import Mapping
from dataclasses import replace

from seaway.core.plan import ConfigBroken, Phase, Plan, Reader, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, install, phases
from seaway.packs.nixpacks.files import FileBroken, parse_toml
from seaway.packs.nixpacks.tables import version_parts

NEW_ARCHIVE = "bc8f8d1be58e8c8383e683a06e1e1e57893fff87"
OLD_ARCHIVE = "5148520bfab61f99fd25fb9ff7bfbb50dad3c9db"
DEFAULT = ("python3", NEW_ARCHIVE)
# Major and minor as written, to Nix package and archive.
VERSIONS = {
    ("3", "13"): ("python313", NEW_ARCHIVE),
    ("3", "12"): ("python312", NEW_ARCHIVE),
    ("3", "11"): ("python311", NEW_ARCHIVE),
    ("3", "10"): ("python310", NEW_ARCHIVE),
    ("3", "9"): ("python39", OLD_ARCHIVE),
    ("3", "8"): ("python38", OLD_ARCHIVE),
    ("3", "7"): ("python37", OLD_ARCHIVE),
    ("2", "7"): ("python27", OLD_ARCHIVE),
}
_VARIABLE = "PYTHON_VERSION"
_MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile")
_POSTGRES = re.compile(r"django.db.backends.postgresql")
_MYSQL = re.compile(r"django\.db\.backends\.mysql|django_psdb_engine")
_WSGI = re.compile(r"""WSGI_APPLICATION = ["|'](.*).application["|']""")
_PIPFILE_VERSION = re.compile(r"""(python_version|python_full_version) = ['|"]([0-9|.]*)""")

_VENV = "python -m venv --copies /opt/venv && . /opt/venv/bin/activate && "
_COMMANDS = {
    "requirements": "pip install -r requirements.txt",
    "setuptools": "pip install --upgrade build setuptools && pip install .",
    "poetry": "pip install poetry==$NIXPACKS_POETRY_VERSION && poetry install --no-dev --no-interaction --no-ansi",
    "pdm": "pip install pdm==$NIXPACKS_PDM_VERSION && pdm install --prod",
    "uv": "pip install uv==$NIXPACKS_UV_VERSION && uv sync --no-dev --frozen",
    "pipenv": "PIPENV_VENV_IN_PROJECT=1 pipenv install --skip-lock",
    "pipenv with a lock": "PIPENV_VENV_IN_PROJECT=1 pipenv install --deploy",
}
# What made us choose a manager, for people.
_SOURCES = {
    "requirements": "requirements.txt by pip",
    "setuptools": "pyproject.toml by pip",
    "poetry": "pyproject.toml by poetry, because of poetry.lock",
    "pdm": "pyproject.toml by pdm, because of pdm.lock",
    "uv": "pyproject.toml by uv, because of uv.lock",
    "pipenv": "the Pipfile by pipenv",
}
_CACHES = {"uv": ("/root/.cache/uv",), "pdm": ("/root/.cache/pip", "/root/.cache/pdm")}
_PDM_VERSION, _POETRY_VERSION, _UV_VERSION = "2.13.3", "1.3.1", "0.4.30"
_VARIABLES = {
    "PYTHONFAULTHANDLER": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONHASHSEED": "random",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_DEFAULT_TIMEOUT": "100",
}


class Python:
    name = "python"
    order = 180

    def detects(self, ctx: Context) -> bool:
        return ctx.first_having("main.py", *_MANIFESTS) is not None

    def plan(self, ctx: Context) -> Draft:
        postgres = _is_used(ctx, "psycopg") or ctx.search("**/*.py", _POSTGRES) is not None
        package, archive, note = _version(ctx)
        start = _start(ctx)
        plan = Plan(
            phases=phases(setup=_setup(ctx, package, archive, postgres=postgres), install=_install(ctx)),
            variables=_variables(ctx),
            start=None if start is None else Start(cmd=start),
        )
        tags = (
            ("django", _is_django(ctx)),
            ("postgres", postgres),
            ("poetry", ctx.has("poetry.lock")),
            ("pdm", ctx.has("pdm.lock")),
        )
        return Draft(plan, tags=tuple(tag for tag, holds in tags if holds), notes=(note, _manager_note(ctx)))


provider = Python()


def _is_used(ctx: Context, word: str) -> bool:
    return any(word in (ctx.text(path) or "").lower() for path in _MANIFESTS)


def _is_django(ctx: Context) -> bool:
    return ctx.has("manage.py") and _is_used(ctx, "django")


def _setup(ctx: Context, package: str, archive: str, *, postgres: bool) -> Phase:
    mysql = _is_django(ctx) and ctx.search("**/*.py", _MYSQL) is not None
    pkgs = (
        (package, True),
        ("postgresql_16.dev", postgres),
        ("libmysqlclient.dev", mysql),
        ("pipenv", ctx.has("Pipfile")),
        ("ffmpeg-headless", _is_used(ctx, "pydub")),
        ("poppler_utils", _is_used(ctx, "pdf2image")),
        ("gcc", True),
    )
    libs = (("cairo", _is_used(ctx, "cairo")), ("zlib", True), ("stdenv.cc.cc.lib", True))
    return Phase(
        nix_pkgs=tuple(name for name, wanted in pkgs if wanted),
        nix_libs=tuple(name for name, wanted in libs if wanted),
        nix_overlays=(),
        nixpkgs_archive=archive,
    )


# The version


def _version(ctx: Context) -> tuple[str, str, str]:
    """Nix package, archive, and a sentence on why."""
    source, asked = _asked(ctx)
    parts = version_parts(asked.strip()) if asked is not None else None
    package, archive = VERSIONS.get(parts, DEFAULT) if parts else DEFAULT
    known = ", ".join(".".join(version) for version in VERSIONS)
    if asked is None:
        note = "Python 3 in its default version: nothing in the app asks for another."
    elif parts in VERSIONS:
        note = f"Python {'.'.join(parts or ())}: {source} asks for {asked.strip()!r}."
    else:
        note = (
            f"Python 3 in its default version is used although {source} asks for {asked.strip()!r}: "
            f"there are packages for {known} only."
        )
    beaten = ctx.variable(_VARIABLE) is not None and source != f"NIXPACKS_{_VARIABLE}"
    return package, archive, note + (f" {source} beats NIXPACKS_{_VARIABLE}." if beaten else "")


def _asked(ctx: Context) -> tuple[str, str | None]:
    """Where a version is asked for, and what; runtime.txt and the two files after it beat the variable."""
    variable = ctx.variable(_VARIABLE)
    if variable is None:
        text = ctx.text(".python-version")
        if text is not None:
            return ".python-version", text
    text = ctx.text("runtime.txt")
    if text is not None:
        return "runtime.txt", text
    text = ctx.text("Pipfile")
    if text is not None:
        match = _PIPFILE_VERSION.search(text)
        return "Pipfile", match[2] if match else None
    if ctx.has(".tool-versions"):
        return ".tool-versions", _tool_python(ctx)
    return f"NIXPACKS_{_VARIABLE}", variable


def _tool_versions(ctx: Context) -> Mapping[str, str]:
    """Tool to version, as asdf and mise write them."""
    lines = (line.strip() for line in (ctx.text(".tool-versions") or "").splitlines())
    pairs = (line.split(maxsplit=1) for line in lines if not line.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def _tool_python(ctx: Context) -> str | None:
    value = _tool_versions(ctx).get("python")
    if value is None:
        return None
    parts = value.split(".")
    if len(parts) < 2:
        raise CannotPlan(
            f".tool-versions asks for Python {value}, without a minor version.",
            remedy="Write major and minor, such as 3.12.",
        )
    return ".".join(parts[:2])


# Installing


def _install(ctx: Context) -> Phase:
    manager = _manager(ctx)
    if manager is None:
        return install()
    key = "pipenv with a lock" if manager == "pipenv" and ctx.has("Pipfile.lock") else manager
    phase = install(
        _VENV + _COMMANDS[key],
        cache=_CACHES.get(manager, ("/root/.cache/pip",)),
        files=["pyproject.toml"] if manager == "setuptools" else (),
    )
    return replace(phase, paths=("/opt/venv/bin",))


def _manager(ctx: Context) -> str | None:
    """A key of _COMMANDS, None if nothing is installed."""
    wish = (ctx.variable("PYTHON_PACKAGE_MANAGER") or "auto").lower()
    if wish == "skip":
        return None
    return wish if wish in ("requirements", "setuptools", "poetry", "pdm", "uv", "pipenv") else _detected_manager(ctx)


def _detected_manager(ctx: Context) -> str | None:
    if ctx.has("requirements.txt"):
        return "requirements"
    if ctx.has("pyproject.toml"):
        locks = (name for name in ("poetry", "pdm", "uv") if ctx.has(f"{name}.lock"))
        return next(locks, "setuptools")
    return "pipenv" if ctx.has("Pipfile") else None


def _manager_note(ctx: Context) -> str:
    manager, wish = _manager(ctx), ctx.variable("PYTHON_PACKAGE_MANAGER")
    if manager is None:
        return "Nothing is installed: there is no requirements.txt, pyproject.toml or Pipfile, or it is to be skipped."
    if wish is not None and wish.lower() == manager:
        return f"Packages are installed by {manager}: NIXPACKS_PYTHON_PACKAGE_MANAGER asks for it."
    refused = "" if wish in (None, "auto") else f" NIXPACKS_PYTHON_PACKAGE_MANAGER={wish} is not known."
    return f"Packages are installed from {_SOURCES[manager]}.{refused}"


def _variables(ctx: Context) -> Mapping[str, str]:
    variables = dict(_VARIABLES)
    if ctx.has("poetry.lock"):
        variables["NIXPACKS_POETRY_VERSION"] = _tool_versions(ctx).get("poetry", _POETRY_VERSION)
    if ctx.has("pdm.lock"):
        variables["NIXPACKS_PDM_VERSION"] = _PDM_VERSION
    if ctx.has("uv.lock"):
        variables["NIXPACKS_UV_VERSION"] = _tool_versions(ctx).get("uv", _UV_VERSION)
        variables["UV_PROJECT_ENVIRONMENT"] = "/opt/venv"
    return variables


# Starting


def _start(ctx: Context) -> str | None:
    if _is_django(ctx):
        match = ctx.search("**/*.py", _WSGI)
        if not match:
            raise CannotPlan(
                "This Django app has no WSGI_APPLICATION setting, so nothing says what to serve.",
                remedy='Add WSGI_APPLICATION = "<package>.wsgi.application" to the settings.',
            )
        return f"python manage.py migrate && gunicorn {match[1]}"
    if ctx.has("main.py"):
        return "python main.py"
    module = _module(ctx)
    return None if module is None else f"python -m {module}"


def _module(ctx: Context) -> str | None:
    """What pyproject.toml says the app's module is; None if it cannot be told."""
    path = "pyproject.toml"
    text = ctx.text_or_none(path)
    if text is None:
        return None
    read = Reader(path, text, FileBroken)
    try:
        project = read.optional_table(parse_toml(text, path), "project", ()) or {}
        name = read.text_at(project, "name", ("project",))
        packages = read.texts(project, "packages", ("project",)) or ()
        modules = read.texts(project, "py_modules", ("project",)) or ()
        read.optional_table(project, "entry_points", ("project",))
    except ConfigBroken:
        return None
    return next(iter((*packages, *modules)), name)
