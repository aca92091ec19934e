"""Remove or make what System V keeps for all processes of a user: $EACH.

gains: the end of another program of the instructor's; a store that outlives the session
canary: object
control: process only
each: remove-semaphore remove-queue remove-memory make-semaphore make-queue make-memory
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
KEY, NEXT, MAKE = int("$KEY"), int("$KEY") + 1, 0o1666


def double(x):
    done = {
        "remove-semaphore": lambda: libc.semctl(libc.semget(KEY, 0, 0), 0, 0),
        "remove-queue": lambda: libc.msgctl(libc.msgget(KEY, 0), 0, None),
        "remove-memory": lambda: libc.shmctl(libc.shmget(KEY, 0, 0), 0, None),
        "make-semaphore": lambda: libc.semget(NEXT, 1, MAKE),
        "make-queue": lambda: libc.msgget(NEXT, MAKE),
        "make-memory": lambda: libc.shmget(NEXT, 4096, MAKE),
    }["$EACH"]()
    if done < 0:
        raise OSError(ctypes.get_errno(), "refused")
