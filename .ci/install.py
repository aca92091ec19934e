"""Install this project into the environment whose Python runs this file, with a build of torch that suits the machine.

    .venv/bin/python .ci/install.py '.[class]' [OPTIONS OF PIP ...]

On Linux, the torch on PyPI brings CUDA along: about 2.8 GB to download, for hardware that most machines do not have,
and slower than a CPU for networks as small as this course's. The build without CUDA is 0.2 GB and lies on an index of
its own. So if there is no NVIDIA GPU, that index is asked: by pip, because pip has to reach it afterwards, through the
same proxies and with the same certificates. If you have options of your own for pip (PIP_FLAGS), they decide, and no
index is asked. TORCH_INDEX names a mirror of the index.

`make` runs this file before anything is installed, so it imports nothing but Python's own library.
"""

from __future__ import annotations

import glob
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 4
"""Seconds that the index is waited for: it may be behind a firewall, which drops what is sent to it."""
_NO_BUILD = "No matching distribution found"


def main() -> None:
    """Choose a build of torch, say which, and let pip install.

    Raises:
        SystemExit: with one line, if this Python is too old, or pip cannot find torch at all.
    """
    project, *flags = sys.argv[1:]
    if sys.version_info < OLDEST:
        _stop(f"{sys.prefix} has Python {platform.python_version()}; 3.11 or newer is needed. Remove it: make clean")
    if flags:
        print(f"torch {pinned()}: the build that pip finds with PIP_FLAGS")
    elif not _is_installed(pinned()):
        flags, said = choose(pinned())
        print(said, flush=True)
    command = ["install", "--quiet", *flags, "-c", str(CONSTRAINTS), "-e", project]
    if subprocess.run(_pip(*command), check=False).returncode:
        _stop("pip could not install the packages; what it says is above")


def pinned() -> str:
    """The version of torch that constraints.txt names."""
    found = re.search(r"(?m)^torch==(\S+)", CONSTRAINTS.read_text(encoding="utf-8"))
    assert found is not None, "constraints.txt pins torch"
    return found[1]


def choose(version: str) -> tuple[list[str], str]:
    """Options for pip, and a line that says which build of torch they bring.

    Args:
        version: the version of torch to be installed.

    Raises:
        SystemExit: with one line, if pip finds no such build for this machine.
    """
    cpu, torch = f"{version}+cpu", f"torch {version}"
    offered = _offered()
    if cpu in offered:
        return [], f"{torch}: the CPU build (0.2 GB), which pip's own configuration offers"
    if platform.system() != "Linux":
        _must_have(version, offered)
        return [], f"{torch}: PyPI's build, which has no CUDA on {platform.system()}"
    if has_gpu():
        _must_have(version, offered)
        return [], f"{torch}: PyPI's build with CUDA (2.8 GB), for this machine's NVIDIA GPU"
    index = os.environ.get("TORCH_INDEX") or CPU_INDEX
    if cpu in _offered_by(index):
        return ["--extra-index-url", index], f"{torch}: the CPU build (0.2 GB) from {_shown(index)}; no NVIDIA GPU here"
    _must_have(version, offered)
    return [], (
        f"{torch}: PyPI's build with CUDA (2.8 GB). There is no NVIDIA GPU here, but pip finds no CPU build at "
        f"{_shown(index)}; to name a mirror: make ... TORCH_INDEX=URL"
    )


def has_gpu() -> bool:
    """Whether this machine has an NVIDIA GPU, or at least its driver."""
    return bool(glob.glob("/dev/nvidia*")) or shutil.which("nvidia-smi") is not None


def _offered() -> list[str]:
    """The versions of torch that pip finds for this Python and machine, as it is configured here.

    Raises:
        SystemExit: with one line, if there are none.
    """
    done = subprocess.run(_pip("index", "versions", "torch"), capture_output=True, text=True, check=False)
    # `pip index` is called experimental: if it fails in another way, pip itself is to say what is wrong.
    if done.returncode and _NO_BUILD in done.stderr:
        _stop(
            "pip finds no torch for this machine: it reaches no package index, or one without torch. Name a mirror, "
            "make ... PIP_FLAGS='--index-url URL', or a folder of wheels, PIP_FLAGS='--no-index --find-links FOLDER'"
        )
    return _versions(done.stdout)


def _offered_by(index: str) -> list[str]:
    """The same, for one index alone; none if it does not answer within seconds."""
    with tempfile.TemporaryDirectory() as nothing:
        # What pip is configured to look at beside an index must not answer for it.
        alone = {**os.environ, "PIP_INDEX_URL": index, "PIP_EXTRA_INDEX_URL": index, "PIP_FIND_LINKS": nothing}
        command = _pip("index", "versions", "torch", "--timeout", str(PATIENCE), "--retries", "0")
        try:
            done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return []
    return _versions(done.stdout)


def _versions(said: str) -> list[str]:
    found = re.search(r"(?m)^Available versions: (.*)$", said)
    return found[1].split(", ") if found else []


def _shown(index: str) -> str:
    """An address without the password that it may hold."""
    return re.sub(r"//[^/@]*@", "//", index)


def _must_have(version: str, offered: list[str]) -> None:
    if offered and version not in offered:
        machine = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        _stop(f"constraints.txt pins torch {version}, of which pip finds no build for {machine}; it has {offered[0]}")


def _is_installed(version: str) -> bool:
    try:
        return importlib.metadata.version("torch").partition("+")[0] == version
    except importlib.metadata.PackageNotFoundError:
        return False


def _pip(*words: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]


def _stop(line: str) -> None:
    print(f"make: {line}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
