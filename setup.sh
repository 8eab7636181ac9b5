#!/bin/sh
# Makes a virtual environment: setup.sh PYTHON FOLDER PROJECT GROUP
# PROJECT is what to install of this project (".[daemon]", or nothing), GROUP a dependency group.
set -eu
python=$1 folder=$2 project=$3 group=$4

need() { # command, Debian packages
    command -v "$1" >/dev/null 2>&1 && return 0
    shift
    if [ "$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo -n"; else
        echo "missing: run  sudo apt-get install $*" >&2
        exit 1
    fi
    $root apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

need "$python" python3 python3-venv
need openssl openssl
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is older than Python 3.11; run  make PYTHON=/path/to/python3.11" >&2
    exit 1
}
if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
    need python3-venv-is-missing python3-venv
    "$python" -m venv "$folder"
fi
"$folder/bin/python" -m pip install -q -c constraints.txt uv
# Compiled now, for those who use it may not be allowed to write, or be told not to.
export UV_COMPILE_BYTECODE=1
if [ -n "$project" ]; then
    "$folder/bin/uv" pip install -q --python "$folder/bin/python" -c constraints.txt -e "$project" --group "$group"
else # the generator's own pins
    "$folder/bin/uv" pip install -q --python "$folder/bin/python" --group "$group"
fi
