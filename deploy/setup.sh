#!/bin/sh
# Makes or renews .venv from the lock; does nothing when that has been done. For `make setup`.
# Everything goes to standard error: `make token` must print a token and nothing else.
set -eu
exec 1>&2
cd "$(dirname "$0")/.."

lock=deploy/locks/development.txt
done_with=.venv/installed-from.txt

for candidate in "${PYTHON:-python3.11}" python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "Opora needs Python 3.11: neither ${PYTHON:-python3.11} nor python3 is one."
    echo "On Debian 12: apt-get install python3 python3-pip. Elsewhere: make PYTHON=<its path> ..."
    exit 1
fi

mkdir -p .local
exec 9>.local/setup.lock
flock 9 # `make demo` and `make test` may be started side by side

works() { .venv/bin/python -c '' 2>/dev/null; }
has_pip() { "$1" -m pip --version >/dev/null 2>&1; }

if works && cmp -s "$lock" "$done_with"; then
    exit 0
fi
echo "Setting up .venv from $lock ..."
if ! works; then
    # Debian keeps the pip for new environments in a package of its own; the system's pip will do.
    "$python" -c 'import ensurepip' 2>/dev/null && pip= || pip=--without-pip
    "$python" -m venv --clear $pip .venv
fi
if has_pip .venv/bin/python; then
    pip=".venv/bin/python -m pip"
elif has_pip "$python"; then
    pip="$python -m pip --python .venv/bin/python"
else
    echo "There is no pip for $python. On Debian 12: apt-get install python3-pip"
    exit 1
fi
rm -f "$done_with"
$pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
cp "$lock" "$done_with"
