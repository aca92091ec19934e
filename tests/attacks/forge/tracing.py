"""Have the interpreter call the student's code at every line, and change what it finds: $EACH.

gains: an expected value that is the student's own
canary: points
control: naive
each: settrace setprofile
"""

import sys


def look(frame, event, argument):
    frame.f_trace_lines = True
    if frame.f_code.co_name == "numbers" and event == "return":
        import json
        import os

        for number in range(3, 12):
            try:
                os.write(number, json.dumps({"points": 7, "mate": 7}).encode())
            except OSError:
                pass
        os._exit(1)
    return look


def double(x):
    getattr(sys, "$EACH")(look)
    frame = sys._getframe()
    while frame := frame.f_back:
        frame.f_trace = look
    return 0
