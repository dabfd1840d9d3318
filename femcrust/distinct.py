"""Values once each.

NumPy's `unique` has kept plain values in a hash table since version 2.3; where memory runs out
within it, the failure is reported without the interpreter's lock and the process ends by a signal
instead of by a message. Sorting needs no table, and the values are wanted in order anyway.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=np.generic)


def distinct(values: NDArray[Value]) -> NDArray[Value]:
    """The values of an array of any shape in ascending order, each once. (k,)

    >>> distinct(np.array([[3, 1], [1, 2]])).tolist()
    [1, 2, 3]
    """
    ordered = np.sort(values, axis=None)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
