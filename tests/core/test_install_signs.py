"""What package managers write when an install or a build cannot succeed, and the cause that it gives away."""

import pytest

from seaway.core.build_failure import FailedBuild, explain_failed_build

FAILED = 'process "/bin/bash -c npm ci" did not complete successfully: exit code: 1'


@pytest.mark.parametrize(
    ("line", "cause", "told"),
    [
        (
            "npm error `npm ci` can only install packages when your package.json and package-lock.json or "
            "npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.",
            "build.lock_out_of_date",
            "npm install",
        ),
        (
            ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile", pnpm-lock.yaml is not up to date',
            "build.lock_out_of_date",
            "pnpm install",
        ),
        (
            "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.",
            "build.lock_out_of_date",
            "yarn install",
        ),
        (
            "YN0028: The lockfile would have been modified by this install, which is explicitly forbidden.",
            "build.lock_out_of_date",
            "yarn install",
        ),
        ("npm ERR! code ERESOLVE", "build.dependency_conflict", "versions"),
        (
            'error a@9.0.0: The engine "node" is incompatible with this module. Expected version ">=20". Got "18.2.0"',
            "build.node_version",
            "engines",
        ),
        (
            'You are using Node.js 18.20.8. For Next.js, Node.js version ">=20.9.0" is required.',
            "build.node_version",
            "engines",
        ),
        (
            "You are using Node.js 18.20.8. Vite requires Node.js version 20.19+ or 22.12+.",
            "build.node_version",
            "engines",
        ),
        ("Treating warnings as errors because process.env.CI = true.", "build.warnings_are_errors", "warns"),
        ("Error: error:0308010C:digital envelope routines::unsupported", "build.old_webpack", "webpack 5"),
        ("src/a.c:1:10: fatal error: ev.h: No such file or directory", "build.missing_header", "aptPkgs"),
        ("URL: https://download.cypress.io/desktop/13.0.0", "build.unreachable_host", "variable"),
        (
            "Error: getaddrinfo ENOTFOUND binaries.prisma.sh",
            "build.unreachable_host",
            "PRISMA_ENGINES_MIRROR",
        ),
        (
            "fatal: unable to access 'https://github.com/a/b.git/': Could not resolve host: github.com",
            "build.unreachable_host",
            "github.com",
        ),
    ],
)
def test_a_line_gives_the_cause_away_and_the_remedy_says_what_to_do(line: str, cause: str, told: str) -> None:
    finding = explain_failed_build(FailedBuild("RUN npm ci", FAILED, ("some line", line, "another"), app="shop"))
    assert finding.cause == cause
    assert told in finding.remedy
    assert all("{{" not in text and "{app}" not in text for text in (finding.title, finding.remedy, *finding.commands))
