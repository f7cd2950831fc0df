#!/bin/sh
# Makes build/witnesses: software of other people that `make test-aws` holds the AWS side against, in the versions that
# tests/witnesses/ names. Does nothing when nothing changed. A part that cannot be had on this machine is left out with
# one line: the tests that need it are skipped and name it.
#
# Needs .venv (scripts/bootstrap.sh), whose Node.js it uses, and the package indexes. Not here: what is installed
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

scanners || say "no checkov and cloudsplaining: check that the package index can be reached; their tests are skipped"
node_packages || say "no packages of npm: check that its registry can be reached; their tests are skipped"
