"""Static sites: nginx, configured by a Staticfile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from seaway.core.plan import ConfigBroken, Plan, Reader, Start
from seaway.packs.nixpacks.context import Context, Draft, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_yaml

_FOLDERS = ("public", "dist", "index")
_START = (
    '[[ -z "${PORT}" ]] && echo "Environment variable PORT not found. Using PORT 80" || '
    'sed -i "s/0.0.0.0:80/$PORT/g" /assets/nginx.conf && nginx -c /assets/nginx.conf'
)
_NULLS = ("", "~", "null")
_STORE_TYPES = "/nix/store/*-user-environment/conf/mime.types"
_NGINX = """\
# Written by Seaway for a static site; the start command puts $PORT in place of the address.
daemon off;
user nobody nogroup;
worker_processes auto;
error_log /dev/stdout info;

events {
    worker_connections 1024;
}

http {
    include @types@;
    default_type application/octet-stream;
    access_log /dev/stdout;
    sendfile on;
    keepalive_timeout 60;
    types_hash_max_size 4096;

    server {
        listen 0.0.0.0:80;
        root /app/@root@;
        gzip @gzip@;
@error_pages@
        location / {
@auth@            autoindex @autoindex@;
        }
    }
}
"""
_AUTH = """\
            auth_basic "Password Required";
            auth_basic_user_file /assets/.htpasswd;
"""


@dataclass(frozen=True)
class _Staticfile:
    """`error_pages`: status code to address."""

    root: str | None = None
    directory: str | None = None
    gzip: str | None = None
    error_pages: Mapping[int, str] = field(default_factory=dict)


class Static:
    name = "staticfile"
    order = 210

    def detects(self, ctx: Context) -> bool:
        folders = ("public", "index", "dist")
        return ctx.first_having("Staticfile", "index.html") is not None or any(map(ctx.tree.has_folder, folders))

    def plan(self, ctx: Context) -> Draft:
        root = _root(ctx)
        folders = "mkdir /etc/nginx/ /var/log/nginx/ /var/cache/nginx/"
        plan = Plan(
            phases=phases(setup=replace(setup("nginx"), cmds=(folders,))),
            static_assets=_assets(ctx, root),
            start=Start(cmd=_START),
        )
        return Draft(plan, notes=(f"The files in {root or 'the app itself'} are served as they are.",))


provider = Static()


def _staticfile(ctx: Context) -> _Staticfile:
    """All defaults if the file is absent or cannot be understood."""
    path = "Staticfile"
    text = ctx.text_or_none(path)
    if text is None:
        return _Staticfile()
    read = Reader(path, text, FileBroken)
    try:
        data = read.table(parse_yaml(text, path), ())
        pages = read.text_map(data, "status_code", ()) or {}
        texts = (read.text_at(data, key, ()) for key in ("root", "directory", "gzip"))
        root, directory, gzip = (None if text in _NULLS else text for text in texts)
        return _Staticfile(root, directory, gzip, {int(code): page for code, page in pages.items()})
    except (ConfigBroken, ValueError):
        return _Staticfile()


def _root(ctx: Context) -> str:
    """The folder that is served, relative to the app."""
    given = ctx.variable("STATICFILE_ROOT")
    given = _staticfile(ctx).root if given is None else given
    return next((name for name in _FOLDERS if ctx.tree.has_folder(name)), "") if given is None else given


def _assets(ctx: Context, root: str) -> dict[str, str]:
    types, passwords = ctx.text("mime.types"), ctx.text("Staticfile.auth")
    config = _nginx(_staticfile(ctx), root, own_types=types is not None, auth=passwords is not None)
    named = {"mime.types": types, ".htpasswd": passwords, "nginx.conf": config}
    return {name: text for name, text in named.items() if text is not None}


def _nginx(site: _Staticfile, root: str, *, own_types: bool, auth: bool) -> str:
    values = {
        "types": "mime.types" if own_types else _STORE_TYPES,
        "root": root,
        "gzip": "on" if site.gzip is None else site.gzip,
        "autoindex": "off" if site.directory is None else site.directory,
        "error_pages": "".join(f"        error_page {code} {page};\n" for code, page in site.error_pages.items()),
        "auth": _AUTH if auth else "",
    }
    return re.sub(r"@([a-z_]+)@", lambda match: values[match[1]], _NGINX)
