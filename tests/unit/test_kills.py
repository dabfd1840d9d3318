"""Whatever ends a run, --resume completes it; the results are those of one that nothing ended."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

import tiny_case
from ending_badly import Nursery
from trials import Trials, contents, desk, killed_at_moments, spoilt


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    with Nursery() as nursery:
        yield Trials(tmp_path_factory.mktemp("trials"), nursery)


def test_killed_at_ten_moments(trials: Trials) -> None:
    killed_at_moments(trials, random.Random(7), 10)


def test_sigterm_leaves_a_checkpoint_and_status_5(trials: Trials) -> None:
    """By the checkpoints of the defaults: none is due in a run of seconds."""
    rarely = ["--set", "output.checkpoint.every=10 min"]
    place, found = trials.ended(moment="solve", at=9, then="term", words=rarely)
    assert found["status"] == 5, found["said"]
    assert "SIGTERM: the run stops after this step, with a checkpoint if" in found["said"]
    assert "stopped by SIGTERM; --resume goes on at 1.2 yr from " in found["said"]
    assert [path.name for path in (place / "results").glob("checkpoint*")] == ["checkpoint-a.bin"]
    said = trials.completed(place)["said"]
    assert "going on at 1.2 yr from results/checkpoint-a.bin" in said


def test_a_second_signal_stops_at_once(trials: Trials) -> None:
    place, found = trials.ended(moment="solve", at=9, then="interrupt twice")
    assert found["status"] == 5
    assert "stopped by a second signal, SIGINT" in found["said"]
    assert "going on at 0.9 yr" in trials.completed(place)["said"]


def test_a_signal_in_the_last_step_lets_the_run_end(trials: Trials) -> None:
    """Nothing would be left to go on with."""
    place, found = trials.ended(moment="solve", at=trials.solves, then="term")
    assert "SIGTERM: the run stops after this step" in found["said"]
    assert found["status"] == 0
    assert contents(place) == trials.wanted


def test_without_checkpoints_a_signal_says_so(trials: Trials) -> None:
    never = ["--set", "output.checkpoint.every=never"]
    place, found = trials.ended(moment="solve", at=9, then="term", words=never)
    assert found["status"] == 5
    assert "output.checkpoint.every is never: none is kept" in found["said"]
    assert not list((place / "results").glob("checkpoint*"))
    assert "the run starts at its beginning" in trials.completed(place)["said"]


def test_a_full_disk_leaves_the_checkpoint_before(trials: Trials) -> None:
    """At a piece in the middle of a file, half of which is written, and at its fsync."""
    for moment, at in (("write", 45), ("sync", 13)):
        place, found = trials.ended(moment=moment, at=at, then="full")
        assert found["status"] == 6, found["said"]
        last = found["said"].splitlines()[-1]
        assert "No space left on device): the disk is full" in last
        kept = re.search(r"--resume (goes on at \S+ yr from results/checkpoint-.\.bin)$", last)
        assert kept, last
        assert kept[1].replace("goes", "going") in trials.completed(place)["said"]


def test_a_disk_that_is_really_full(trials: Trials) -> None:
    """A small disk in memory, which a user may mount who is alone in a name space."""
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    tried = subprocess.run([*alone, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    if tried.returncode != 0:
        pytest.skip("this system lets nobody mount a disk")
    place = desk(trials.folder / "small")
    run = f"{sys.executable} -m femcrust run case.yaml --set output.formats=csv --quiet"
    script = f"""mkdir results; mount -t tmpfs -o size=5m none results
        {run} 2> said; echo $? > status; ls -A results > kept
        mount -o remount,size=50m results; {run} --resume 2>> said; echo $? >> status
        cp results/stations.csv results/stations.nc ."""
    subprocess.run([*alone, "sh", "-c", script], cwd=place, check=True)
    said = (place / "said").read_text()
    assert (place / "status").read_text().split() == ["6", "0"], said
    assert "(No space left on device): the disk is full" in said
    assert (place / "kept").read_text().split() == [
        "checkpoint-a.bin", "checkpoint-b.bin", "stations.csv"
    ]  # fmt: skip
    for name in ("stations.csv", "stations.nc"):
        assert (place / name).read_bytes() == trials.wanted[name]


@pytest.mark.parametrize("how", ["cut", "flipped", "empty", "foreign"])
def test_the_older_checkpoint_takes_over_from_a_damaged_one(trials: Trials, how: str) -> None:
    place, found = trials.ended(moment="step", at=4, then="term")
    assert found["status"] == 5
    results = place / "results"
    new, old = (results / f"checkpoint-{letter}.bin" for letter in "ba")
    sound = old.read_bytes()
    new.write_bytes(spoilt(new.read_bytes())[how])
    old.write_bytes(spoilt(sound)[how])
    before = {path.name: path.stat().st_mtime_ns for path in results.iterdir()}
    found = trials.nursery.run(place, resume=True)
    assert found["status"] == 2
    last = found["said"].splitlines()[-1]
    assert "no checkpoint is left to go on from; run the case without --resume" in last
    assert before == {path.name: path.stat().st_mtime_ns for path in results.iterdir()}
    old.write_bytes(sound)
    said = trials.completed(place)["said"]
    assert f"results/{new.name}: cannot be used (" in said
    assert f": taking the other one, {old.name}" in said
    assert "going on at 0.9 yr" in said


def test_another_case_is_refused_with_what_differs(trials: Trials) -> None:
    place, _ = trials.ended(moment="step", at=4, then="term")
    changes = {
        "faults.main.slip.amount=2 m": "faults.main.slip.amount is 2.0 m and was 1.0 m",
        "time.end=4 yr": "time.end is 126230400.0 s and was 94672800.0 s",
    }
    for change, wanted in changes.items():
        found = trials.nursery.run(place, resume=True, words=["--set", change])
        assert found["status"] == 2
        assert f"belongs to another case: {wanted}; run" in found["said"]
    (place / "stations.csv").write_text(tiny_case.STATIONS.replace("A,1,2", "A,1,3"))
    found = trials.nursery.run(place, resume=True)
    assert found["status"] == 2
    assert "what the case's files say of the stations has changed" in found["said"]
    (place / "stations.csv").write_text(tiny_case.STATIONS)
    (place / "results" / "fields_0001.vtu").unlink()
    found = trials.nursery.run(place, resume=True)
    assert found["status"] == 2
    assert "fields_0001.vtu: is missing" in found["said"]


def test_a_run_anew_says_what_it_leaves_behind(trials: Trials) -> None:
    place, _ = trials.ended(moment="step", at=4, then="term")
    found = trials.nursery.run(place)
    assert found["status"] == 0
    assert "results holds a checkpoint of a run that was stopped" in found["said"]
    assert contents(place) == trials.wanted
