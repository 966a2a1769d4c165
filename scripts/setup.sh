#!/usr/bin/env bash
# Makes .venv with everything that EchoView and its tests need; returns at once when nothing has changed.
# VENV=folder, EXTRA=test|bundle and PYTHON=interpreter may be given.
set -eu
cd "$(dirname "$0")/.."

VENV=${VENV:-.venv}
EXTRA=${EXTRA:-test}
LOG=$VENV/setup.log
READY=$VENV/.ready            # two lines: where the checkout stood, a checksum of what was installed
UNFINISHED=$VENV/.unfinished  # stands only while something is being installed
TORCH_CPU=https://download.pytorch.org/whl/cpu
PATH=$PATH:/usr/sbin:/sbin    # ldconfig, for people who are not root

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
apt_install() {
    local log; log=$(mktemp)
    if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1
    then rm -f "$log"; else tail -n 5 "$log" >&2; rm -f "$log"; return 1; fi
}
checksum() { { cat pyproject.toml constraints.txt scripts/setup.sh; echo "$EXTRA"; } | cksum; }
healthy() { "$VENV/bin/python" -c 'import pip' >/dev/null 2>&1; }

wanted=$(printf '%s\n%s' "$PWD" "$(checksum)")
if [ -f "$READY" ] && [ ! -e "$UNFINISHED" ] && [ "$(cat "$READY")" = "$wanted" ] && healthy; then
    exit 0
fi

# --- Python -----------------------------------------------------------------------------------------------
find_python() {  # the first that is new enough and can make an environment, else the first that is new enough
    local name second=""
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
        if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then echo "$name"; return; fi
        second=${second:-$name}
    done
    echo "$second"
}

# --- Qt's system libraries: "soname package", those without which nothing starts first -----------------------
LIBRARIES='
libEGL.so.1 libegl1
libGL.so.1 libgl1
libxkbcommon.so.0 libxkbcommon0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libglib-2.0.so.0 libglib2.0-0
libX11-xcb.so.1 libx11-xcb1
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-randr.so.0 libxcb-randr0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-sync.so.1 libxcb-sync1
libxcb-util.so.1 libxcb-util1
libxcb-xfixes.so.0 libxcb-xfixes0
libxcb-xkb.so.1 libxcb-xkb1'

missing_packages() {
    local known soname package
    known=$(ldconfig -p)
    while read -r soname package; do
        case "$known" in *"$soname "*) ;; *) [ -z "$soname" ] || echo "$package" ;; esac
    done <<<"$LIBRARIES"
    # Any font will do.
    if [ -z "$(find /usr/share/fonts /usr/local/share/fonts ~/.fonts ~/.local/share/fonts \
            \( -name '*.[to]t[fc]' -o -name '*.pfb' \) -print -quit 2>/dev/null)" ]; then
        echo fonts-dejavu-core
    fi
}

if [ "$(uname -s)" = Linux ] && command -v ldconfig >/dev/null; then
    missing=$(missing_packages | tr '\n' ' ')
    if [ -n "$missing" ]; then
        install="apt-get install -y --no-install-recommends $missing"
        if can_apt; then
            say "installing Qt's system libraries: $missing"
            # shellcheck disable=SC2086
            apt_install $missing || say "apt-get failed; the window may not open until this has run: $install"
        elif command -v apt-get >/dev/null; then
            say "Qt's system libraries are missing; please run: sudo $install"
        else
            say "Qt's system libraries are missing; please install what Debian calls: $missing"
        fi
    fi
fi

# --- a database server, for the tests of a library that a team shares; without it they are skipped ------------------
if [ "$EXTRA" = test ] && can_apt && ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
then
    say "installing PostgreSQL for the tests"
    mkdir -p /etc/postgresql-common/createcluster.d  # the programs, not a server that runs
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/echoview.conf
    apt_install postgresql || say "apt-get failed; the tests of a library on a server will be skipped"
fi

python=$(find_python)
[ -n "$python" ] || fail "Python 3.11 or later is needed: install it, or run: PYTHON=/path/to/python3.12 make setup"
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    package=$(basename "$python")-venv
    can_apt || fail "Python's venv module is missing; please run: sudo apt-get install -y $package"
    say "installing $package"
    apt_install "$package" || fail "apt-get could not install $package"
fi

# --- the environment ----------------------------------------------------------------------------------------
if [ -e "$VENV" ]; then
    reason=""
    [ -e "$UNFINISHED" ] && reason="an interrupted set-up"
    [ -f "$READY" ] && [ "$(head -n 1 "$READY")" != "$PWD" ] && reason="a checkout that has moved"
    [ -n "$reason" ] || healthy || reason="a Python that has gone"
    if [ -n "$reason" ]; then
        # Never a folder that is not an environment.
        [ -e "$VENV/pyvenv.cfg" ] || [ -e "$UNFINISHED" ] || [ -z "$(ls -A "$VENV")" ] \
            || fail "$VENV is in the way and is no Python environment; please move it"
        say "making $VENV anew after $reason"
        rm -rf "$VENV"
    fi
fi
mkdir -p "$VENV"
: >"$LOG"
rm -f "$READY"
touch "$UNFINISHED"  # an interrupt leaves it, so that the next run begins afresh
trap 'say "interrupted"; exit 130' INT TERM

step() {  # step WORDS COMMAND...: one line for a person, the rest into the log
    say "$1"; shift
    local code=0
    "$@" >>"$LOG" 2>&1 || code=$?
    [ "$code" -ne 0 ] || return 0
    tail -n 15 "$LOG" >&2
    [ "$code" -ge 128 ] || rm -f "$UNFINISHED"  # pip has tidied up behind itself
    fail "this did not work; the whole output is in $LOG"
}

pip_install() { "$VENV/bin/python" -m pip --disable-pip-version-check install --no-input -c constraints.txt "$@"; }

torch_cpu() {  # PyPI's torch for Linux carries CUDA; PyTorch's own index is asked too, and left out when it is silent
    pip_install --extra-index-url "$TORCH_CPU" --timeout 20 --retries 1 torch || pip_install torch
}

if ! healthy; then
    rm -f "$LOG"
    "$python" -m venv "$VENV" || { rm -rf "$VENV"; fail "$python could not make an environment in $VENV"; }
    touch "$LOG"
    say "made $VENV with $("$VENV/bin/python" -V)"
fi
if [ "$(uname -s)" = Linux ]; then
    step "installing PyTorch for the CPU (minutes the first time)" torch_cpu
fi
step "installing EchoView and what it needs" pip_install -e ".[$EXTRA]"
step "looking whether Qt and PyTorch load" "$VENV/bin/python" -c 'import PySide6.QtWidgets, torch'

printf '%s\n' "$wanted" >"$READY"
rm -f "$UNFINISHED"
say "ready"
