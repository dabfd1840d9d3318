"""A run over time that is disturbed, beside one that went well: its results must be the same."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import tiny_case
from ending_badly import Nursery, Outcome

ROCK = "rock: {mu: 30 GPa, nu: 0.25"
CASE = (
    tiny_case.CASE.replace(ROCK, f"{ROCK}, model: maxwell, eta: 1e18 Pa*s")
    .replace("output: {", "time: {end: 3 yr, step: 0.3 yr}\noutput: {every: 0.5 yr, ")
    .replace("formats: [csv]", "formats: [csv, vtu], checkpoint: {every: 1 step}")
)
TIMED = ("solve_s", "setup_s", "total_s", "peak_memory_bytes")


def desk(folder: Path) -> Path:
    """A folder with the case."""
    folder.mkdir()
    (folder / "case.yaml").write_text(CASE)
    (folder / "stations.csv").write_text(tiny_case.STATIONS)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All results, but for times of the clock."""
    found = {path.name: path.read_bytes() for path in (folder / "results").iterdir()}
    summary = json.loads(found["summary.json"])
    for section in (summary, *summary["steps"]):
        for key in TIMED:
            section.pop(key, None)
    return {**found, "summary.json": json.dumps(summary).encode()}


class Trials:
    """Runs beside one that went well."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.folder, self.nursery, self.number = folder, nursery, 0
        whole = desk(folder / "whole")
        self.solves = nursery.run(whole, moment="solve")["moments"]
        self.whole = nursery.run(whole)
        assert self.whole["status"] == 0, self.whole["said"]
        self.wanted = contents(whole)
        assert not list((whole / "results").glob("*checkpoint*"))
        self.counts: dict[str, int] = {}  # of moments of a kind

    def ended(self, **wish: object) -> tuple[Path, Outcome]:
        """A new folder in which a run ended so."""
        self.number += 1
        place = desk(self.folder / f"trial-{self.number}")
        return place, self.nursery.run(place, **wish)

    def completed(self, place: Path) -> Outcome:
        """What --resume says there; the results must be those of the whole run, to the byte."""
        found = self.nursery.run(place, resume=True)
        assert found["status"] == 0, found["said"]
        now = contents(place)
        assert now.keys() == self.wanted.keys()
        assert [name for name in now if now[name] != self.wanted[name]] == []
        shutil.rmtree(place)
        return found


def killed_at_moments(trials: Trials, chance: random.Random, n: int) -> None:
    """Spread over the run; half of them are killed once more after they were resumed."""
    most = trials.whole["moments"]
    assert most > 100
    for k in range(n):
        at = chance.randrange(k * most // n, (k + 1) * most // n) + 1
        place, found = trials.ended(at=at)
        assert found["status"] == -9
        if k % 2:
            trials.nursery.run(place, resume=True, at=chance.randrange(1, most))
        trials.completed(place)


def spoilt(raw: bytes) -> dict[str, bytes]:
    """What may become of a file."""
    middle = len(raw) // 2
    flipped = raw[:middle] + bytes([raw[middle] ^ 16]) + raw[middle + 1 :]
    return {
        "cut": raw[:-1000], "flipped": flipped, "empty": b"", "foreign": b"\x89HDF\r\n\x1a\n" * 99
    }  # fmt: skip
