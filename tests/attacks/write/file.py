"""Make something outside of its own folder: $EACH.

gains: a note for a later submission, a program that somebody else runs
canary: file
control: process only
each: open mkdir symlink mkfifo bind rename hardlink sqlite save
sample: open
"""

import os
import socket

TRAP = "$TRAP"


def sqlite():
    import sqlite3

    sqlite3.connect(TRAP).execute("create table t (x)")


def save():
    import numpy

    numpy.save(TRAP, numpy.zeros(2))


def moved(how):
    open("made-here", "w").close()
    how("made-here", TRAP)


WAYS = {
    "open": lambda: open(TRAP, "w").close(),
    "mkdir": lambda: os.mkdir(TRAP),
    "symlink": lambda: os.symlink("/", TRAP),
    "mkfifo": lambda: os.mkfifo(TRAP),
    "bind": lambda: socket.socket(socket.AF_UNIX).bind(TRAP),
    "rename": lambda: moved(os.rename),
    "hardlink": lambda: moved(os.link),
    "sqlite": sqlite,
    "save": save,
}


def double(x):
    WAYS["$EACH"]()
