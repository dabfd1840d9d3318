"""Streams that are closed or full, locales, homes and signals: the command does its work, or says
in one line why not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tiny_case
from ending_badly import Nursery
from faults import Fault, fault, nursery

__all__ = ["fault", "nursery"]  # fixtures
pytestmark = pytest.mark.harden

FEMCRUST = f"exec {sys.executable} -m femcrust"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "case.yaml").write_text(tiny_case.CASE)
    (tmp_path / "stations.csv").write_text(tiny_case.STATIONS)
    return tmp_path


def shell(work: Path, command: str, **variables: str) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", f"{FEMCRUST} {command}"],
        cwd=work,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        capture_output=True,
    )
    said = done.stderr.decode(errors="replace")
    assert "Traceback" not in said
    assert not list(work.glob("femcrust-bug-*"))
    return done.returncode, said


CLOSED = {
    "run case.yaml >&-": 0,
    "run case.yaml 2>&-": 0,
    "run case.yaml >&- 2>&- <&-": 0,
    "run nope.yaml >&- 2>&-": 2,
    "run case.yaml > /dev/full": 6,
    "run nope.yaml 2> /dev/full": 2,
    "run case.yaml > /dev/full 2>&1": 6,
    "run case.yaml -q > /dev/full": 0,
}


@pytest.mark.parametrize("command", CLOSED)
def test_streams_that_are_closed_or_full(command: str, work: Path, fault: Fault) -> None:
    with fault("closed or full stream"):
        status, _ = shell(work, command)
        assert status == CLOSED[command]
        results = sorted(path.name for path in work.glob("results/*"))
        wanted = ["case.resolved.yaml", "stations.csv", "summary.json"] if status == 0 else []
        assert results == wanted
        for path in work.glob("results/*"):
            assert "solving for" not in path.read_text()  # no file took the place of a stream


@pytest.mark.parametrize("command", ["info", "check case.yaml", "run case.yaml", "init"])
def test_a_reader_that_goes_away(command: str, work: Path, fault: Fault) -> None:
    with fault("broken pipe"):
        reading, writing = os.pipe()
        os.close(reading)
        words = [sys.executable, "-m", "femcrust", *command.split()]
        done = subprocess.run(words, cwd=work, stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        assert done.returncode == 5
        assert done.stderr == b""
        assert not (work / "results").exists()


def test_locales_and_letters_change_nothing(work: Path, fault: Fault) -> None:
    tables = set()
    for number, locale in enumerate(("C", "tr_TR.UTF-8", "xx_YY.nonsense", "de_DE.ISO-8859-1")):
        with fault("odd locale"):
            place = f"--output out-{number}"
            variables = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
            if number == 0:
                variables["PYTHONIOENCODING"] = "ascii"
            status, said = shell(work, f"run case.yaml {place}", **variables)
            assert status == 0, said
            tables.add((work / f"out-{number}" / "stations.csv").read_bytes())
    assert len(tables) == 1


def test_homes_that_cannot_be_written(work: Path, fault: Fault) -> None:
    for home in ("/proc", "/nonexistent/x", ""):
        with fault("home that cannot be written"):
            pictures = "--set 'output.formats=[csv, png]' -q"
            status, said = shell(work, f"run case.yaml {pictures}", HOME=home, XDG_CACHE_HOME=home)
            assert status == 0, said


@pytest.mark.parametrize("command", ["run", "greens", "mesh", "check"])
@pytest.mark.parametrize("moment", ["mesh", "setup", "each solve", "sync"])
def test_sigterm_in_each_phase(
    command: str, moment: str, work: Path, nursery: Nursery, fault: Fault
) -> None:
    """Status 5 and nothing half done, or the phase does not occur in this command."""
    (work / "case.yaml").write_text(tiny_case.CASE + "greens: {method: forward}\n")
    with fault("SIGTERM in a phase"):
        wish = {"moment": moment, "at": 1, "then": "term"}
        found = nursery.run(work, command=command, **wish)
        happens = found["status"] == 5
        assert happens or found["status"] == 0, found["said"]
        assert happens or command in ("mesh", "check"), found["said"]
        if happens:
            assert found["said"].splitlines()[-1].startswith("stopped by SIGTERM")
            assert not list(work.glob("results*")) or command == "greens"
        assert not [p.name for p in work.iterdir() if p.name.startswith(".")]
