"""Where TypeScript keeps what it knows of the last build."""

import posixpath
from dataclasses import dataclass

from seaway.core.plan import ConfigBroken, Reader
from seaway.packs.nixpacks.context import Context
from seaway.packs.nixpacks.files import FileBroken, parse_json


@dataclass(frozen=True)
class _Config:
    """What a tsconfig says of incremental builds; `parent` is the file that it extends."""

    incremental: bool | None = None
    file: str | None = None
    out: str | None = None
    parent: str | None = None

    def over(self, base: "_Config") -> "_Config":
        return _Config(
            base.incremental if self.incremental is None else self.incremental,
            base.file if self.file is None else self.file,
            base.out if self.out is None else self.out,
        )


def build_info_file(ctx: Context) -> str | None:
    """The tsbuildinfo file to cache; None unless builds are incremental and the file exists."""
    config = _read(ctx, "tsconfig.json")
    base = _read(ctx, posixpath.normpath(config.parent)) if config and config.parent else None
    config = config.over(base) if config and base else config
    if not config or not config.incremental:
        return None
    beside = f"{config.out}/tsconfig.tsbuildinfo" if config.out is not None else "tsconfig.tsbuildinfo"
    path = beside if config.file is None else config.file
    return path if ctx.has(path) else None


def _read(ctx: Context, path: str) -> _Config | None:
    """None if the file is absent or not strict JSON of the expected shape."""
    text = ctx.text_or_none(path)
    if text is None:
        return None
    read = Reader(path, text, FileBroken)
    try:
        data = read.table(parse_json(text, path), ())
        options = read.optional_table(data, "compilerOptions", ()) or {}
        file, out = (read.text_at(options, key, ()) for key in ("tsBuildInfoFile", "outDir"))
        parent = read.text_at(data, "extends", ())
    except ConfigBroken:
        return None
    incremental = options.get("incremental")
    return _Config(incremental, file, out, parent) if incremental is None or isinstance(incremental, bool) else None
