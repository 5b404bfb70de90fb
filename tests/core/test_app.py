import pytest

from seaway.core.app import (
    EnvironmentKey,
    EnvironmentSettings,
    InvalidName,
    InvalidSetting,
    SettingsChange,
    changed,
    check_app_name,
    hosts_of,
)
from seaway.core.secret import Secret


@pytest.mark.parametrize("name", ["shop", "a", "a-b-c", "x1", "0", "a" * 50])
def test_a_dns_label_is_an_app_name(name):
    assert check_app_name(name) == name


@pytest.mark.parametrize("name", ["", "Shop", "-a", "a-", "a_b", "a.b", "a b", "a" * 51, "a\n", "ä", "../x"])
def test_anything_else_is_refused(name):
    with pytest.raises(InvalidName):
        check_app_name(name)


def test_a_refused_name_comes_with_one_that_would_do():
    with pytest.raises(InvalidName, match="for example 'my-shop'"):
        check_app_name("My Shop!")


def test_a_change_leaves_the_rest_as_it_is_and_can_unset():
    now = EnvironmentSettings(env={"A": Secret("1"), "B": Secret("2")}, port=8080)
    after = changed(
        now, SettingsChange(env={"B": None, "C": Secret("3")}, domains=("Shop.Example.org", "shop.example.org"))
    )
    assert dict(after.env) == {"A": Secret("1"), "C": Secret("3")}
    assert after.port == 8080
    assert after.domains == ("shop.example.org",)


@pytest.mark.parametrize(
    "change",
    [
        SettingsChange(env={"1A": Secret("x")}),
        SettingsChange(env={"A=B": Secret("x")}),
        SettingsChange(port=0),
        SettingsChange(port=65536),
        SettingsChange(domains=("http://shop.org",)),
        SettingsChange(domains=("shop.org:80",)),
        SettingsChange(memory_bytes=1024),
        SettingsChange(cpus=-1),
        SettingsChange(health_path="healthz"),
        SettingsChange(health_timeout_s=0.0),
    ],
)
def test_a_wrong_setting_is_refused(change):
    with pytest.raises(InvalidSetting):
        changed(EnvironmentSettings(), change)


def test_an_environment_is_found_under_its_own_host_first():
    settings = EnvironmentSettings(domains=("shop.example.org",))
    assert hosts_of(EnvironmentKey("shop"), settings) == ("shop.localhost", "shop.example.org")
    assert hosts_of(EnvironmentKey("shop", "pr-7"), EnvironmentSettings()) == ("shop-pr-7.localhost",)


def test_a_secret_does_not_show_itself():
    secret = Secret("hunter2")
    assert f"{secret} {secret!r} {secret!s:>10} {EnvironmentSettings(env={'A': secret})}".count("hunter2") == 0
