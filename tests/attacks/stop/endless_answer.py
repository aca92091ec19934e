"""Answer with what has no end or no sensible size: $EACH.

gains: the grader's own time and memory
canary: stopped
control: says answers|Pile|length|len|is|more|values|time
each: iterator length negative-length text-length self deep wide
"""


class Pile:
    height = 2

    def push(self, thing): pass

    def __len__(self):
        return {"length": 1 << 62, "negative-length": -1, "text-length": "two"}.get("$EACH", 2)

    def __getitem__(self, i): return 7

    def __iter__(self):
        n = 0
        while True:
            yield n if "$EACH" != "wide" else [n] * 1000
            n += 1


def double(x):
    loop = []
    loop.append(loop)
    deep = 6
    for _ in range(10_000):
        deep = [deep]
    return {"self": loop, "deep": deep, "wide": [[]] * 400_000}.get("$EACH", 0)
