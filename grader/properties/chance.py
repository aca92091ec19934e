"""Tell which global random numbers a student's code draws, so that a script can seed them as the grader did."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

_SEEDS = {
    r"(?<![.\w])random\.|(?<![.\w])(randrange|shuffle|choice|choices|sample)\(": (
        r"^(import random|from random import)",
        "random.seed({})",
    ),
    r"\b(np|numpy)\.random\.(?!default_rng|Generator)": (r"numpy", "np.random.seed({})"),
    r"\b(nn|torch)\.(nn\.)?(Linear|Dropout|Conv|Embedding|LSTM|GRU|init|Parameter|rand|normal|multinomial|bernoulli)"
    r"|\.(multinomial|normal_|uniform_|random_|bernoulli|exponential_|sample|rsample)\(|Categorical|\binit\."
    r"|(?<!random\.)\b(Linear|Dropout|randperm|rand|randn|randint|orthogonal_)\(": (r"torch", "torch.manual_seed({})"),
}
"""What a source has if it draws: what its module has to have, and the line that seeds."""


def seeds(seed: int, source: str, names: Iterable[str]) -> list[str]:
    """The lines that seed what these functions and classes of a module draw from."""
    text = _reached(source, names)
    found = []
    for draws, (imported, line) in _SEEDS.items():
        if re.search(draws, text) and re.search(imported, source, re.M):
            found.append(line.format(seed))
    return found


def _reached(source: str, names: Iterable[str]) -> str:
    """The text of some functions and classes of a module, and of all in it that these mention."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return source
    defined: dict[str, list[ast.stmt]] = {}
    always = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    defined.setdefault(target.id, []).append(node)
    waiting, reached = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in reached or name not in defined:
            continue
        reached.add(name)
        for node in defined[name]:
            always.append(ast.unparse(node))
            waiting += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
            waiting += [part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)]
    return "\n".join(always)
