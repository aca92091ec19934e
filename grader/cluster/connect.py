"""The way to a scheduler of Dask's, by its address or by the file that it writes; one line if there is none."""

from __future__ import annotations

import ipaddress
import json
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from grader.errors import ClusterError
from grader.printable import one_line

if TYPE_CHECKING:
    from distributed import Client

_SECONDS = 10.0
_OBJECT = re.compile(r"^in <[^>]*>: ")


def connect(where: str) -> Client:
    """A client of the scheduler. Keys and certificates are those of Dask's own configuration.

    Args:
        where: an address such as ``tcp://host:8786`` or ``tls://host:8786``, or the path of a scheduler file.

    Raises:
        ClusterError: Dask is not installed, or nobody answers there.
    """
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise ClusterError(
            f"--scheduler needs Dask, which is not installed here ({error}); in the course's folder: "
            "python .ci/install.py '.[cluster]'"
        ) from None
    # What Dask has to say of a connection that breaks is said by the caller, in one line.
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    address = where if "://" in where else _address_in(Path(where))
    security = Security()
    if address.startswith("tls://") and not security.get_connection_args("client").get("ssl_context"):
        raise ClusterError(
            f"{one_line(address)} needs a key and a certificate, and Dask's configuration here names none "
            "(distributed.comm.tls; see grader/README.md)"
        )
    try:
        return Client(address, security=security, timeout=_SECONDS, set_as_default=False, name="grader")
    except Exception as error:  # of a dozen kinds: of sockets, of TLS, of an address that has no such form
        why = one_line(_OBJECT.sub("", str(error.__cause__ or error)) or type(error).__name__, 200)
        raise ClusterError(
            f"no scheduler answers at {one_line(address)}: {why}; start one with `dask scheduler`, "
            "and give the address that it prints"
        ) from None


def is_open(address: str) -> bool:
    """Whether what is sent there can be read by others on the way: no TLS, and not this machine itself."""
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "ws"):
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname != "localhost"


def _address_in(path: Path) -> str:
    """The address that a scheduler has written to a file.

    Raises:
        ClusterError: there is none.
    """
    try:
        address = json.loads(path.read_bytes())["address"]
    except OSError as error:
        raise ClusterError(
            f"{one_line(str(path))} is neither an address such as tcp://host:8786 nor a scheduler's file: "
            f"{error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError):
        address = None
    if not isinstance(address, str) or "://" not in address:
        raise ClusterError(f"{one_line(str(path))} was not written by `dask scheduler --scheduler-file`")
    return address
