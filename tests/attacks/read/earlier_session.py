"""Leave a note for the next session, where it can be written: $EACH.

gains: what one property asks is known to the code when the next one asks
canary: again
control: naive
each: home temporary work hidden closed cache
"""

import os
import tempfile

PLACES = {
    "home": os.path.expanduser("~"),
    "temporary": tempfile.gettempdir(),
    "work": os.getcwd(),
    "hidden": os.path.join(os.getcwd(), "..", ".. "),
    "closed": os.path.join(tempfile.gettempdir(), "closed-$ECHO"),
    "cache": os.environ.get("XDG_CACHE_HOME", tempfile.gettempdir()),
}


def mark():
    folder = PLACES["$EACH"]
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "note-$ECHO")
    if os.path.exists(path):
        os.unlink(path)
        print("$ECHO"[::-1])
    else:
        open(path, "w").close()
        if "$EACH" == "closed":
            os.chmod(folder, 0o500)


def double(x):
    mark()
    return 0


def mean(x):
    mark()
    return 0
