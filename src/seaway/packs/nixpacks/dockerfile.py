"""The Dockerfile of a pinned plan for the builder `nix`, and the files that belong beside it.

Variables are declared but their values are not in the file: they come in as build arguments. With `apart`, the files
beside it come from the named build context FILES_CONTEXT; with `reads_env`, commands see the app's variables, which
are a BuildKit secret. Without both it is the Dockerfile as Nixpacks writes it, line by line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from seaway.core.errors import Invalid
from seaway.core.plan import UBUNTU_ARCHIVE, UBUNTU_IMAGE, Phase, Plan, Start
from seaway.core.recipe import ENV_SECRET

FOLDER = ".nixpacks"
FILES_CONTEXT = "seaway"
ENV_DIGEST = "SEAWAY_ENV_DIGEST"
"""Build argument that changes whenever a variable of the app does, so that commands are run again then."""
_ENTRYPOINT = ('ENTRYPOINT ["/bin/bash", "-l", "-c"]', "WORKDIR /app/")


class CircularPhases(Invalid):
    """Phases wait for each other."""

    code = "plan.circular_phases"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"The phases {', '.join(names)} wait for each other, or one of them names a dependency twice.",
            remedy="Correct dependsOn in the app's configuration.",
        )


@dataclass(frozen=True)
class BuildFiles:
    """`dockerfile` is the text; `files` maps paths relative to the build's folder to texts."""

    dockerfile: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class NixEnvironment:
    """What is installed from one archive of nixpkgs (a commit): Nix expressions, libraries sorted, overlays as met."""

    archive: str
    pkgs: tuple[str, ...]
    libs: tuple[str, ...]
    overlays: tuple[str, ...]

    @property
    def file(self) -> str:
        return f"nixpkgs-{self.archive}.nix"

    @property
    def openssl(self) -> str | None:
        """The library whose folders OPENSSL_DIR and OPENSSL_LIB_DIR name."""
        return next((name for name in self.libs if "openssl" in name), None)


def build_files(
    plan: Plan, *, cache_key: str | None = None, apart: bool = False, reads_env: bool = False
) -> BuildFiles:
    """Everything that a build of the plan needs besides the app. Raises CircularPhases."""
    nix = {f"{FOLDER}/{each.file}": nix_file(each) for each in nix_environments(plan)}
    assets = {f"{FOLDER}/assets/{name}": text for name, text in (plan.static_assets or {}).items()}
    text = dockerfile(plan, cache_key=cache_key, apart=apart, reads_env=reads_env)
    return BuildFiles(text, nix | assets)


def dockerfile(plan: Plan, *, cache_key: str | None = None, apart: bool = False, reads_env: bool = False) -> str:
    """The Dockerfile; without a cache key nothing is kept between builds. Raises CircularPhases."""
    ordered = _ordered(plan.phases or {})
    head = (f"FROM {plan.build_image or UBUNTU_IMAGE}", *_ENTRYPOINT)
    phases = ([*_phase(name, phase, cache_key, reads_env=reads_env)] for name, phase in ordered)
    copy = f"COPY --from={FILES_CONTEXT}" if apart else "COPY"
    blocks = (
        head,
        _nix(plan, copy),
        _apt(plan),
        (f"{copy} {FOLDER}/assets /assets/",) if plan.static_assets else (),
        _variables(plan.variables or {}),
        (f"ARG {ENV_DIGEST}",) if reads_env else (),
        *phases,
        _profile(ordered),
        _start(plan.start or Start()),
    )
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := tuple(block))) + "\n"


def nix_environments(plan: Plan) -> tuple[NixEnvironment, ...]:
    """One per archive, sorted by it."""
    groups: dict[str, list[Phase]] = {}
    for phase in _nix_phases(plan):
        groups.setdefault(_archive(phase), []).append(phase)
    return tuple(
        NixEnvironment(
            archive,
            pkgs=tuple(sorted(name for phase in phases for name in phase.nix_pkgs or ())),
            libs=tuple(sorted(name for phase in phases for name in phase.nix_libs or ())),
            overlays=tuple(name for phase in phases for name in phase.nix_overlays or ()),
        )
        for archive, phases in sorted(groups.items())
    )


def _nix_phases(plan: Plan) -> list[Phase]:
    """Phases that install something with Nix, by name."""
    return [phase for _name, phase in sorted((plan.phases or {}).items()) if phase.nix_pkgs or phase.nix_libs]


def _archive(phase: Phase) -> str:
    return phase.nixpkgs_archive or UBUNTU_ARCHIVE


def _nix(plan: Plan, copy: str) -> Iterator[str]:
    for phase in sorted(_nix_phases(plan), key=_archive):
        yield from _copies(phase.only_include_files or ())
    for each in nix_environments(plan):
        path = f"{FOLDER}/{each.file}"
        yield f"{copy} {path} {path}"
        yield f"RUN nix-env -if {path} && nix-collect-garbage -d"


def _apt(plan: Plan) -> Iterator[str]:
    pkgs = [name for _name, phase in sorted((plan.phases or {}).items()) for name in phase.apt_pkgs or ()]
    if pkgs:
        yield f"RUN sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(pkgs)}"


def _variables(variables: Mapping[str, str]) -> Iterator[str]:
    if variables:
        names = sorted(variables)
        yield f"ARG {' '.join(names)}"
        yield f"ENV {' '.join(f'{name}=${name}' for name in names)}"


def _ordered(phases: Mapping[str, Phase]) -> list[tuple[str, Phase]]:
    """Level by level: all phases whose dependencies are done, by name, then the next level."""
    waiting = {
        name: [other for other in phase.depends_on or () if other in phases] for name, phase in sorted(phases.items())
    }
    if any(len(set(others)) != len(others) for others in waiting.values()):
        raise CircularPhases([name for name, others in waiting.items() if len(set(others)) != len(others)])
    done: list[str] = []
    while waiting:
        level = [name for name, others in waiting.items() if all(other in done for other in others)]
        if not level:
            raise CircularPhases(list(waiting))
        done += level
        waiting = {name: others for name, others in waiting.items() if name not in level}
    return [(name, phases[name]) for name in done]


def _phase(name: str, phase: Phase, cache_key: str | None, *, reads_env: bool) -> Iterator[str]:
    yield f"# {name} phase"
    if not phase.cmds and not phase.paths:
        yield "# noop"
        return
    if phase.paths:
        yield f"ENV NIXPACKS_PATH={':'.join(phase.paths)}:$NIXPACKS_PATH"
    yield from ("COPY . /app/.",) if phase.only_include_files is None else _copies(phase.only_include_files)
    mounts = _mounts(phase.cache_directories or (), cache_key)
    if reads_env:
        mounts = f"--mount=type=secret,id={ENV_SECRET} {mounts}".rstrip()
        yield from (f"RUN {mounts} . /run/secrets/{ENV_SECRET}; {command}" for command in phase.cmds or ())
        return
    yield from (f"RUN {mounts} {command}" for command in phase.cmds or ())


def _copies(files: Sequence[str]) -> Iterator[str]:
    return (f"COPY {file} {_in_app(file)}" for file in files)


def _in_app(file: str) -> str:
    return file if file.startswith("/") else f"/app/{file.removeprefix('./')}"


def _mounts(folders: Sequence[str], cache_key: str | None) -> str:
    if cache_key is None:
        return ""
    return " ".join(_mount(folder.replace("~", "/root"), cache_key) for folder in folders)


def _mount(folder: str, cache_key: str) -> str:
    name = f"{cache_key}-{folder}".replace(".", "").replace(" ", "-")
    target = folder if folder.startswith("/") else f"/app/{folder}"
    return f"--mount=type=cache,id={name},target={target}"


def _profile(ordered: Sequence[tuple[str, Phase]]) -> Iterator[str]:
    for _name, phase in ordered:
        if phase.paths:
            yield rf"RUN printf '\nPATH={':'.join(phase.paths)}:$PATH' >> /root/.profile"


def _start(start: Start) -> Iterator[str]:
    yield "# start"
    if start.run_image is None:
        yield "COPY . /app"
    else:
        yield f"FROM {start.run_image}"
        yield from _ENTRYPOINT
        yield "COPY --from=0 /etc/ssl/certs /etc/ssl/certs"
        yield "RUN true"
        paths = ["/app/"] if start.only_include_files is None else map(_in_app, start.only_include_files)
        yield from (f"COPY --from=0 {path} {path}" for path in paths)
    if start.user is not None:
        yield f"RUN useradd -m -s /bin/bash {start.user}"
        yield f"USER {start.user}"
    if start.cmd is not None:
        quoted = start.cmd.replace('"', r"\"")
        yield f'CMD ["{quoted}"]'


_NIX_FILE = """\
# Written by Seaway: one environment of the packages that the plan names.
let
  pkgs = import (fetchTarball "https://github.com/NixOS/nixpkgs/archive/@archive@.tar.gz") {
    overlays = [@overlays@ ];
  };
in
with pkgs;
buildEnv {
  name = "seaway-@archive@";
  paths = [
    (writeTextFile {
      name = "seaway-@archive@-profile";
      destination = "/etc/profile.d/seaway-@archive@.sh";
      text = ''
@exports@      '';
    })
    @pkgs@
  ];
}
"""


def nix_file(environment: NixEnvironment) -> str:
    """The Nix expression that `nix-env -if` installs."""
    values = {
        "archive": environment.archive,
        "overlays": "".join(f'\n      (import (fetchTarball "{address}"))' for address in environment.overlays),
        "exports": "".join(f"        {line}\n" for line in _exports(environment)),
        "pkgs": " ".join(environment.pkgs),
    }
    return re.sub(r"@([a-z]+)@", lambda match: values[match[1]], _NIX_FILE)


def _exports(environment: NixEnvironment) -> Iterator[str]:
    if environment.libs:
        libs = f"${{lib.makeLibraryPath [ {' '.join(environment.libs)} ]}}"
        yield f"export LD_LIBRARY_PATH=\"{libs}''${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\""
    if environment.openssl:
        yield f'export OPENSSL_DIR="${{{environment.openssl}.dev}}"'
        yield f'export OPENSSL_LIB_DIR="${{{environment.openssl}.out}}/lib"'
