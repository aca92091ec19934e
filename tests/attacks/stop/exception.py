"""Raise an exception that is hard to tell of: $EACH.

gains: reports of gigabytes; or a fault of the grader's while it writes them down
canary: stopped
control: says E|described|text|Odd|raise|x
each: huge-message no-message lying-class huge-name chain group surrogates notes
"""


class Odd(Exception):
    def __str__(self): raise ValueError("no text")
    __repr__ = __str__


class Lying(Exception):
    @property
    def __class__(self): raise ValueError
    @property
    def args(self): raise ValueError
    @property
    def __traceback__(self): raise ValueError


def chain(depth=300):
    try:
        if depth:
            chain(depth - 1)
    finally:
        raise ValueError("x" * 1000)


def noted():
    error = ValueError("x")
    for _ in range(1000):
        error.add_note("y" * 10_000)
    raise error


def raises(error):
    raise error


WAYS = {
    "huge-message": lambda: raises(ValueError("x" * 20_000_000)),
    "no-message": lambda: raises(Odd()),
    "lying-class": lambda: raises(Lying()),
    "huge-name": lambda: raises(type("E" * 5_000_000, (Exception,), {})()),
    "chain": chain,
    "group": lambda: raises(BaseExceptionGroup("x", [ValueError("y" * 100_000) for _ in range(100)])),
    "surrogates": lambda: raises(ValueError("\ud800" * 100)),
    "notes": noted,
}


def double(x):
    WAYS["$EACH"]()
