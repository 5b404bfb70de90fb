"""An app that brings its own Dockerfile: which images it starts from, and which port it says it listens on.

1. Only what the last stage needs counts, as BuildKit builds only that.
2. Images are found in FROM, COPY --from, ADD --from and RUN --mount=from; stages' own names and `scratch` are none.
3. `# syntax=docker/dockerfile:...` would be fetched from a registry at each build. BuildKit reads that syntax by
   itself, so the line is taken out; any other syntax image is proved like a base.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seaway.core.errors import Invalid
from seaway.core.image import ImageRef, parse_image
from seaway.core.ports import Planned, PlanRequest
from seaway.core.recipe import ENV_SECRET, Recipe
from seaway.core.tree import Tree

FILE = "Dockerfile"
# Contexts that are no images: Seaway's own, for files beside the app's.
_OWN_CONTEXTS = frozenset({"seaway"})
_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)\s*\Z", re.IGNORECASE)
_STANDARD_SYNTAX = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::1(?:\.\d+)*)?\Z")
_HERE_DOCUMENT = re.compile(r"<<-?\s*([\"']?)([A-Za-z_]\w*)\1")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})")


class BrokenDockerfile(Invalid):
    code = "dockerfile.broken"

    def __init__(self, line: int, why: str, remedy: str) -> None:
        super().__init__(f"{FILE}, line {line}: {why}.", remedy=remedy)
        self.line = line


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continuation lines joined; `line` is where it begins, from 1."""

    line: int
    name: str
    rest: str


@dataclass(frozen=True)
class Stage:
    """What a stage is built from: `parent` and `others` name earlier stages or images."""

    parent: str
    name: str | None
    line: int
    others: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Parsed:
    text: str
    stages: tuple[Stage, ...]
    syntax: str | None = None
    arguments: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass
class _Building:
    """A stage while it is read; `values` are its ARG and ENV so far."""

    parent: str
    name: str | None
    line: int
    others: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


class DockerfilePack:
    name = "dockerfile"
    order = 10

    def detects(self, tree: Tree) -> bool:
        return tree.has(FILE)

    def recipe(self, tree: Tree, wanted: PlanRequest) -> Planned:
        parsed = parse(tree.read(FILE))
        needed = needed_stages(parsed.stages)
        bases = dict.fromkeys(image for stage in needed for image in _images(stage, parsed.stages))
        syntax = (_reference(parsed.syntax, 1),) if parsed.syntax else ()
        notes = (*parsed.notes, *_argument_notes(parsed.arguments, wanted.env))
        recipe = Recipe(
            dockerfile=parsed.text,
            bases=(*syntax, *bases),
            dockerfile_path=FILE,
            wants_env=f"id={ENV_SECRET}" in parsed.text,
            port=_port(parsed.stages),
            notes=notes,
        )
        return Planned(self.name, recipe, notes=notes)


def parse(text: str) -> Parsed:
    """Raises BrokenDockerfile, with the line."""
    text, syntax, notes = _without_standard_syntax(text)
    escape = next((value for name, value in _directives(text) if name == "escape"), "\\")
    global_values: dict[str, str] = {}
    declared: set[str] = set()
    stages: list[_Building] = []
    for instruction in instructions(text, escape):
        match instruction.name:
            case "ARG":
                declared |= set(_assignments(instruction.rest))
                _set(stages[-1].values if stages else global_values, instruction.rest, global_values)
            case "FROM":
                stages.append(_begun(instruction, global_values))
            case _ if not stages:
                raise BrokenDockerfile(
                    instruction.line, f"{instruction.name} comes before any FROM", "Begin the file with FROM."
                )
            case _:
                _read_into(stages[-1], instruction)
    if not stages:
        raise BrokenDockerfile(1, "there is no FROM", "A Dockerfile needs at least one FROM.")
    finished = tuple(Stage(s.parent, s.name, s.line, tuple(s.others), tuple(s.ports)) for s in stages)
    return Parsed(text, finished, syntax, frozenset(declared), notes)


def instructions(text: str, escape: str = "\\") -> Iterator[Instruction]:
    """Comments and here-documents are passed over."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        whole = line.strip()
        while whole.endswith(escape):
            whole = whole[: -len(escape)].rstrip()
            following = next(((n, t) for n, t in lines if t.strip() and not t.lstrip().startswith("#")), None)
            if following is None:
                break
            whole = f"{whole} {following[1].strip()}"
        name, _, rest = whole.partition(" ")
        if name.upper() in {"RUN", "COPY", "ADD"}:
            for _, end in _HERE_DOCUMENT.findall(rest):
                next((n for n, t in lines if t.strip() == end), None)
        yield Instruction(number, name.upper(), rest.strip())


def needed_stages(stages: Sequence[Stage]) -> list[Stage]:
    """The last stage and all stages that it is built from, in the file's order."""
    waiting, needed = [len(stages) - 1], set[int]()
    while waiting:
        index = waiting.pop()
        needed.add(index)
        found = [_stage_index(name, stages[:index]) for name in (stages[index].parent, *stages[index].others)]
        waiting += [other for other in found if other is not None and other not in needed]
    return [stages[index] for index in sorted(needed)]


def _images(stage: Stage, stages: Sequence[Stage]) -> Iterator[ImageRef]:
    before = stages[: stages.index(stage)]
    for name in (stage.parent, *stage.others):
        if name.lower() != "scratch" and name not in _OWN_CONTEXTS and _stage_index(name, before) is None:
            yield _reference(name, stage.line)


def _stage_index(name: str, stages: Sequence[Stage]) -> int | None:
    """The last stage of this name, or of this number. Names are compared without regard to case."""
    if name.isdigit():
        return int(name) if int(name) < len(stages) else None
    return next((i for i in reversed(range(len(stages))) if (stages[i].name or "").lower() == name.lower()), None)


def _reference(name: str, line: int) -> ImageRef:
    try:
        return parse_image(name)
    except Invalid as error:
        raise BrokenDockerfile(line, error.what.rstrip("."), error.remedy) from error


def _port(stages: Sequence[Stage]) -> int | None:
    """The first port of the last stage, or of the stage that it goes on from."""
    index: int | None = len(stages) - 1
    while index is not None:
        if stages[index].ports:
            return stages[index].ports[0]
        index = _stage_index(stages[index].parent, stages[:index])
    return None


def _begun(instruction: Instruction, values: Mapping[str, str]) -> _Building:
    words = [word for word in instruction.rest.split() if not word.startswith("--")]
    if len(words) not in {1, 3} or (len(words) == 3 and words[1].lower() != "as"):
        raise BrokenDockerfile(instruction.line, f"FROM {instruction.rest} cannot be read", "Write FROM image AS name.")
    image = substituted(words[0], values)
    if not image or "$" in image:
        raise BrokenDockerfile(
            instruction.line,
            f"the image of FROM {words[0]} has no value",
            "Give its ARG a default before the first FROM, for example ARG VERSION=22.",
        )
    return _Building(image, words[2] if len(words) == 3 else None, instruction.line)


def _read_into(stage: _Building, instruction: Instruction) -> None:
    match instruction.name:
        case "ENV":
            _set(stage.values, instruction.rest, stage.values)
        case "EXPOSE":
            for word in substituted(instruction.rest, stage.values).split():
                port, _, protocol = word.partition("/")
                if port.isdigit() and protocol.lower() in {"", "tcp"}:
                    stage.ports.append(int(port))
        case "COPY" | "ADD" | "RUN":
            for option in re.findall(r"(?:^|\s)--(?:from=(\S+)|mount=(\S+))", instruction.rest):
                source = option[0] or next((p[5:] for p in option[1].split(",") if p.startswith("from=")), "")
                if source := substituted(source.strip("\"'"), stage.values):
                    stage.others.append(source)


def substituted(text: str, values: Mapping[str, str]) -> str:
    """$X, ${X}, ${X:-default} and ${X:+other}; a name without a value stays as it is written."""

    def value(match: re.Match[str]) -> str:
        name, operator, other = match[1] or match[2], match[3] or "", match[4] or ""
        if operator.endswith("+"):
            return other if values.get(name) else ""
        if operator.endswith("-"):
            return values.get(name) or substituted(other, values)
        return values.get(name, match[0])

    return _VARIABLE.sub(value, text)


def _set(values: dict[str, str], rest: str, known: Mapping[str, str]) -> None:
    for name, value in _assignments(rest).items():
        text = known.get(name) if value is None else substituted(value, {**known, **values})
        if text is not None:
            values[name] = text


def _assignments(rest: str) -> dict[str, str | None]:
    """Of ARG and ENV: `A=1 B="2"`, `A`, and ENV's old form `A value`."""
    old = re.fullmatch(r"(\w+)\s+([^=]+)", rest)
    if old:
        return {old[1]: old[2].strip()}
    pairs = re.findall(r"(\w+)(?:=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*))?(?:\s+|$)", rest)
    return {name: value.strip("\"'") if f"{name}=" in rest else None for name, value in pairs}


def _directives(text: str) -> Iterator[tuple[str, str]]:
    """Parser directives: comments of a certain form, at the very top only."""
    for line in text.splitlines():
        match = _DIRECTIVE.match(line.strip())
        if not match:
            return
        yield match[1].lower(), match[2]


def _without_standard_syntax(text: str) -> tuple[str, str | None, tuple[str, ...]]:
    syntax = next((value for name, value in _directives(text) if name == "syntax"), None)
    if syntax is None or not _STANDARD_SYNTAX.match(syntax):
        return text, syntax, ()
    lines = text.splitlines(keepends=True)
    count = len(list(_directives(text)))
    others = [line for line in lines[:count] if not re.match(r"#\s*syntax\s*=", line.strip(), re.IGNORECASE)]
    # An empty comment keeps the numbers of the lines behind the directives.
    kept = [*others, *["#\n"] * (count - len(others)), *lines[count:]]
    return "".join(kept), None, (f"BuildKit reads {syntax} by itself: that image is not fetched.",)


def _argument_notes(declared: frozenset[str], env: Mapping[str, str]) -> tuple[str, ...]:
    names = ", ".join(sorted(declared & set(env)))
    if not names:
        return ()
    return (
        f"ARG {names}: the app's variables are not given as build arguments, which anyone can read in the image. "
        f"Mount them: RUN --mount=type=secret,id={ENV_SECRET} . /run/secrets/{ENV_SECRET} && ...",
    )


plugin = DockerfilePack()
