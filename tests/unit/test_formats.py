"""Storage formats of nodal vectors against plain arithmetic, to the bit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from femcrust import backends
from reference import formats as reference

NAMES = tuple(reference.FORMATS)
NARROW = ("fp21", "shared18", "bf16", "fp16")
SEPARATE = ("fp21", "bf16", "fp16")  # a component does not depend on the other two
# relative error (of the node's largest component for shared18), largest, smallest full-precision
PROMISED = {
    "fp64": (0.0, np.finfo(np.float64).max, 2.0**-1022),
    "fp32": (0.0, float(np.finfo(np.float32).max), 2.0**-126),
    "fp21": (2.0**-13, (2 - 2.0**-12) * 2.0**127, 2.0**-126),
    "shared18": (2.0**-17, (2 - 2.0**-16) * 2.0**127, 2.0**-110),
    "bf16": (2.0**-8, (2 - 2.0**-7) * 2.0**127, 2.0**-126),
    "fp16": (2.0**-11, 65504.0, 2.0**-14),
}
FLOAT_MAX = np.finfo(np.float32).max


@pytest.fixture(autouse=True, scope="module")
def quiet():
    """Overflow and NaN are what these tests are about."""
    with np.errstate(all="ignore"):
        yield


def door():
    return backends.core().testing


def stored(name: str, values: np.ndarray) -> np.ndarray:
    return door().stored(name, values).astype(np.float64)


def hard_floats() -> np.ndarray:
    """Floats (n,) around every power of two and every tie of every format, and random bits."""
    powers = np.arange(0, 256, dtype=np.uint32) << 23
    fractions = np.array(
        [0, *(1 << k for k in range(23)), *((1 << k) - 1 for k in range(2, 24))], dtype=np.uint32
    )
    ties = (np.arange(16, dtype=np.uint32)[:, None] << np.array([11, 13, 16, 5])) + (
        1 << np.array([10, 12, 15, 4])
    )
    fractions = np.unique(np.concatenate([fractions, ties.ravel().astype(np.uint32)]))
    around = (fractions[:, None].astype(np.int64) + np.arange(-1, 2)).ravel()
    bits = (powers[:, None] + around).ravel()
    bits = bits[(bits >= 0) & (bits < 2**31)].astype(np.uint32)
    random = np.random.default_rng(70207).integers(0, 2**32, 100_000, dtype=np.uint32)
    return np.concatenate([bits, bits | np.uint32(1 << 31), random]).view(np.float32)


def hard_nodes() -> np.ndarray:
    """Nodes (n, 3): alike, far apart, alone, mixed."""
    random = np.random.default_rng(40111)
    x = hard_floats()
    near = x * random.uniform(-4, 4, len(x)).astype(np.float32)
    far = x * np.exp2(random.integers(-40, 40, len(x))).astype(np.float32)
    zero = np.zeros_like(x)
    kinds = [
        np.stack([x, near, far], 1),
        np.stack([zero, x, zero], 1),
        np.stack([far, -x, x], 1),
        random.permutation(x)[:, None] * np.float32([[1, 0, 0]]) + np.stack([zero, x, near], 1),
    ]
    return np.concatenate(kinds)


@pytest.fixture(scope="module")
def nodes() -> np.ndarray:
    return hard_nodes()


def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a == b) | (np.isnan(a) & np.isnan(b))


@pytest.mark.parametrize("name", NAMES)
def test_stored_numbers_are_those_of_plain_arithmetic(name: str, nodes: np.ndarray) -> None:
    got, wanted = stored(name, nodes), reference.FORMATS[name](nodes)
    wrong = np.flatnonzero(~same(got, wanted).all(axis=1))
    assert len(wrong) == 0, (nodes[wrong[:3]], got[wrong[:3]], wanted[wrong[:3]])


@pytest.mark.parametrize("name", NAMES)
def test_the_promises_of_each_format(name: str) -> None:
    assert door().formats[name] == PROMISED[name]


@pytest.mark.parametrize("name", NARROW)
def test_relative_error_is_bounded_and_the_bound_is_reached(name: str, nodes: np.ndarray) -> None:
    roundoff, largest, smallest = PROMISED[name]
    of = np.abs(nodes.astype(np.float64))
    if name == "shared18":
        of = np.broadcast_to(of.max(axis=1, keepdims=True), of.shape)
    inside = (of >= smallest) & (of <= largest)
    inside &= np.isfinite(nodes).all(axis=1, keepdims=True)
    error = np.abs(stored(name, nodes) - nodes)[inside] / of[inside]
    assert error.max() <= roundoff
    assert error.max() > 0.99 * roundoff


@pytest.mark.parametrize("name", NAMES)
def test_storing_twice_changes_nothing(name: str, nodes: np.ndarray) -> None:
    once = door().words(name, nodes)
    twice = door().words(name, door().values(name, once))
    keep = slice(None)
    if name in ("fp64", "fp32"):  # a copy: bits of NaN may be anything
        keep = np.isfinite(nodes).all(axis=1)
    assert np.array_equal(once[keep], twice[keep])


@pytest.mark.parametrize("name", NAMES)
def test_order_is_kept(name: str) -> None:
    x = np.sort(hard_floats())  # NaN at the end
    x = x[~np.isnan(x)]
    alone = stored(name, np.stack([x, 0 * np.nan_to_num(x), 0 * np.nan_to_num(x)], 1))[:, 0]
    if name == "shared18":
        alone = alone[np.isfinite(x)]  # infinity becomes NaN there
    assert np.all(alone[1:] >= alone[:-1])


@pytest.mark.parametrize("name", NAMES)
def test_bytes_of_zero_are_zeros_and_zeros_stay(name: str) -> None:
    words = door().words(name, np.zeros((5, 3)))
    assert np.array_equal(stored(name, np.zeros((5, 3))), np.zeros((5, 3)))
    assert np.array_equal(door().values(name, np.zeros_like(words)), np.zeros((5, 3)))


@pytest.mark.parametrize("name", SEPARATE)
def test_the_sign_of_zero_is_kept(name: str) -> None:
    assert np.signbit(door().stored(name, np.full((1, 3), -0.0))).all()


@pytest.mark.parametrize("name", NARROW)
def test_finite_numbers_stay_finite_and_clamp_at_the_largest(name: str) -> None:
    largest = PROMISED[name][1]
    values = np.array([[FLOAT_MAX, -FLOAT_MAX, 1.0]], dtype=np.float32)
    (got,) = stored(name, values)
    assert list(got[:2]) == [largest, -largest]
    assert np.isfinite(got).all()


@pytest.mark.parametrize("name", SEPARATE)
def test_infinity_and_nan_stay_and_spoil_no_neighbour(name: str) -> None:
    (got,) = stored(name, np.array([[np.inf, -np.inf, 1.5]]))
    assert list(got) == [np.inf, -np.inf, 1.5]
    payloads = np.array([0x7F800001, 0x7FFFFFFF, 0xFF800001], dtype=np.uint32)
    (got,) = stored(name, payloads.view(np.float32)[None])
    assert np.isnan(got).all()


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", range(3))
def test_a_node_that_is_not_finite_is_nan_where_an_exponent_is_shared(bad, place) -> None:
    values = np.array([[0.0, 3.0, -2.5], [0.0, 3.0, -2.5]])
    values[0, place] = bad
    got = stored("shared18", values)
    assert np.isnan(got[0]).all()
    assert np.array_equal(got[1], values[1])


def test_ties_go_to_the_even_neighbour() -> None:
    one, step = 1.0, {"fp21": 2.0**-12, "shared18": 2.0**-16, "bf16": 2.0**-7, "fp16": 2.0**-10}
    for name, ulp in step.items():
        values = np.array([[one, one + ulp / 2, one + 3 * ulp / 2]])
        assert list(stored(name, values)[0]) == [one, one, one + 2 * ulp], name
        assert list(stored(name, -values)[0]) == [-one, -one, -one - 2 * ulp], name


def test_all_codes_of_21_bits_are_kept() -> None:
    codes = np.arange(2**21, dtype=np.uint64)
    number = ~np.isnan((codes.astype(np.uint32) << 11).view(np.float32))
    codes = codes[number]
    words = np.stack([codes, codes[::-1], np.roll(codes, 17)])
    words = (words[0] | words[1] << np.uint64(21) | words[2] << np.uint64(42))[:, None]
    values = door().values("fp21", words)
    assert np.array_equal(values[:, 0], (codes.astype(np.uint32) << 11).view(np.float32))
    assert np.array_equal(door().words("fp21", values), words)


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_all_codes_of_16_bits_are_kept(name: str) -> None:
    codes = np.arange(2**16, dtype=np.uint16)
    words = np.stack([codes, codes[::-1], np.roll(codes, 17)], 1)
    values = door().values(name, words)
    if name == "fp16":
        assert same(values, words.view(np.float16).astype(np.float32)).all()
    words = words[~np.isnan(values).any(axis=1)]
    assert np.array_equal(door().words(name, door().values(name, words)), words)


def test_half_floats_are_those_of_numpy(nodes: np.ndarray) -> None:
    half = nodes.astype(np.float16)
    in_range = ~np.isnan(nodes) & (np.abs(half) <= 65504) & (np.abs(nodes) <= 65504)
    assert np.array_equal(door().words("fp16", nodes)[in_range], half.view(np.uint16)[in_range])


FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)
NODES = hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=FLOATS)


@pytest.mark.parametrize("name", NAMES)
@given(values=NODES)
def test_any_nodes_are_stored_as_by_plain_arithmetic(name: str, values: np.ndarray) -> None:
    assert same(stored(name, values), reference.FORMATS[name](values)).all()


@pytest.mark.parametrize("name", NARROW)
@given(values=NODES, power=st.integers(-8, 8))
def test_powers_of_two_pass_through_in_the_normal_range(name, values, power) -> None:
    _, largest, smallest = PROMISED[name]
    of = np.abs(values.astype(np.float64))
    of = of.max(axis=1, keepdims=True) if name == "shared18" else of
    keep = (of >= smallest * 2**8) & (of <= largest / 2**9)
    keep = np.broadcast_to(keep, values.shape)
    scaled = stored(name, np.ldexp(np.where(keep, values, 0), power))
    assert np.array_equal(scaled, np.ldexp(stored(name, np.where(keep, values, 0)), power))


def test_unknown_names_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="format: 'fp8' is unknown"):
        door().stored("fp8", np.zeros((2, 3)))
    with pytest.raises(ValueError, match="values: wrong shape"):
        door().stored("fp21", np.zeros((3, 2)))
    with pytest.raises(ValueError, match="words: wrong shape or type"):
        door().values("fp21", np.zeros((3, 1), dtype=np.uint32))


def digests(isa: str) -> str:
    """Every word that an instruction set makes of the hard nodes, and what it reads from it."""
    tests = Path(__file__).resolve().parent.parent
    code = f"import sys; sys.path[:0] = [{str(tests)!r}, {str(tests / 'unit')!r}]\n"
    code += "import test_formats; print(test_formats.digest())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | {"FEMCRUST_ISA": isa},
        cwd=tests,  # not the source tree, whose package is not built
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def digest() -> str:
    values = hard_nodes()
    found = []
    for name in NARROW:
        words = door().words(name, values)
        for array in (words, np.nan_to_num(door().values(name, words), nan=7.0)):
            found.append(hashlib.sha256(array.tobytes()).hexdigest()[:16])
    return f"{backends.core().instruction_set} {' '.join(found)}"


def test_instruction_sets_agree_to_the_bit() -> None:
    best = str(backends.core().instruction_set)
    made = [digests(isa).split() for isa in ("v2", "v3", "v4") if isa <= best]
    assert [line[0] for line in made] == ["v2", "v3", "v4"][: len(made)]
    assert all(line[1:] == made[0][1:] for line in made)
