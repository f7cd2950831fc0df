#!/bin/sh
# Brings .venv up to date with uv.lock: `scripts/bootstrap.sh run` or `scripts/bootstrap.sh dev`.
#
# Needs Python 3.11 or 3.12 and the package index. Finds or installs uv (into .uv/), adds a Java runtime from a
# package when no Java 17 to 21 is found, and does nothing when nothing changed. Not here: what is installed
# (pyproject.toml, uv.lock), commands (Makefile).
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9        # writes the format of uv.lock
profile=${1:-run}
stamp=.venv/.installed-$profile

fail() { echo "socialsent: $1" >&2; exit 2; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-} python3.11 python3.12 python3 python; do
        if fits "$candidate"; then "$candidate" -c 'import sys; print(sys.executable)'; return; fi
    done
    fail "needs Python 3.11 or 3.12 (found: $(python3 --version 2>&1)); install one, or name it: make PYTHON=/path/to/python3.11"
}

find_uv() {
    if [ -x .uv/bin/uv ]; then echo .uv/bin/uv; return; fi
    if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
    echo "socialsent: installing uv $UV_VERSION into .uv/" >&2
    # Debian ships Python without venv and pip; apt brings them where that is allowed.
    if ! "$python" -m venv .uv >/dev/null 2>&1; then
        rm -rf .uv
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            apt-get update -qq >&2 && apt-get install -y -qq python3-venv >&2
        fi
        "$python" -m venv .uv >&2 || { rm -rf .uv; fail "this Python has no venv module; install it (Debian, Ubuntu: apt install python3-venv) and run make again"; }
    fi
    .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" >&2 \
        || { rm -rf .uv; fail "could not install uv; check that the package index can be reached, and run make again"; }
    echo .uv/bin/uv
}

# Spark 3.5 wants Java 17; 21 works, 24 and later do not start it.
has_java() {
    for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java; do
        major=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || continue
        case "$major" in 17|18|19|20|21) return 0 ;; esac
    done
    return 1
}

groups=""
if ! has_java; then groups="--group java"; fi
if [ "$profile" = dev ]; then groups="$groups --group dev --group infra --group aws"; fi

wanted="$(cksum uv.lock pyproject.toml scripts/bootstrap.sh) $groups"
if [ -f "$stamp" ] && [ -x .venv/bin/python ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

python=$(find_python)
uv=$(find_uv)
echo "socialsent: installing what uv.lock names into .venv/ (once; about 1.5 GB)" >&2
# --inexact: `make run` after `make test` must not take the test tools away again.
install() {
    # shellcheck disable=SC2086  # $groups is a list
    "$uv" sync --quiet --frozen --inexact --no-default-groups --python "$python" $groups "$@"
}
# Behind a proxy that signs with a certificate of its own, only the system knows that certificate.
first_try=$(mktemp)
install 2>"$first_try" || install --system-certs \
    || { cat "$first_try" >&2; fail "the install stopped (see above); it goes on where it was with the same make command"; }
rm -f "$first_try"
# Compiled once here rather than in the first run. A failure is shown there too, with what to do.
.venv/bin/python -m socialsent_assets.domain.learning.linear >/dev/null 2>&1 || true
printf '%s' "$wanted" > "$stamp"
