#!/bin/sh
# Makes build/airflow/2.11 and build/airflow/3.0: the two lines of Airflow on MWAA, each in an environment of its own,
# with exactly what tests/aws/airflow/requirements-*.txt names. Does nothing when nothing changed.
#
# Needs .venv (scripts/bootstrap.sh) and the package index. Not here: what is installed (those files), our own
# dependencies (scripts/bootstrap.sh): Airflow's pins and ours exclude each other.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "socialsent: $1" >&2; exit 2; }

# As scripts/bootstrap.sh does it; its uv is in .uv/ unless the machine has one.
find_uv() {
    if [ -x .uv/bin/uv ]; then echo .uv/bin/uv; return; fi
    if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
    version=$(sed -n 's/^UV_VERSION=\([0-9.]*\).*/\1/p' scripts/bootstrap.sh)
    { .venv/bin/python -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$version"; } >&2 \
        || { rm -rf .uv; fail "could not install uv; check that the package index can be reached, and run make airflow again"; }
    echo .uv/bin/uv
}

[ -x .venv/bin/python ] || fail "there is no .venv yet; run make airflow, which makes it first"

for line in 2.11 3.0; do
    requirements=tests/aws/airflow/requirements-$line.txt
    home=build/airflow/$line
    stamp=$home/.installed
    wanted="$(cksum "$requirements") $(.venv/bin/python --version)"
    if [ -f "$stamp" ] && [ -x "$home/bin/airflow" ] && [ "$(cat "$stamp")" = "$wanted" ]; then continue; fi
    uv=${uv:-$(find_uv)}
    echo "socialsent: installing Airflow $line into $home (once; about 0.2 GB)" >&2
    rm -rf "$home"
    "$uv" venv --quiet --python .venv/bin/python "$home"
    # --no-deps: the file is complete, and resolving again could only make a difference. The certificates: see bootstrap.sh.
    install() { "$uv" pip install --quiet --no-deps --python "$home/bin/python" --requirement "$requirements" "$@"; }
    first_try=$(mktemp)
    install 2>"$first_try" || install --system-certs \
        || { cat "$first_try" >&2; fail "the install of Airflow $line stopped (see above); run make airflow again"; }
    rm -f "$first_try"
    printf '%s' "$wanted" > "$stamp"
done
