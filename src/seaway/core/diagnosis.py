"""From the text of a tool to the cause of its failure.

A log is reduced to the lines that matter (excerpt.py), lines and hearsay to facts (signs.py, words.py, facts.py), facts
to points for causes (rules.py). What comes close to the best cause is named beside it: an honest pair is better than a
wrong certainty.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seaway.core.causes import CAUSES
from seaway.core.excerpt import Excerpt
from seaway.core.facts import GENERIC, OPENERS, SPECIFIC, Facts, read_facts
from seaway.core.finding import Finding
from seaway.core.image import DOCKER_HUB
from seaway.core.redaction import redact
from seaway.core.rules import RARITY, RULES

_LEAST_POINTS = 25
# How far behind the best a cause may be and still be an answer that the text allows.
_CLOSE = 16
_WORTH_SHOWING = 0.6
_MOST_FINDINGS = 4
_MOST_EVIDENCE = 6
_LONGEST_EVIDENCE = 500
_NOT_FOR_THE_DOCTOR = frozenset(
    {"daemon_unreachable", "disk_full", "unpack_failed", "immutable_tag", "quota_or_billing", "config_json_corrupt"}
)


@dataclass(frozen=True)
class Diagnosis:
    """A finding, the causes that the text cannot tell from it (itself first), and the command that would settle it."""

    finding: Finding
    acceptable: tuple[str, ...]
    doctor: str | None = None


def diagnose(text: str, context: str = "") -> list[Diagnosis]:
    """The causes that fit a tool's output, best first; none when nothing in it is about images.

    `context` is what somebody knows beside the text, in plain English.
    """
    return diagnose_lines(text.splitlines(), context)


def diagnose_lines(lines: Iterable[str], context: str = "") -> list[Diagnosis]:
    """The same for a log of any length, in bounded memory."""
    excerpt = Excerpt()
    for line in lines:
        excerpt.feed(line)
    return conclude(read_facts(excerpt.lines(), context))


def conclude(facts: Facts) -> list[Diagnosis]:
    ranked = weigh(facts.names)
    if not ranked:
        return []
    best = ranked[0][1]
    close = [cause for cause, points in ranked if points >= best - _CLOSE]
    shown = [cause for cause, points in ranked if points >= best * _WORTH_SHOWING][:_MOST_FINDINGS]
    return [_diagnosis(facts, cause, close) for cause in shown]


def weigh(names: frozenset[str]) -> list[tuple[str, int]]:
    """Causes and their points, best first."""
    points: dict[str, int] = {}
    for rule in RULES:
        if rule.needs <= names and not rule.without & names:
            points[rule.cause] = points.get(rule.cause, 0) + rule.points
    enough = (pair for pair in points.items() if pair[1] >= _LEAST_POINTS)
    return sorted(enough, key=lambda pair: (-pair[1], RARITY.get(pair[0], len(RARITY))))


def _diagnosis(facts: Facts, label: str, close: Sequence[str]) -> Diagnosis:
    cause = CAUSES[label]
    others = tuple(other for other in close if other != label) if label in close else ()
    remedy = f"{cause.remedy} What would settle it: {cause.settle}" if others else cause.remedy
    finding = Finding(label, cause.title, _evidence(facts, label), remedy, _commands(facts, cause.commands))
    return Diagnosis(finding, (label, *others), _doctor(facts, label))


# --- What was observed


def _evidence(facts: Facts, label: str) -> tuple[str, ...]:
    """The lines that the cause rests on; without any, the lines that tell of the failure at all."""
    names = {name for rule in RULES if rule.cause == label and rule.needs <= facts.names for name in rule.needs}
    telling = _lines_of(facts, names & OPENERS) or _lines_of(facts, (OPENERS | SPECIFIC | GENERIC) & facts.seen.keys())
    shown: list[str] = []
    for index in telling:
        line = _fit(facts.lines[index])
        if line and not any(_says_nothing_new(line, other) for other in shown):
            shown = [other for other in shown if not _says_nothing_new(other, line)] + [line]
    return tuple(shown[-_MOST_EVIDENCE:])


def _lines_of(facts: Facts, names: Iterable[str]) -> list[int]:
    return sorted({index for name in names for index in facts.seen.get(name, ())})


def _fit(line: str) -> str:
    clean = redact(line.strip())
    return clean if len(clean) <= _LONGEST_EVIDENCE else clean[:_LONGEST_EVIDENCE] + " …"


def _says_nothing_new(line: str, other: str) -> bool:
    """BuildKit repeats one error up to three times with ever more before it."""
    core = line.rpartition("ERROR: ")[2] or line
    return core in other


# --- What to do


def _commands(facts: Facts, templates: Iterable[str]) -> tuple[str, ...]:
    known = _known(facts)
    return tuple(_filled(template, known) for template in templates if _names(template) <= known.keys())


def _known(facts: Facts) -> dict[str, str]:
    """Names come from a log that anybody may have written: they are quoted for the shell."""
    known: dict[str, str] = {}
    if facts.host:
        known["host"] = shlex.quote(facts.image.api_host if facts.image else facts.host)
        known["hostname"] = known["host"].rpartition(":")[0] or known["host"]
        # Docker keeps Docker Hub's login under a name of its own, which it uses when none is given.
        known["login"] = "" if facts.host == DOCKER_HUB else " " + shlex.quote(facts.host)
    if facts.image:
        known["image"] = shlex.quote(str(facts.image))
        known["repository"] = shlex.quote(facts.image.name)
    return known


def _names(template: str) -> set[str]:
    return {part.partition("}")[0] for part in template.split("{")[1:]}


def _filled(template: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _doctor(facts: Facts, label: str) -> str | None:
    if facts.image is None or label in _NOT_FOR_THE_DOCTOR:
        return None
    push = " --push" if "op push" in facts.names else ""
    return f"seaway doctor {shlex.quote(str(facts.image))}{push}"
