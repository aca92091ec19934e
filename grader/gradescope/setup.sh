#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder's image. It needs Python 3.11 or newer.
set -euo pipefail
source="${AUTOGRADER_SOURCE:-/autograder/source}"
# Not under /autograder: whatever runs student code has to read it, and nothing else there is for student code to read.
venv="${AUTOGRADER_VENV:-/opt/autograder-venv}"
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

find_python() {
    local name
    for name in ${AUTOGRADER_BASE_PYTHON:-python3.12 python3.11 python3.13 python3}; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq || echo "setup: no package lists; going on with what is there"
    # The strongest isolation, where the container lets it work; without it the kernel's Landlock and seccomp are used.
    apt-get install -y -qq bubblewrap || echo "setup: no bubblewrap"
    find_python >/dev/null || apt-get install -y -qq python3.12 python3.12-venv \
        || apt-get install -y -qq python3.11 python3.11-venv || apt-get install -y -qq python3-venv || true
fi
python="$(find_python)" || {
    echo "setup: Python 3.11 or newer is needed; choose a newer base image under Configure Autograder" >&2
    exit 1
}

"$python" -m venv "$venv"
# torch without CUDA comes from an index of its own. Versions are those in constraints.txt.
"$venv/bin/python" -m pip install --quiet --no-cache-dir -c "$source/constraints.txt" \
    --extra-index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}" -e "$source[class]"
"$venv/bin/python" -P -c 'import grader.gradescope.run, torch; print("setup: torch", torch.__version__)'
# The reference has to get full marks in here; what passes is remembered in the image, so no upload waits for it.
"$venv/bin/python" -P -m grader.gradescope --rehearse --source "$source"
echo "setup: ready"
