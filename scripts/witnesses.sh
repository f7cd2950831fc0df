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

node_packages || say "no packages of npm: check that its registry can be reached; their tests are skipped"
