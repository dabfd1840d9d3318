"""Forms of the learned guess that were not taken, in NumPy: see guesses.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.timestepping.guess import EVENT
from femcrust.timestepping.learned import FRESH, NODES, PAIRS
from femcrust.timestepping.projected import Projected

SEED = 364_905_117
DROP = 1e-5  # that of csrc/timestepping/predictor.hpp
ALL = 10_000


class Fit:
    """Increments in a list; each prediction fits the last one by those before.

    by_stage : pairs of one stage only, else all consecutive increments are pairs
    fraction_bits : of the numbers of the history; None: float
    mixtures : pairs are replaced by so many sums of all with Gaussian weights, which fade with age
    """

    def __init__(
        self,
        pairs: int = PAIRS,
        *,
        by_stage: bool = True,
        fraction_bits: int | None = None,
        mixtures: int | None = None,
        fading: float = 1.0,
    ) -> None:
        self._pairs = ALL if mixtures else pairs
        self._by_stage, self._bits = by_stage, fraction_bits
        self._mixtures, self._fading = mixtures, fading
        self._young = Projected()
        self._random = np.random.default_rng(SEED)
        self._weights: list[Floats] = []  # of each pair, by age
        self._steps: list[Floats] = []  # increments since the last event or change of step
        self._last: Floats | None = None
        self._dt = 0.0

    @property
    def bytes(self) -> int:
        columns = 3 * self._mixtures if self._mixtures else 2 * self._pairs
        width = 4.0 if self._bits is None else {13: 8 / 3, 11: 2.0}[self._bits]
        return 0 if self._last is None else int(columns * width * self._last.size)

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        if stage == EVENT or (len(self._steps) - 1) // 2 < FRESH or self._last is None:
            return self._young.predict(stage, load, operator)
        stride = 2 if self._by_stage else 1
        x, y = self._steps[-1 - stride :: -stride], self._steps[-stride::-stride]
        columns = min(self._pairs, len(x))
        x, y = self._mixed(x[:columns]), self._mixed(y[:columns])
        v, out = self._steps[-1].astype(float), np.empty(self._last.size)
        for first in range(0, len(v), 3 * NODES):
            part = slice(first, first + 3 * NODES)
            out[part] = y[part] @ combination(x[part], v[part])
        return self._last + out.reshape(-1, 3)

    def event(self, u: Floats) -> None:
        self._young.event(u)
        self._last, self._steps = u, []

    def step_changes(self, dt: float) -> None:
        self._young.step_changes(dt)
        if dt != self._dt:
            self._steps = []
        self._dt = dt

    def halfway(self, middle: Floats) -> None:
        self._young.halfway(middle)
        self._add(middle)

    def learn(self, middle: Floats, end: Floats) -> None:
        self._young.learn(middle, end)
        self._add(end)

    def _add(self, u: Floats) -> None:
        assert self._last is not None
        step = (u - self._last).ravel()
        if self._bits is not None:
            fraction, exponent = np.frexp(step)
            step = np.ldexp(np.round(fraction * 2.0**self._bits) / 2.0**self._bits, exponent)
        self._steps = [*self._steps, step.astype(np.float32)][-2 * self._pairs - 2 :]
        self._last = u

    def _mixed(self, columns: list[Floats]) -> Floats:
        """Newest first. (n, columns) or (n, mixtures)"""
        stacked = np.stack(columns, axis=1).astype(float)
        n = len(columns)
        if self._mixtures is None or n <= self._mixtures:
            return stacked
        while len(self._weights) < n:
            self._weights.append(self._random.standard_normal(self._mixtures))
        fading = self._fading ** np.arange(n)
        return np.asarray(stacked @ (fading[:, None] * np.array(self._weights[n - 1 :: -1])[:n]))


def combination(x: Floats, v: Floats) -> Floats:
    """c of the least ‖v − x c‖, by Gram-Schmidt twice in double; repeated columns get zero."""
    basis: list[Floats] = []
    rows = np.zeros((x.shape[1], x.shape[1]))
    kept = []
    for k, column in enumerate(x.T):
        w = column.copy()
        for _ in range(2):
            for i, q in enumerate(basis):
                a = q @ w
                rows[i, k] += a
                w -= a * q
        size = np.linalg.norm(w)
        if size > DROP * np.linalg.norm(column):
            rows[len(basis), k] = size
            basis.append(w / size)
            kept.append(k)
    c = np.zeros(x.shape[1])
    if kept:
        upper = rows[: len(kept)][:, kept]
        c[kept] = np.linalg.solve(upper, np.array(basis) @ v)
    return c
