"""Plans: merging, pinning, writing and reading them."""

import pytest

from seaway.core.plan import (
    DEBIAN_ARCHIVE,
    DEBIAN_IMAGE,
    UBUNTU_ARCHIVE,
    UBUNTU_IMAGE,
    ConfigBroken,
    NoStartCommand,
    NothingToPlan,
    Phase,
    Plan,
    Start,
    buildable,
    extend,
    from_json,
    line_of,
    merge,
    pin,
    to_json,
)


@pytest.mark.parametrize(
    ("low", "high", "merged"),
    [
        (None, None, None),
        (("a",), None, ("a",)),
        (("a",), (), ()),
        (("a",), ("b",), ("b",)),
        (("a", "b"), ("...", "c"), ("...", "a", "b", "c")),
        (("a",), ("c", "@auto"), ("c", "@auto", "a")),
        (None, ("...",), ("...",)),
        ((), ("...", "x"), ("...", "x")),
    ],
)
def test_a_marker_stands_for_the_list_below_and_stays(low, high, merged) -> None:
    assert merged == extend(low, high)


def test_a_marker_that_stayed_is_filled_again_by_a_later_merge() -> None:
    def setup(*pkgs: str) -> Plan:
        return Plan(phases={"setup": Phase(nix_pkgs=pkgs)})

    before = merge(setup("a", "..."), setup("b", "..."))
    merged = pin(merge(setup("n"), before))
    assert merged.phases is not None
    assert merged.phases["setup"].nix_pkgs == ("b", "n", "a", "n")


def test_new_phases_wait_for_the_ones_before_unless_there_were_no_phases_at_all() -> None:
    new = Plan(phases={"install": Phase(cmds=("i",)), "build": Phase(), "other": Phase()})
    assert merge(new) == new
    assert merge(Plan(phases={}), new).phases == {
        "install": Phase(depends_on=("setup",), cmds=("i",)),
        "build": Phase(depends_on=("install",)),
        "other": Phase(),
    }
    assert merge(Plan(), Plan(), new).phases == {
        "install": Phase(depends_on=("setup",), cmds=("i",)),
        "build": Phase(depends_on=("install",)),
        "other": Phase(),
    }


def test_the_upper_plan_wins_where_it_says_something() -> None:
    low = Plan(
        build_image="low",
        variables={"A": "1", "B": "1"},
        phases={"setup": Phase(nixpkgs_archive="x", paths=("p",))},
        start=Start(cmd="low", user="u"),
    )
    high = Plan(variables={"B": "2"}, phases={"setup": Phase(paths=())}, start=Start(cmd="high"))
    assert merge(low, high) == Plan(
        build_image="low",
        variables={"A": "1", "B": "2"},
        phases={"setup": Phase(nixpkgs_archive="x", paths=())},
        start=Start(cmd="high", user="u"),
    )


@pytest.mark.parametrize(
    ("debian", "image", "archive"), [(False, UBUNTU_IMAGE, UBUNTU_ARCHIVE), (True, DEBIAN_IMAGE, DEBIAN_ARCHIVE)]
)
def test_pinning_names_image_and_archives_and_drops_markers(debian: bool, image: str, archive: str) -> None:
    plan = Plan(
        providers=("...", "node"),
        phases={
            "marked": Phase(nix_pkgs=("...",)),
            "libs": Phase(nix_libs=("a", "@auto")),
            "own": Phase(nix_pkgs=("a",), nixpkgs_archive="mine"),
            "none": Phase(nix_pkgs=(), apt_pkgs=("...",)),
        },
        start=Start(only_include_files=("...", "x")),
    )
    assert pin(plan, debian=debian) == Plan(
        providers=(),
        build_image=image,
        phases={
            "marked": Phase(nix_pkgs=(), nixpkgs_archive=archive),
            "libs": Phase(nix_libs=("a",), nixpkgs_archive=archive),
            "own": Phase(nix_pkgs=("a",), nixpkgs_archive="mine"),
            "none": Phase(nix_pkgs=(), apt_pkgs=()),
        },
        start=Start(only_include_files=("x",)),
    )


def test_a_plan_is_printed_in_order_without_what_is_absent() -> None:
    plan = Plan(
        providers=(),
        variables={"B": "2", "A": "1"},
        phases={"setup": Phase(paths=("p",), nix_pkgs=(), depends_on=("x",)), "build": Phase()},
        start=Start(user="u", cmd="c"),
    )
    data = to_json(plan)
    assert list(data) == ["providers", "variables", "phases", "start"]
    assert list(data["variables"]) == ["A", "B"]
    assert list(data["phases"]) == ["build", "setup"]
    assert data["phases"]["build"] == {}
    assert list(data["phases"]["setup"].items()) == [("dependsOn", ["x"]), ("nixPkgs", []), ("paths", ["p"])]
    assert list(data["start"]) == ["cmd", "user"]
    assert from_json(data) == plan


def test_aliases_null_and_unknown_keys_are_read() -> None:
    data = {
        "start": None,
        "phases": {
            "setup": {
                "nixPackages": ["a"],
                "nixLibraries": ["b"],
                "aptPackages": ["c"],
                "commands": ["d"],
                "envPaths": ["e"],
                "dependsOn": None,
                "whatever": 1,
            }
        },
    }
    setup = Phase(nix_pkgs=("a",), nix_libs=("b",), apt_pkgs=("c",), cmds=("d",), paths=("e",))
    assert from_json(data) == Plan(phases={"setup": setup})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([], "the plan: the whole must be a table, not a list."),
        ({"variables": {"A": True}}, "the plan: variables.A must be a text, not true or false."),
        ({"phases": {"a": {"cmds": ["x", 1]}}}, "the plan: phases.a.cmds must be a text, not the number 1."),
        ({"phases": {"a": 1}}, "the plan: phases.a must be a table, not the number 1."),
        ({"providers": "node"}, "the plan: providers must be a list, not a text."),
    ],
)
def test_a_value_of_another_type_is_named(data: object, why: str) -> None:
    with pytest.raises(ConfigBroken) as failure:
        from_json(data)
    assert failure.value.what == why
    assert failure.value.code == "plan.config_broken"


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('[phases.setup]\ncmds = 1\n\n[phases.build]\n"cmds" = 2\n', ("phases", "build", "cmds"), 5),
        ('{\n "phases": {\n  "a": {"cmds": 1}}}', ("phases", "a", "cmds"), 3),
        ("recmds = 1\ncmds = 2", ("cmds",), 2),
        ("a = 1", ("b",), None),
        ("", (), None),
    ],
)
def test_the_line_of_a_key_is_found(text: str, path: tuple[str, ...], line: int | None) -> None:
    assert line == line_of(text, path)


def test_a_plan_that_cannot_be_built_or_started_says_what_to_do() -> None:
    with pytest.raises(NothingToPlan, match=r"Add the app's manifest"):
        buildable(Plan(phases={}))
    with pytest.raises(NoStartCommand, match="NIXPACKS_START_CMD"):
        buildable(Plan(phases={"setup": Phase()}))
    plan = Plan(phases={"setup": Phase()}, start=Start(cmd="x"))
    assert buildable(plan) is plan
