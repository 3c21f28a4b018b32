#!/usr/bin/env bash
# Puts a gatelint binary under RUNNER_TEMP and says where: a release whose SHA-256 is in
# action/checksums, else one built from the sources of this action.
# Reads: INPUT_VERSION, GH_TOKEN and the variables every runner sets.
set -euo pipefail

die() {
  echo "::error title=gatelint::$1"
  exit 1
}

action=${GITHUB_ACTION_PATH:?}
folder=$RUNNER_TEMP/gatelint
mkdir -p "$folder"

triple() {
  case ${RUNNER_OS:-}-${RUNNER_ARCH:-} in
    Linux-X64) echo x86_64-unknown-linux-musl ;;
    Linux-ARM64) echo aarch64-unknown-linux-musl ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) echo unknown ;;
  esac
}

sum_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

build() {
  command -v cargo >/dev/null || die "there is no release binary for this version and system, and no cargo to build it with"
  cargo install --quiet --locked --path "$action" --root "$folder" --target-dir "$folder/target"
  binary=$folder/bin/gatelint
}

download() { # VERSION TRIPLE SUM
  local name=gatelint-v$1-$2.tar.gz
  local cache=${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/gatelint
  local archive=$cache/$name
  mkdir -p "$cache"
  # What is in the cache is verified again: others may write there.
  if [[ ! -f $archive || $(sum_of "$archive") != "$3" ]]; then
    curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 --retry 3 --output "$archive" \
      "https://github.com/gatelint/gatelint/releases/download/v$1/$name" || die "cannot download $name"
    if [[ $(sum_of "$archive") != "$3" ]]; then
      rm -f "$archive"
      die "the SHA-256 of $name is not the one this action knows"
    fi
  fi
  if command -v gh >/dev/null && [[ -n ${GH_TOKEN:-} ]]; then
    gh attestation verify "$archive" --repo gatelint/gatelint >/dev/null || die "the attestation of $name does not hold"
  else
    echo "gatelint: SHA-256 verified; attestation not verified, as there is no gh or no token"
  fi
  tar -xzf "$archive" -C "$folder"
  binary=$folder/gatelint
}

version=${INPUT_VERSION:-}
version=${version#v}
stated=$version
if [[ -z $version ]]; then
  version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$action/Cargo.toml" | head -n 1)
fi

if [[ $version == source ]]; then
  build
else
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || die "the input 'version' is no version"
  sum=$(awk -v version="$version" -v triple="$(triple)" '$1 == version && $2 == triple { print $3 }' "$action/action/checksums")
  if [[ -n $sum ]]; then
    download "$version" "$(triple)" "$sum"
  elif [[ -n $stated ]]; then
    die "this action knows no checksum of gatelint $version for this system; use a newer commit of the action"
  else
    build
  fi
fi

[[ -f $binary ]] || binary=$binary.exe
{
  echo "gatelint=$binary"
  echo "version=$("$binary" --version | cut -d ' ' -f 2)"
} >>"$GITHUB_OUTPUT"
