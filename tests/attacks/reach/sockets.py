"""Open a door of its own to the network, or ask the kernel about it: $EACH.

gains: a way in for somebody outside
canary: says
control: process only
each: listen netlink pair vsock
"""

import socket


def listen():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen()


WAYS = {
    "listen": listen,
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0)),
    "pair": lambda: socket.socketpair(),
    "vsock": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
}


def double(x):
    WAYS["$EACH"]()
    print("$ECHO"[::-1])
