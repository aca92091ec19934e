"""Send a word to somebody who listens: $EACH.

gains: the hidden tests, carried out; answers, carried in
canary: byte
control: process only
each: tcp udp unix abstract sendmsg
sample: tcp
"""

import socket

INET, UNIX, STREAM, DGRAM = socket.AF_INET, socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM


def connected(family, address):
    s = socket.socket(family, STREAM)
    s.connect(address)
    return s


WAYS = {
    "tcp": lambda: connected(INET, ("127.0.0.1", int("$PORT"))).sendall(b"$TOKEN"),
    "udp": lambda: socket.socket(INET, DGRAM).sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0\x10$TOKEN\0\0\1\0\1", ("127.0.0.1", int("$UDP"))),
    "unix": lambda: connected(UNIX, "$SOCKET").sendall(b"$TOKEN"),
    "abstract": lambda: connected(UNIX, "\0$ABSTRACT").sendall(b"$TOKEN"),
    "sendmsg": lambda: connected(INET, ("127.0.0.1", int("$PORT"))).sendmsg([b"$TOKEN"]),
}


def double(x):
    WAYS["$EACH"]()
