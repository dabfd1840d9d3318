"""Checkpoints, libraries and meshes that are cut or have bits flipped: refused by name, or what is
sound in them gives the very results of an undisturbed run."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

import tiny_case
from ending_badly import Nursery
from faults import Fault, chance, fault, n_faults, nursery, trials
from femcrust.greens.library import read_arrays
from trials import Trials, contents

__all__ = ["chance", "fault", "n_faults", "nursery", "trials"]  # fixtures
pytestmark = pytest.mark.harden

OUTCOMES = {0: "read", 2: "refused"}


def spoil(path: Path, chance: random.Random) -> str:
    """Cut the end off, flip a bit, or overwrite a piece with what lies elsewhere."""
    raw = bytearray(path.read_bytes())
    at = chance.randrange(len(raw))
    how = chance.choice(("cut", "flipped", "moved", "zeros"))
    if how == "cut":
        del raw[at:]
    elif how == "flipped":
        raw[at] ^= 1 << chance.randrange(8)
    else:
        piece = raw[: chance.randint(1, 4000)] if how == "moved" else bytes(512)
        raw[at : at + len(piece)] = piece
    path.write_bytes(raw)
    return f"{how} at {at}"


def test_damaged_checkpoints(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    """One of two: the other takes over. Both: refused, and nothing is changed."""
    place, found = trials.ended(moment="step", at=6, then="term")
    assert found["status"] == 5
    sound = trials.folder / "sound"
    shutil.move(place, sound)
    for k in range(2 * n_faults):
        with fault("damaged checkpoint"):
            here = trials.folder / "damaged"
            shutil.copytree(sound, here)
            names = [f"checkpoint-{letter}.bin" for letter in "ab"]
            both = k % 4 == 3
            spoilt = names if both else [chance.choice(names)]
            for name in spoilt:
                how = spoil(here / "results" / name, chance)
            before = contents_of(here)
            found = trials.nursery.run(here, resume=True)
            # a piece that is moved or zeroed may be what was there before
            if found["status"] == 2:
                assert both, (how, found["said"])
                assert "no checkpoint is left to go on from" in found["said"].splitlines()[-1]
                assert contents_of(here) == before
            else:
                assert found["status"] == 0, (how, found["said"])
                assert contents(here) == trials.wanted, how
            shutil.rmtree(here)


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results").iterdir()}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """A folder with a small library that is whole."""
    folder = tmp_path_factory.mktemp("library")
    greens = "greens: {patches: {along_strike: 2, down_dip: 2}, method: forward}\n"
    (folder / "case.yaml").write_text(tiny_case.CASE + greens)
    (folder / "stations.csv").write_text(tiny_case.STATIONS)
    found = nursery.run(folder, command="greens")
    assert found["status"] == 0, found["said"]
    return folder


def same(one: Path, other: Path) -> bool:
    a, b = read_arrays(one), read_arrays(other)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_damaged_libraries(
    library: Path, nursery: Nursery, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    whole = library / "results" / "greens.nc"
    for k in range(2 * n_faults):
        with fault("damaged library"):
            here = library.parent / f"library-{k}"
            shutil.copytree(library, here)
            how = spoil(here / "results" / "greens.nc", chance)
            found = nursery.run(here, command="greens")
            assert found["status"] in OUTCOMES, (how, found["said"])
            assert "Traceback" not in found["said"]
            if found["status"] == 0:
                assert same(here / "results" / "greens.nc", whole), how
            else:
                assert "greens.nc" in found["said"].splitlines()[-1], found["said"]
            shutil.rmtree(here)


def test_libraries_that_are_killed_or_stopped(
    library: Path, nursery: Nursery, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    whole = library / "results" / "greens.nc"
    for k in range(n_faults):
        then = ("kill", "term", "full", "memory")[k % 4]
        with fault(f"library: {then} at a random moment"):
            here = library.parent / f"ended-{k}"
            here.mkdir()
            for name in ("case.yaml", "stations.csv"):
                shutil.copy(library / name, here)
            kind = chance.choice(("mesh", "setup", "each solve", "sync"))
            at = chance.randint(1, 5 if kind == "sync" else 1)
            wish = {"moment": kind, "at": at, "then": then}
            found = nursery.run(here, command="greens", **wish)
            wanted = {"kill": {-9}, "term": {5}, "full": {6, 0}, "memory": {4}}[then]
            if then == "full" and kind in ("mesh", "setup", "each solve"):
                wanted = {6}
            assert found["status"] in wanted, (wish, found["said"])
            assert "Traceback" not in found["said"]
            found = nursery.run(here, command="greens")
            assert found["status"] == 0, found["said"]
            assert same(here / "results" / "greens.nc", whole)
            shutil.rmtree(here)


def test_damaged_meshes(
    tmp_path: Path, nursery: Nursery, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    """A digit of a coordinate may change unseen; whatever does not fit together may not."""
    mesh = tmp_path / "mesh.msh"
    tiny_case.write_gmsh(mesh)
    sound = mesh.read_bytes()
    text = tiny_case.CASE.replace(tiny_case.BOX, "  file: mesh.msh\n")
    (tmp_path / "case.yaml").write_text(text)
    (tmp_path / "stations.csv").write_text(tiny_case.STATIONS)
    for _ in range(2 * n_faults):
        with fault("damaged mesh"):
            mesh.write_bytes(sound)
            how = spoil(mesh, chance)
            found = nursery.run(tmp_path)
            assert found["status"] in (0, 2, 3), (how, found["said"])
            assert "Traceback" not in found["said"]
            if found["status"] == 2:
                assert not (tmp_path / "results").exists()
            else:
                shutil.rmtree(tmp_path / "results", ignore_errors=True)
