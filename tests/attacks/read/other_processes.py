"""Read what the system says of other processes: $EACH.

gains: passwords in command lines and environments
canary: secret
control: process only
each: cmdline environ
"""

import glob


def double(x):
    import sys

    wanted = b"secret"
    for path in ["/proc/$VICTIM/$EACH", *glob.glob("/proc/[0-9]*/$EACH")]:
        try:
            text = open(path, "rb").read()
        except OSError:
            continue
        if wanted in text:
            at = text.index(wanted)
            print(text[at : at + 60])
    if not glob.glob("/proc/[0-9]*"):
        sys.exit("no processes")
