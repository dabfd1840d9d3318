"""Storage formats of nodal vectors by plain arithmetic: every number is a whole multiple of a
quantum, rounded to nearest, ties to even. A float is exact in FP64, and so is all that is done to
it here; no bits are looked at."""

from __future__ import annotations

import numpy as np

Values = np.ndarray


def exponent(x: Values) -> np.ndarray:
    """⌊log2 |x|⌋ of finite numbers; very small for 0."""
    fraction, above = np.frexp(x)
    return np.where(fraction == 0, -9999, above - 1)


def to_multiple(x: Values, quantum_exponent: np.ndarray) -> np.ndarray:
    """x / 2^quantum_exponent, rounded to nearest, ties to even."""
    return np.rint(np.ldexp(x, -quantum_exponent))  # rint takes ties to even


def float_like(values: Values, fraction_bits: int, smallest: int, largest: float) -> np.ndarray:
    """Binary floating point: normal from 2^smallest on, gradual below, clamped at `largest`."""
    x = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(x)
    safe = np.where(finite, x, 0.0)
    quantum = np.maximum(exponent(safe), smallest) - fraction_bits
    rounded = np.ldexp(to_multiple(safe, quantum), quantum)
    return np.where(finite, np.clip(rounded, -largest, largest), x)


def fp21(values: Values) -> np.ndarray:
    """1 sign, 8 exponent, 12 fraction bits."""
    return float_like(values, 12, -126, (2 - 2.0**-12) * 2.0**127)


def bf16(values: Values) -> np.ndarray:
    """1 sign, 8 exponent, 7 fraction bits."""
    return float_like(values, 7, -126, (2 - 2.0**-7) * 2.0**127)


def fp16(values: Values) -> np.ndarray:
    """1 sign, 5 exponent, 10 fraction bits."""
    return float_like(values, 10, -14, 65504.0)


def shared18(values: Values) -> np.ndarray:
    """Three integers of 17 bits and a sign with one exponent, the largest one's less 16."""
    v = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(v).all(axis=1, keepdims=True)
    safe = np.where(finite, v, 0.0)
    quantum = np.maximum(exponent(np.abs(safe).max(axis=1, keepdims=True)) - 16, -126)
    integers = np.clip(to_multiple(safe, quantum), 1 - 2**17, 2**17 - 1)
    return np.where(finite, np.ldexp(integers, quantum), np.nan)


def unchanged(values: Values) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


FORMATS = {
    "fp64": unchanged,
    "fp32": unchanged,
    "fp21": fp21,
    "shared18": shared18,
    "bf16": bf16,
    "fp16": fp16,
}
