"""Whatever a case file holds, it is read or refused, and soon."""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_texts import FULL, SMALL
from femcrust.case import build_case, load_case
from femcrust.errors import InputError

EXAMPLES = settings(max_examples=int(os.environ.get("FEMCRUST_EXAMPLES", "200")))

KNOWN = (
    "case mesh materials faults boundaries loads time solver output box file size x y z near far "
    "E nu mu where depth slip strike rectangle point moment pressure fixed kind los unit"
)
KEYS = st.sampled_from(KNOWN.split()) | st.text(max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["1 m", "2 GPa", "x", "x > 0", "90 deg", "infinite", "main", "../a", "9**9"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
PUT = ("", ":", "\n", " ", "- ", "{", "]", "&a ", "*a", "!", "'", "\t", "é")
BYTES = st.binary(max_size=80) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "replace"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def assert_read_or_refused(path: Path, overrides: tuple[str, ...] = ()) -> None:
    start = time.perf_counter()
    try:
        load_case(path, overrides).resolved()
    except InputError as error:
        lines = str(error).splitlines()
    else:
        lines = ["read"]
    assert 1 <= len(lines) <= 11
    assert all(line.strip() for line in lines)
    assert time.perf_counter() - start < 5.0


@EXAMPLES
@given(tree=st.dictionaries(KEYS, TREES, max_size=6))
def test_any_tree_is_read_or_refused(folder: Path, tree: Any) -> None:
    path = folder / "tree.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert_read_or_refused(path)
    with contextlib.suppress(InputError):
        build_case(tree)


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_any_damaged_case_is_read_or_refused(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    text = FULL
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text))
        stop = start + chance.choice([0, 1, 3, 12])
        other = chance.randrange(len(text))
        words = [chance.choice(PUT), text[other : other + 9], str(chance.uniform(-1e9, 1e9))]
        text = text[:start] + chance.choice(words) + text[stop:]
    path = folder / "damaged.yaml"
    path.write_text(text, encoding="utf-8")
    assert_read_or_refused(path)


@EXAMPLES
@given(raw=BYTES)
def test_any_bytes_are_read_or_refused(folder: Path, raw: bytes) -> None:
    path = folder / "raw.yaml"
    path.write_bytes(raw)
    assert_read_or_refused(path)
    path.write_text(SMALL)
    text = raw.decode("latin-1")
    assert_read_or_refused(path, (text, f"solver.tolerance={text}"))
    assert_read_or_refused(path, (f"solver.tolerance={text}",))
    assert_read_or_refused(path, (f"case.title={text}", f"materials.rock.E={text}"))
