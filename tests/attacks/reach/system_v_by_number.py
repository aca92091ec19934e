"""Remove what System V keeps for a user without asking for it by its key, by trying numbers: $EACH.

gains: the end of another program of the instructor's
canary: object
control: process only
each: semaphore queue
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
SEM_STAT, MSG_STAT = 18, 11


class Permissions(ctypes.Structure):
    _fields_ = (("key", ctypes.c_int), ("rest", ctypes.c_char * 252))


def double(x):
    found = Permissions()
    for place in range(2000):
        if "$EACH" == "semaphore":
            number = libc.semctl(place, 0, SEM_STAT, ctypes.byref(found))
            if number >= 0 and found.key == int("$KEY"):
                return libc.semctl(number, 0, 0)
        else:
            number = libc.msgctl(place, MSG_STAT, ctypes.byref(found))
            if number >= 0 and found.key == int("$KEY"):
                return libc.msgctl(number, 0, None)
    raise OSError("none is there")
