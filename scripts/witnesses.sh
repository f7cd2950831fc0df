#!/bin/sh
# Makes build/witnesses: software of other people that `make test-aws` and `make test-slow` hold this project against, in
# the versions that tests/witnesses/ and this script name. Does nothing when nothing changed. A part that cannot be had on this machine is left out with
# one line: the tests that need it are skipped and name it.
#
# Needs .venv (scripts/bootstrap.sh), whose Node.js it uses, and the package indexes; for Jetstream also Go, and GitHub
# or JETSTREAM_SOURCE, the folder of a clone of https://github.com/bluesky-social/jetstream. Not here: what is installed
# (tests/witnesses/), the Airflows (scripts/airflow_environments.sh).
set -eu
cd "$(dirname "$0")/.."

PATH="$PWD/.venv/bin:$PATH"
export PATH
home=build/witnesses
say() { echo "socialsent: $1" >&2; }

[ -x .venv/bin/npm ] || { say "there is no .venv yet; run make witnesses, which makes it first"; exit 2; }
mkdir -p "$home"

# The policies' engine and a Kinesis: packages of npm, each with the hash that package-lock.json holds.
node_packages() {
    wanted="$(cksum tests/witnesses/package.json tests/witnesses/package-lock.json)"
    [ "$(cat "$home/.npm" 2>/dev/null || true)" = "$wanted" ] && return 0
    say "installing the packages of tests/witnesses/package.json into $home (once; about 0.1 GB)"
    cp tests/witnesses/package.json tests/witnesses/package-lock.json "$home/"
    (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return 1
    printf '%s' "$wanted" > "$home/.npm"
}

# checkov and cloudsplaining, whose pins and ours exclude each other.
scanners() {
    wanted="$(cksum tests/witnesses/scanners.txt) $(.venv/bin/python --version)"
    [ "$(cat "$home/scanners/.installed" 2>/dev/null || true)" = "$wanted" ] && return 0
    if [ -x .uv/bin/uv ]; then uv=.uv/bin/uv; else uv=uv; fi  # scripts/bootstrap.sh left one of the two
    say "installing the scanners of tests/witnesses/scanners.txt into $home/scanners (once; about 0.3 GB)"
    rm -rf "$home/scanners"
    "$uv" venv --quiet --python .venv/bin/python "$home/scanners" || return 1
    "$uv" pip install --quiet --python "$home/scanners/bin/python" --requirement tests/witnesses/scanners.txt \
        || "$uv" pip install --quiet --system-certs --python "$home/scanners/bin/python" \
            --requirement tests/witnesses/scanners.txt || return 1
    printf '%s' "$wanted" > "$home/scanners/.installed"
}

# A Bluesky network: Jetstream, and the relay that its own tests simulate. Go's module proxy does not serve it.
jetstream() {
    commit=9a30defd224e9058814a7d6ce8d9e4fc48d5493c
    [ -x "$home/jetstream" ] && [ "$(cat "$home/.jetstream" 2>/dev/null || true)" = "$commit" ] && return 0
    command -v go >/dev/null 2>&1 || return 1
    say "building Jetstream into $home (once; about two minutes of CPU)"
    if [ ! -d "$home/jetstream-source/.git" ]; then
        GIT_TERMINAL_PROMPT=0 git clone --quiet \
            "${JETSTREAM_SOURCE:-https://github.com/bluesky-social/jetstream}" "$home/jetstream-source" || return 1
    fi
    git -C "$home/jetstream-source" checkout --quiet "$commit" || return 1
    out="$PWD/$home"
    (cd "$home/jetstream-source" && go build -o "$out/" ./cmd/jetstream ./cmd/simulator) || return 1
    printf '%s' "$commit" > "$home/.jetstream"
}

# Servers that are Go programs, built from the modules that tests/witnesses/go.txt names; Go checks their sums.
go_programs() {
    wanted="$(cksum tests/witnesses/go.txt)"
    [ "$(cat "$home/.go" 2>/dev/null || true)" = "$wanted" ] && return 0
    command -v go >/dev/null 2>&1 || return 1
    say "building the programs of tests/witnesses/go.txt into $home (once; some minutes)"
    while read -r module; do
        GOBIN="$PWD/$home" go install -trimpath "$module" || return 1
    done < tests/witnesses/go.txt
    printf '%s' "$wanted" > "$home/.go"
}

jetstream || say "no Jetstream: it needs Go 1.26 and GitHub, or JETSTREAM_SOURCE; its tests are skipped"
scanners || say "no checkov and cloudsplaining: check that the package index can be reached; their tests are skipped"
node_packages || say "no packages of npm: check that its registry can be reached; their tests are skipped"
go_programs || say "no S3 server: install Go 1.25 or newer, check that its module proxy can be reached; its tests are skipped"
