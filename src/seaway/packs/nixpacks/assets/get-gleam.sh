#!/bin/sh
# Installs the Gleam compiler into /usr/bin: get-gleam.sh VERSION, where "main" means the nightly build.
set -eu

version="${1:-main}"
case "$(uname -m)" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *)
        echo "There is no Gleam release for $(uname -m)." >&2
        exit 1
        ;;
esac

case "$version" in
    main) release=nightly ;;
    v*) release="$version" ;;
    *) release="v$version" ;;
esac

archive="gleam-$release-$machine-unknown-linux-musl.tar.gz"
address="https://github.com/gleam-lang/gleam/releases/download/$release/$archive"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

echo "Downloading $address"
if ! wget -q -O "$folder/$archive" "$address"; then
    echo "Gleam $release cannot be downloaded; does that release exist?" >&2
    exit 1
fi
tar -xzf "$folder/$archive" -C /usr/bin
gleam --version
