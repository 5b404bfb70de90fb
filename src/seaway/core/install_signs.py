"""What package managers and frameworks of Node write when a build cannot succeed: signs for core/build_failure.py."""

from seaway.core.build_sign import Sign, sign

_LOCK = (
    "Write it anew with `{command}` where you develop, commit the changed file, and deploy again. A build installs "
    "exactly what the lock file says."
)
_ENGINE = 'Ask for a Node version that fits, in package.json ("engines": {{"node": "22"}}) or as a variable:'
_NODE = "seaway deploy --app {app} --env NIXPACKS_NODE_VERSION=22"
_SKIP = "Nothing that is deployed needs it: tell its install script to leave it, with a variable."


def _skip(host: str, what: str, variable: str, remedy: str = _SKIP) -> Sign:
    pattern = rf"(?:ENOTFOUND|EAI_AGAIN|[Cc]ould not resolve host:?|getaddrinfo|https?://)\S* ?\S*{host}"
    title = f"{what} could not be fetched from {host.replace(chr(92), '')}"
    return sign(
        "build.unreachable_host", "lines", pattern, title, remedy, f"seaway deploy --app {{app}} --env {variable}"
    )


INSTALL_SIGNS = (
    sign(
        "build.lock_out_of_date",
        "lines",
        r"`npm ci` can only install packages when your package\.json and (?P<file>\S+) (?:or \S+ )?are in sync"
        r"|package\.json and (?P<other>package-lock\.json|npm-shrinkwrap\.json) (?:or \S+ )?are in sync",
        "package.json asks for other packages than its lock file has",
        _LOCK.replace("{command}", "npm install"),
    ),
    sign(
        "build.lock_out_of_date",
        "lines",
        r"ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE)",
        "package.json asks for other packages than pnpm-lock.yaml has",
        _LOCK.replace("{command}", "pnpm install"),
    ),
    sign(
        "build.lock_out_of_date",
        "lines",
        r"Your lockfile needs to be updated, but yarn was run with|YN0028|The lockfile would have been modified",
        "package.json asks for other packages than yarn.lock has",
        _LOCK.replace("{command}", "yarn install"),
    ),
    sign(
        "build.dependency_conflict",
        "lines",
        r"ERESOLVE (?:could not resolve|unable to resolve dependency tree)|npm (?:ERR!|error) code ERESOLVE",
        "The app's packages ask for versions of each other that do not go together",
        "Let package.json name versions that do; or have npm take them as they come, as older ones did:",
        "seaway deploy --app {app} --env NPM_CONFIG_LEGACY_PEER_DEPS=true",
    ),
    sign(
        "build.node_version",
        "lines",
        r'The engine "node" is incompatible with this module\. Expected version "(?P<wanted>[^"]+)"\. '
        r'Got "(?P<had>[^"]+)"',
        "A package takes only Node {wanted}, and this build has {had}",
        _ENGINE,
        _NODE,
    ),
    sign(
        "build.node_version",
        "lines",
        r"ERR_PNPM_UNSUPPORTED_ENGINE|npm (?:ERR!|error) code EBADENGINE"
        r"|Node\.?js (?:version )?v?\d+[\d.]* is not supported|You are using Node\.js \d+[\d.]*\. .{1,40} requires"
        r"|For Next\.js, Node\.js version"
        r"|requires Node\.js version|The Angular CLI requires a minimum Node",
        "A package of the app does not take the Node version of this build",
        _ENGINE,
        _NODE,
    ),
    sign(
        "build.warnings_are_errors",
        "lines",
        r"Treating warnings as errors because process\.env\.CI = true",
        "The build has warnings, and takes them for errors because the variable CI says that nobody reads them",
        "Correct what it warns of, or let it build in spite of that:",
        "seaway deploy --app {app} --env CI=false",
    ),
    sign(
        "build.old_webpack",
        "lines",
        r"ERR_OSSL_EVP_UNSUPPORTED|digital envelope routines::unsupported",
        "The app's bundler uses a hash that newer versions of Node have no more",
        "Update the bundler (webpack 5), or let Node offer the old ones:",
        "seaway deploy --app {app} --env NODE_OPTIONS=--openssl-legacy-provider",
    ),
    sign(
        "build.missing_header",
        "lines",
        r"fatal error: (?P<header>[\w./+-]+\.h(?:pp)?): No such file or directory",
        "A package is compiled and wants {header}, which is not installed in the build",
        'Name the Debian package that brings it in nixpacks.toml ([phases.setup] aptPkgs = ["..."]): it usually ends '
        "in -dev. https://packages.debian.org finds it by the file's name.",
    ),
    _skip(r"download\.cypress\.io", "Cypress", "CYPRESS_INSTALL_BINARY=0"),
    _skip(
        r"storage\.googleapis\.com",
        "A browser for Puppeteer",
        "PUPPETEER_SKIP_DOWNLOAD=true",
        "Let it use the distribution's browser (PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium), and fetch none:",
    ),
    _skip(r"downloads\.sentry-cdn\.com", "The program of Sentry", "SENTRYCLI_SKIP_DOWNLOAD=1"),
    sign(
        "build.unreachable_host",
        "lines",
        r"binaries\.prisma\.sh",
        "Prisma's engine could not be fetched from binaries.prisma.sh",
        "Let the machine reach binaries.prisma.sh, name a mirror in the variable PRISMA_ENGINES_MIRROR, or update to "
        "Prisma 7, which fetches nothing.",
        "getent hosts binaries.prisma.sh",
    ),
)
