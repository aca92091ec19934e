"""Arrays that are legal and unusual: read-only ones, and ones whose numbers do not lie side by side.

They cross the boundary as what they are. Make them in the test itself: what hypothesis draws is copied to be kept, and
numpy copies neither of the two properties.

    >>> from grader.testing import read_only, strided
    >>> read_only(np.array([1.0, 2.0])).flags.writeable, strided(np.array([1.0, 2.0])).flags.c_contiguous
    (False, False)
"""

from __future__ import annotations

from typing import Any

import numpy as np


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A view of the array that nobody can write to, as some environments and files hand them out."""
    view = array.view()
    view.flags.writeable = False
    return view


def strided(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same numbers as every second one of a larger array, as a column or a slice of a table has them."""
    return np.repeat(array, 2, axis=-1)[..., ::2]
