"""Fill the one folder that may be written to: $EACH.

gains: a full disk; a folder that nobody can empty, so that the next student cannot start
canary: stopped
control: says more than|kept|Errno|too large|large|ended
each: bytes files depth
"""

import os


def double(x):
    if "$EACH" == "bytes":
        for i in range(40):
            with open(f"f{i}", "wb") as file:
                file.write(bytes(4 << 20))
    elif "$EACH" == "files":
        for i in range(5000):
            open(f"f{i}", "w").close()
    else:
        for _ in range(400):
            os.mkdir("d")
            os.chdir("d")
            os.chmod(".", 0o700)
    import time

    time.sleep(1)
    raise OSError("kept more than it may")
