from seaway.builders.debian.npmrc import for_builds


def test_a_build_gets_registries_and_their_logins_and_nothing_about_this_machine() -> None:
    machine = "cafile=/etc/ssl/ca.crt\nregistry = https://npm.example/\nnodedir=/usr\n"
    user = "; mine\n@acme:registry=https://npm.acme.example/\n//npm.acme.example/:_authToken=t\nprefix=/opt\n"
    assert for_builds([machine, user]) == (
        "registry = https://npm.example/\n@acme:registry=https://npm.acme.example/\n//npm.acme.example/:_authToken=t\n"
    )


def test_a_machine_that_says_nothing_gives_nothing() -> None:
    assert for_builds(["audit=false\n", ""]) == ""
