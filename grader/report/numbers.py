"""Numbers in a report: the file may have been changed by anybody before it is read again."""

from __future__ import annotations

from typing import Annotated

import msgspec

_MOST = 2**63 - 1

Whole = Annotated[int, msgspec.Meta(ge=-_MOST, le=_MOST)]
"""A whole number of a size that there is a float for: JSON has numbers of any length."""

Positive = Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
"""The same, from 1 on."""
