"""The way through time that all sources of a library take: its steps, and the epochs that are kept.

Answers add up only if one scheme made them, so the steps are chosen once, before any batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from femcrust.mesh.mesh import Floats

SAME = 1e-9  # of a step: what is nearer to its end is its end


@dataclass(frozen=True)
class Course:
    """Times in s. lengths, ends : (n,) of the steps;  epochs : (k,) ascending, 0 and the end too"""

    lengths: Floats
    ends: Floats
    epochs: Floats

    @cached_property
    def epochs_in(self) -> list[list[float]]:
        """Of each step the parts θ of it at which epochs lie. The first epoch is in none, and an
        epoch between two steps is in the earlier one.

        >>> course = Course(np.array([1.0, 2.0]), np.array([1.0, 3.0]), np.array([0.0, 1.0, 2.0]))
        >>> course.epochs_in
        [[1.0], [0.5]]
        """
        found: list[list[float]] = [[] for _ in self.lengths]
        steps = np.searchsorted(self.ends, self.epochs - SAME * self.lengths.min())
        for step, epoch in zip(steps[1:], self.epochs[1:], strict=True):
            theta = 1.0 + (epoch - self.ends[step]) / self.lengths[step]
            found[step].append(1.0 if theta > 1.0 - SAME else float(theta))
        return found
