"""Real builds: what they may see, what they leave, how they end."""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from docker_fixtures import OWNER
from seaway.core.errors import SeawayError
from seaway.core.events import Progress, Stream
from seaway.core.finding import finding_of
from seaway.core.ports import BuildJob
from seaway.core.recipe import Recipe
from seaway.core.secret import Secret
from seaway.doors.buildkit import BadContextFile, BuildFailed, BuildkitDoor
from seaway.doors.docker import DockerDoor

pytestmark = pytest.mark.docker
TAG = f"seaway-test/built:{OWNER}"
VALUE = "s3cr3t-'quoted\" $HOME\nsecond line"
READ_SECRET = "RUN --mount=type=secret,id=seaway-env . /run/secrets/seaway-env && "


class Site:
    """A folder to build from, and what was told while it was built."""

    def __init__(self, root: Path, image: str) -> None:
        self.context = root / "app"
        self.context.mkdir()
        (self.context / "index.html").write_text("hello")
        self.memory_disk = root / "shm"
        self.memory_disk.mkdir()
        self.door = BuildkitDoor(root / "home", os.environ, memory_disk=self.memory_disk)
        self.image = image
        self.lines: list[tuple[Stream, str]] = []
        self.progress: list[Progress] = []

    def job(self, dockerfile: str, env: Mapping[str, str] | None = None, **recipe: object) -> BuildJob:
        text = f"FROM {self.image}\nWORKDIR /app\n{dockerfile}\n"
        return BuildJob(
            "shop",
            1,
            self.context,
            Recipe(text, **recipe),  # type: ignore[arg-type]
            TAG,
            {"seaway.instance": OWNER, "seaway.app": "shop"},
            {name: Secret(value) for name, value in (env or {}).items()},
        )

    async def build(self, dockerfile: str, env: Mapping[str, str] | None = None, **recipe: object) -> str:
        self.lines.clear()
        job = self.job(dockerfile, env, **recipe)
        return await self.door.build(job, lambda *line: self.lines.append(line), self.progress.append)

    @property
    def output(self) -> list[str]:
        return [text.partition(" ")[2] for stream, text in self.lines if stream in ("out", "err")]


@pytest.fixture
def site(tmp_path: Path, tiny_image: str) -> Site:
    return Site(tmp_path, tiny_image)


def output_of(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def fresh() -> str:
    """A line that makes what follows run again. It must leave something behind: BuildKit takes a step from its cache
    when the same command meets the same files, wherever these came from."""
    return f"RUN echo {os.urandom(8).hex()} > /fresh\n"


async def test_the_image_is_the_one_that_is_told_and_carries_the_labels(site: Site, docker: DockerDoor) -> None:
    image = await site.build("COPY . .\nEXPOSE 8080")
    facts = await docker.facts(TAG)
    assert facts.id == image
    assert {"seaway.instance": OWNER, "seaway.app": "shop"}.items() <= facts.labels.items()
    assert facts.exposed_ports == (8080,)
    assert site.progress[-1].done == site.progress[-1].total


async def test_building_again_changes_nothing_and_is_quick(site: Site) -> None:
    first = await site.build("COPY . .\nRUN cat index.html")
    began = time.monotonic()
    assert await site.build("COPY . .\nRUN cat index.html") == first
    took = time.monotonic() - began
    print(f"no-op build: {took * 1000:.0f} ms")
    assert took < 3
    assert any("CACHED" in text for _, text in site.lines)


async def test_the_apps_folder_is_not_touched_and_nothing_stays(site: Site) -> None:
    before = sorted(site.context.rglob("*"))
    await site.build("COPY --from=seaway conf/x.conf .", {"A": "1"}, context_files={"conf/x.conf": "y"}, ignored=("z",))
    assert sorted(site.context.rglob("*")) == before
    assert list(site.memory_disk.iterdir()) == []


async def test_the_recipes_files_are_there_beside_the_apps(site: Site) -> None:
    await site.build(
        "COPY . .\nCOPY --from=seaway . .\n" + fresh() + "RUN cat index.html conf/x.conf",
        context_files={"conf/x.conf": "from the recipe\n"},
    )
    assert "hellofrom the recipe" in site.output


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
async def test_a_recipes_file_cannot_leave_its_directory(site: Site, name: str) -> None:
    with pytest.raises(BadContextFile):
        await site.build("COPY . .", context_files={name: "x"})
    assert list(site.memory_disk.iterdir()) == []


async def test_what_recipe_or_app_ignore_is_not_sent(site: Site) -> None:
    for name in ("keep.txt", "drop.log", "kept.log", "recipe.tmp"):
        (site.context / name).write_text("x")
    (site.context / ".dockerignore").write_text("*.log\n!kept.log\n!keep.txt")
    await site.build("COPY . .\n" + fresh() + "RUN ls", ignored=("*.tmp", "keep.txt"))
    assert site.output == ["index.html", "keep.txt", "kept.log"]


async def test_a_dockerfiles_own_ignore_file_is_preferred(site: Site) -> None:
    for name in ("a.txt", "b.txt"):
        (site.context / name).write_text("x")
    (site.context / ".dockerignore").write_text("a.txt")
    (site.context / "deploy").mkdir()
    (site.context / "deploy" / "Web.dockerignore").write_text("b.txt\ndeploy")
    await site.build("COPY . .\n" + fresh() + "RUN ls", dockerfile_path="deploy/Web")
    assert site.output == ["a.txt", "index.html"]


async def test_arguments_and_target_are_passed_on(site: Site) -> None:
    stages = f'FROM {site.image} AS first\nARG COLOUR\n{fresh()}RUN echo it is "$COLOUR"\nFROM first AS last\nRUN false'
    await site.build(stages, build_args={"COLOUR": "a b; c"}, target="first")
    assert site.output == ["it is a b; c"]


async def test_variables_reach_the_build_as_they_are(site: Site) -> None:
    await site.build(fresh() + READ_SECRET + 'echo "$A|$B"', {"A": VALUE, "B": "ü"})
    assert site.output == ["s3cr3t-'quoted\" $HOME", "second line|ü"]


async def test_a_step_that_reads_variables_runs_again_only_when_their_digest_differs(site: Site) -> None:
    """A secret is no part of a step's cache key, not even across apps; the digest that stands for it must be."""
    step = f"{fresh()}ARG SEAWAY_ENV_DIGEST\n{READ_SECRET}echo $A"
    for value, digest, output in (("one", "1", ["one"]), ("two", "1", []), ("two", "2", ["two"])):
        await site.build(step, {"A": value}, build_args={"SEAWAY_ENV_DIGEST": digest})
        assert site.output == output


async def test_no_value_of_a_variable_stays_or_shows(site: Site, docker: DockerDoor) -> None:
    seen: set[str] = set()

    async def look_around() -> None:
        while True:
            seen.add(await asyncio.to_thread(output_of, "ps", "-eww", "-o", "args"))
            seen.add(await asyncio.to_thread(output_of, "ps", "eww", "-A"))
            await asyncio.sleep(0.05)

    value = "topsecret" + os.urandom(8).hex()
    looking = asyncio.create_task(look_around())
    image = await site.build(fresh() + READ_SECRET + "unset TOKEN; sleep 0.5; echo built", {"TOKEN": value})
    looking.cancel()
    history = output_of("docker", "history", "--no-trunc", image)
    config = output_of("docker", "image", "inspect", image)
    assert "seaway-env" in history
    assert any("buildx" in text for text in seen)
    for text in (history, config, *seen, *(text for _, text in site.lines)):
        assert value not in text
    assert "built" in site.output


async def test_the_secret_lies_in_a_private_directory_only_while_it_builds(site: Site) -> None:
    task = asyncio.create_task(site.build(fresh() + "RUN sleep 1", {"TOKEN": "x"}))
    async with asyncio.timeout(10):
        while not any("sleep 1" in text for _, text in site.lines):
            await asyncio.sleep(0.02)
    (room,) = site.memory_disk.iterdir()
    assert room.stat().st_mode & 0o777 == 0o700
    assert (room / "secret-seaway-env").stat().st_mode & 0o777 == 0o600
    assert (room / "docker" / "config.json").read_text() == "{}"
    await task
    assert not room.exists()


async def test_a_proxy_is_handed_to_the_build_and_kept_nowhere(tmp_path: Path, site: Site) -> None:
    env = {**os.environ, "HTTP_PROXY": "http://me:hidden@proxy.invalid:3128"}
    site.door = BuildkitDoor(tmp_path / "home", env, memory_disk=site.memory_disk)
    image = await site.build(fresh() + "RUN echo ${#HTTP_PROXY}")
    assert site.output == [str(len(env["HTTP_PROXY"]))]
    assert "hidden" not in output_of("docker", "history", "--no-trunc", image)
    assert "hidden" not in output_of("docker", "image", "inspect", image)


async def test_the_machines_certificates_are_there_for_those_who_ask(site: Site) -> None:
    await site.build(fresh() + "RUN --mount=type=secret,id=seaway-ca grep -c BEGIN /run/secrets/seaway-ca")
    assert int(site.output[0]) > 10


async def test_a_secret_of_the_machine_can_be_mounted_by_its_id(site: Site, tmp_path: Path) -> None:
    secrets = {"seaway-npmrc": Secret("registry=https://packages.example.org/\n")}
    site.door = BuildkitDoor(tmp_path / "home", os.environ, secrets=secrets, memory_disk=site.memory_disk)
    await site.build(fresh() + "RUN --mount=type=secret,id=seaway-npmrc,target=/root/.npmrc cat /root/.npmrc")
    assert site.output == ["registry=https://packages.example.org/"]
    assert list(site.memory_disk.iterdir()) == []


async def test_a_failing_step_is_told_with_its_code_and_last_lines(site: Site) -> None:
    with pytest.raises(BuildFailed) as caught:
        await site.build("RUN seq 1 100; echo no luck >&2; exit 3")
    finding = finding_of(caught.value)
    assert (caught.value.code, finding.cause) == ("build.failed", "build.failed")
    assert finding.title.endswith("failed with exit code 3")
    assert finding.evidence[-1] == "| no luck"
    assert finding.evidence[-2] == "| 100"
    assert list(site.memory_disk.iterdir()) == []


@pytest.mark.parametrize(
    ("dockerfile", "cause"),
    [
        ("RUNN x", "build.dockerfile_broken"),
        ("COPY nothing.txt .", "build.missing_file"),
        ("COPY --from=registry.invalid/acme/base:1 /x /x", "build.base_unavailable"),
        ("RUN no-such-program", "build.command_missing"),
        ("RUN wget -q http://fonts.example.invalid/", "build.unreachable_host"),
        ("RUN sh -c 'kill -9 $$'; exit $?", "build.out_of_memory"),
        ("RUN --mount=type=tmpfs,target=/t,size=1m dd if=/dev/zero of=/t/x bs=1M count=3", "build.disk_full"),
    ],
)
async def test_the_cause_of_a_failure_is_recognised(site: Site, dockerfile: str, cause: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        await site.build(dockerfile)
    assert finding_of(caught.value).cause == cause


async def test_cancelling_stops_the_build_within_a_second(site: Site) -> None:
    mark = f"71.{int.from_bytes(os.urandom(3))}"
    task = asyncio.create_task(site.build(f"RUN sleep {mark}"))
    async with asyncio.timeout(10):
        while not is_running(f"sleep {mark}"):
            await asyncio.sleep(0.05)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    took = time.monotonic() - began
    print(f"cancel: {took * 1000:.0f} ms")
    assert took < 1
    assert list(site.memory_disk.iterdir()) == []
    while is_running(f"sleep {mark}"):
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.02)


def is_running(command: str) -> bool:
    """As a program of its own, not as a part of the arguments of another."""
    return command in output_of("ps", "-eww", "-o", "args").splitlines()


async def test_two_builds_at_once_do_not_disturb_each_other(site: Site) -> None:
    jobs = [site.job(fresh() + READ_SECRET + "echo $A", {"A": name}) for name in ("one", "two")]
    told: list[list[str]] = [[], []]
    await asyncio.gather(
        *(
            site.door.build(job, lambda stream, text, mine=mine: mine.append(f"{stream} {text}"), lambda _: None)
            for job, mine in zip(jobs, told, strict=True)
        )
    )
    assert any(line.endswith(" one") for line in told[0])
    assert not any(line.endswith(" two") for line in told[0])
    assert any(line.endswith(" two") for line in told[1])


async def test_what_an_earlier_process_left_is_removed_at_the_start(site: Site, tmp_path: Path) -> None:
    task = asyncio.create_task(site.build(fresh() + "RUN sleep 1"))
    while not (rooms := list(site.memory_disk.iterdir())):
        await asyncio.sleep(0.01)
    BuildkitDoor(tmp_path / "another", os.environ, memory_disk=site.memory_disk).clean()
    assert rooms[0].exists()
    await task
    rooms[0].mkdir()
    site.door.clean()
    assert not rooms[0].exists()


async def test_a_machine_without_docker_is_told_so(tmp_path: Path, site: Site) -> None:
    door = BuildkitDoor(tmp_path / "home", {"PATH": str(tmp_path)}, memory_disk=site.memory_disk)
    with pytest.raises(SeawayError) as caught:
        await door.build(site.job("RUN true"), lambda *_: None, lambda _: None)
    assert finding_of(caught.value).cause == "build.docker_missing"


async def test_a_daemon_that_does_not_run_is_told(tmp_path: Path, site: Site) -> None:
    env = {"PATH": os.environ["PATH"], "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    door = BuildkitDoor(tmp_path / "home", env, memory_disk=site.memory_disk)
    with pytest.raises(BuildFailed) as caught:
        await door.build(site.job("RUN true"), lambda *_: None, lambda _: None)
    assert finding_of(caught.value).cause == "docker.not_running"
