# Sourced by the scripts beside it: goes to the project's root and makes sure that .venv holds what is wanted.
#
#   prepare [EXTRA]    the package, with the extra's dependencies, at the versions of constraints.txt

cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Greenroom needs Python 3.11 or later; install it (Debian: apt-get install python3 python3-venv)." >&2
    return 1
}

prepare() {
    local extra=${1:-} wanted stamp=.venv/.prepared
    # What is installed is what these files say; a change of them, or of the place, installs anew.
    wanted="$(cat setup.cfg pyproject.toml constraints.txt | cksum) $PWD $extra"
    if [ -x .venv/bin/python ] && grep -qxF "$wanted" "$stamp" 2>/dev/null; then
        return
    fi
    local python
    python=$(find_python)
    if [ ! -x .venv/bin/python ]; then
        echo "Making a virtual environment in .venv …" >&2
        "$python" -m venv .venv || {
            echo "It could not be made. On Debian: apt-get install python3-venv" >&2
            return 1
        }
    fi
    echo "Installing Greenroom and what it needs (a minute or two the first time) …" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --constraint constraints.txt --editable ".${extra:+[$extra]}"
    # What was installed for another extra stays: each stamp line speaks of one.
    if [ "$(head -n 1 "$stamp" 2>/dev/null | cut -d' ' -f1-3)" != "$(cut -d' ' -f1-3 <<<"$wanted")" ]; then
        : >"$stamp"
    fi
    echo "$wanted" >>"$stamp"
}
