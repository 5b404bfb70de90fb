"""The kill fuzz: SIGKILL the control plane at a random moment of a deployment, start it again, and look at everything.

A round asks for a deployment, restart or rollback, kills the server somewhere between the request and the end of
settling (sometimes once more while it recovers), starts it, and waits until nothing is wrong any more. A strict
client asks the app all the while.
"""

import random
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.traces import Traces
from e2e.apps import node_app
from e2e.machine import DEADLINE_S, wait_until
from e2e.server import Server
from strict_client import Load, Tally

APP = "fuzz"
HOST = f"{APP}.localhost"
KEPT = 3
RECOVERED_S = 90.0
# From the request to the end of settling, on two shared cores.
LONGEST_S = 5.0
SECOND_KILL = 0.3
# Most kills are aimed: some steps are over in milliseconds, and a blind one hardly ever hits them.
AIMED = 0.75
INTO_A_STEP_S = {"build": 1.2, "check": 0.4, "settle": 1.5}
STEPS = ("fetch", "plan", "prove", "build", "release", "check", "route", "settle")


@dataclass
class Report:
    """What a run has to tell."""

    seed: int
    kills: int = 0
    caught: dict[str, int] = field(default_factory=dict)
    """How often a kill hit each step; `-` none, `settled` nothing was left to do."""
    recovery_s: list[float] = field(default_factory=list)
    """From the start of the new process until all is as wanted."""
    ready_s: list[float] = field(default_factory=list)

    def text(self, tally: Tally) -> str:
        caught = ", ".join(f"{step} {count}" for step, count in sorted(self.caught.items()))
        ordered = sorted(self.recovery_s)
        return (
            f"seed {self.seed}: {self.kills} kills ({caught}); {tally.total} requests, {tally.failed} failed; ready "
            f"again after {max(self.ready_s):.2f} s at most; all as wanted after {ordered[len(ordered) // 2]:.1f} s "
            f"(median), {ordered[-1]:.1f} s (longest)"
        )


class Fuzz:
    def __init__(self, server: Server, folder: Path, seed: int) -> None:
        self._server = server
        self._folder = folder
        self._random = random.Random(seed)
        self._traces = Traces(server, APP)
        self.report = Report(seed)

    def run(self, rounds: int) -> Tally:
        for text in ("first", "second"):
            self._server.deploy_live(node_app(self._folder / "app", text), APP)
        self._until_right()
        with Load(self._server.proxy, HOST, each=2, pause_s=0.03) as load:
            for number in range(1, rounds + 1):
                self._round(number)
                print(f"  round {number}: {self.report.recovery_s[-1]:.1f} s, {load.tally.failed} failed", flush=True)
                assert load.tally.failed == 0, load.tally.failures
        return load.tally

    def _round(self, number: int) -> None:
        request = self._request(number)
        with self._server.begun(*request):
            self._wait_for_the_moment(STEPS if request[0] == "deploy" else STEPS[4:])
            finished = self._kill()
            if self._random.random() < SECOND_KILL:
                self._server.start()
                time.sleep(self._random.uniform(0, LONGEST_S / 2))
                finished |= self._kill()
            began = time.monotonic()
            self.report.ready_s.append(self._server.start())
            self._until_right()
            self.report.recovery_s.append(time.monotonic() - began)
        again = {name: row for name, row in self._steps().items() if name in finished and finished[name] != row}
        assert not again, f"journaled steps ran twice: {again}, before: {finished}"

    def _wait_for_the_moment(self, steps: Sequence[str]) -> None:
        aim, blind = self._random.choice(steps), self._random.random() > AIMED
        deadline = time.monotonic() + (self._random.uniform(0, LONGEST_S) if blind else LONGEST_S)
        before = self._steps().keys()
        while time.monotonic() < deadline:
            if not blind and aim in {name for _, name in self._steps().keys() - before}:
                time.sleep(self._random.uniform(0, INTO_A_STEP_S.get(aim, 0.02)))
                return
            time.sleep(0.002)

    def _request(self, number: int) -> tuple[str | Path, ...]:
        """A new tree, the same tree again, a restart, or a rollback."""
        match self._random.choices(("new", "same", "restart", "rollback"), (6, 1, 2, 2))[0]:
            case "new":
                app = node_app(self._folder / "app", f"round {number}", build="sleep 1")
                return ("deploy", app, "--app", APP, "--detach")
            case "same":
                return ("deploy", self._folder / "app", "--app", APP, "--detach")
            case command:
                return (command, APP, "--detach")

    def _kill(self) -> dict[tuple[int, str], Any]:
        """Returns the journal's finished steps as they are now."""
        self._server.kill()
        self.report.kills += 1
        steps = self._steps()
        cut = [name for (_, name), row in steps.items() if row[1] is None]
        hit = cut[0] if cut else "-"
        self.report.caught[hit] = self.report.caught.get(hit, 0) + 1
        return {name: row for name, row in steps.items() if row[1] is not None}

    def _steps(self) -> dict[tuple[int, str], Any]:
        with _journal(self._server) as rows:
            found = rows.execute("SELECT deployment_id, name, started_at, finished_at, result FROM step")
            return {(number, name): rest for number, name, *rest in found}

    def _until_right(self) -> None:
        deadline = time.monotonic() + RECOVERED_S
        while wrong := self._traces.wrong():
            assert time.monotonic() < deadline, f"still wrong after {RECOVERED_S:g} s: {wrong}"
            time.sleep(0.1)
        wait_until(lambda: self._server.ask(HOST).body == self._traces.text(), "it serves what it should", DEADLINE_S)


def _journal(server: Server) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{server.home / 'seaway.db'}?mode=ro", uri=True)
