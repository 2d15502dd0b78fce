# Sourced by the scripts beside it: goes to the project's root and makes sure that .venv holds what is wanted.
#
#   prepare [EXTRA]    the package, with the extra's dependencies, at the versions of constraints.txt
#   system_packages    what the tests need of Debian: a browser, Node.js, nginx, a WebSocket client with its own Python;
#                      of these, the packages that are named alone, where some are
#   prepare_judges     the packages of tests/system/judges, at the versions of its lock file; and Prometheus' own linter
#   prepare_peers      the same of scripts/bench/peers

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
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
        --constraint constraints.txt --editable ".${extra:+[$extra]}"
    # What was installed for another extra stays: each stamp line speaks of one.
    if [ "$(head -n 1 "$stamp" 2>/dev/null | cut -d' ' -f1-3)" != "$(cut -d' ' -f1-3 <<<"$wanted")" ]; then
        : >"$stamp"
    fi
    echo "$wanted" >>"$stamp"
}

# What is missing of Debian's packages, each told by something that is there once it is installed.
missing_packages() {
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    command -v chromium >/dev/null || echo chromium
    /usr/bin/python3 -c 'import autobahn' 2>/dev/null || echo python3-autobahn
    PATH=$PATH:/usr/sbin command -v nginx >/dev/null || echo nginx
}

system_packages() {
    local missing install wanted="${*:-nodejs npm chromium nginx python3-autobahn}"
    still_missing() { missing_packages | grep -xF "$(tr ' ' '\n' <<<"$wanted")" || true; }
    missing=$(still_missing | xargs)
    if [ -z "$missing" ]; then
        return
    fi
    install="apt-get install --yes --no-install-recommends $missing"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "Missing: $missing. On Debian: $install" >&2
        return 1
    fi
    echo "Installing $missing …" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    # Node.js may bring an npm of its own, which Debian's would clash with: so one after the other.
    local package
    for package in $missing; do
        if still_missing | grep -qxF "$package"; then
            apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$package" >/dev/null
        fi
    done
    missing=$(still_missing | xargs)
    if [ -n "$missing" ]; then
        echo "Installed, and still not there: $missing" >&2
        return 1
    fi
}

# Out of Debian's package, which would start a server if it were installed.
prepare_promtool() {
    if [ -x .venv/bin/promtool ]; then
        return
    fi
    (
        cd .venv
        rm -f prometheus_*.deb
        apt-get -qq download prometheus 2>/dev/null ||
            { apt-get -qq -o DPkg::Lock::Timeout=300 update && apt-get -qq download prometheus 2>/dev/null; }
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar --extract --directory bin --strip-components 3 ./usr/bin/promtool
        rm prometheus_*.deb
    ) || {
        echo "The tests need promtool, of Debian's package prometheus, in .venv/bin." >&2
        return 1
    }
}

prepare_judges() {
    prepare_promtool
    node_packages tests/system/judges
}

prepare_peers() { node_packages scripts/bench/peers; }

node_packages() {
    local folder=$1 wanted stamp
    stamp=$folder/node_modules/.prepared
    wanted=$(cat $folder/package.json $folder/package-lock.json | cksum)
    if [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    (cd $folder && npm ci --silent --no-audit --no-fund --ignore-scripts)
    echo "$wanted" >$stamp
}
