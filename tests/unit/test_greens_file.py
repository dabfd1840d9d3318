"""The file of a library: killed at any moment it goes on to the same bits; damage is found."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray
from small_greens import STATIONS

from femcrust.cli import main
from femcrust.errors import InputError
from femcrust.greens import library, seal
from tiny_case import CASE, RECTANGLE

SECTION = "greens: {refine: false, patches: {length: 4 km, width: 5 km}}"
MANY = CASE.replace("output: {", f"{SECTION}\noutput: {{")
FORWARD = "greens.method=forward"  # 20 columns in two batches
RECIPROCAL = "greens.method=reciprocal"  # 7 stations in two batches
LATE = ["time.end=2 yr", "time.step=0.5 yr", "output.every=1 yr"]
LATE += ["materials.rock.model=maxwell", "materials.rock.eta=1e18 Pa*s"]
BY_TOLERANCE = "time.tolerance=0.01"

SHEET = """\
$MeshFormat
2.2 0 8
$EndMeshFormat
$Nodes
4
1 -12000 -9000 -5000
2 12000 -9000 -5000
3 12000 9000 -14000
4 -12000 9000 -14000
$EndNodes
$Elements
2
1 2 2 1 1 1 2 3
2 2 2 1 1 1 3 4
$EndElements
"""
# sixty right-hand sides in four batches, on smaller cells, so that there is time to be killed in
SLOW = MANY.replace("near: 10 km", "near: 5 km")
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "rectangle, forward": (SLOW, ("--set", FORWARD)),
    "rectangle, reciprocal": (SLOW, ("--set", RECIPROCAL)),
    "merged sheet": (
        SLOW.replace(RECTANGLE, "triangles: {file: sheet.msh}").replace(
            SECTION, "greens: {refine: false, patches: {count: 30}}"
        ),
        ("--set", FORWARD),
    ),
}

# Kills itself at a moment of writing a batch: the how-manieth time that the disk is waited for.
KILLED = """\
import os, signal, sys
from femcrust.cli import main
from femcrust.greens import seal
moment, wait, count = int(sys.argv[1]), seal.on_disk, 0
def on_disk(file):
    global count
    file.flush()
    if file.name.endswith("greens.nc") and file.mode == "rb+" and ".results" not in file.name:
        count += 1
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
    wait(file)
seal.on_disk = on_disk
raise SystemExit(main(sys.argv[2:]))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "case.yaml").write_text(MANY)
    (tmp_path / "stations.csv").write_text(STATIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FEMCRUST_BACKEND", raising=False)
    return tmp_path


def make(*words: str) -> int:
    return main(["greens", "case.yaml", "--quiet", *words])


def killed(moment: int, *words: str) -> None:
    """Run the command until it kills itself."""
    program = [sys.executable, "-c", KILLED, str(moment), "greens", "case.yaml", *words]
    root = str(Path(library.__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("method", [FORWARD, RECIPROCAL])
@pytest.mark.parametrize("moment", [1, 2, 3, 4], ids=["values", "digest", "byte", "next values"])
def test_a_killed_run_goes_on_to_the_same_bits(
    method: str, moment: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", method]
    assert make(*words, "-o", "whole.nc") == 0
    killed(moment, *words)
    stopped = folder / "results" / "greens.nc"
    with xarray.open_dataset(stopped) as data:  # whole at every moment
        assert np.isnan(data.displacement).any() == (moment < 4)  # then only the byte is missing
    capsys.readouterr()
    assert main(["greens", "case.yaml", *words]) == 0
    said = capsys.readouterr()
    assert ("1 of 2 batches are there already" in said.out) == (moment >= 3)
    assert "damaged" not in said.err
    with xarray.open_dataset(stopped) as data, xarray.open_dataset("whole.nc") as wanted:
        assert np.isfinite(data.displacement).all()
        xarray.testing.assert_identical(data.drop_attrs(), wanted.drop_attrs())
        assert data.displacement.values.tobytes() == wanted.displacement.values.tobytes()


def sets(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


@pytest.mark.parametrize(
    ("method", "moment"), [(RECIPROCAL, 1), (FORWARD, 4)], ids=["values", "next values"]
)
def test_a_killed_library_over_time_goes_on_to_the_same_bits(
    method: str, moment: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = sets(method, *LATE, BY_TOLERANCE)
    assert make(*words, "-o", "whole.nc") == 0
    killed(moment, *words)
    capsys.readouterr()
    assert main(["greens", "case.yaml", *words]) == 0
    said = capsys.readouterr().out
    assert "all go through the same" not in said  # its steps are read, not found anew
    assert ("1 of 2 batches are there already" in said) == (moment >= 3)
    with (
        xarray.open_dataset(folder / "results" / "greens.nc") as data,
        xarray.open_dataset("whole.nc") as wanted,
    ):
        assert data.epoch.values.tolist() == [0.0, 1.0, 2.0]
        assert np.isfinite(data.displacement).all()
        xarray.testing.assert_identical(data.drop_attrs(), wanted.drop_attrs())
        assert data.displacement.values.tobytes() == wanted.displacement.values.tobytes()


def test_a_damaged_batch_over_time_is_computed_anew(folder: Path) -> None:
    words = [*sets(RECIPROCAL, *LATE), "-o", "lib.nc"]
    assert make(*words) == 0
    sound = (folder / "lib.nc").read_bytes()
    with seal.Sealed(folder / "lib.nc") as sealed:
        values = sealed.regions["displacement"]
    assert values.shape == (20, 7, 3, 3)
    flipped = bytearray(sound)
    flipped[values.offset + values.size - 3] ^= 4
    (folder / "lib.nc").write_bytes(flipped)
    with pytest.raises(InputError, match=r"lib.nc: batch 2 of 2 \(stations 5 to 6\) is damaged"):
        library.read(folder / "lib.nc")
    assert make(*words) == 0
    assert (folder / "lib.nc").read_bytes() == sound


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("output.every=0.5 yr", "epochs differs; output.every: 31557600.0 there, 15778800.0 here"),
        ("time.step=0.2 yr", "time differs; time.step: 15778800.0 there, 6311520.0 here"),
        (BY_TOLERANCE, "time differs; time.tolerance: nothing there, 0.01 here"),
        ("time.end=3 yr", "time, epochs differ; time.end: 63115200.0 there, 94672800.0 here"),
        ("materials.rock.eta=2e18 Pa*s", "rheology differs; materials.rock.eta: 1e+18 there, 2e+"),
        ("solver.initial_guess=none", "solver differs; solver.initial_guess: projection there"),
    ],
)
def test_another_time_is_another_library(
    change: str, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = [*sets("greens.patches.length=60 km", FORWARD, *LATE), "-o", "lib.nc"]
    assert make(*few) == 0
    before = (folder / "lib.nc").read_bytes()
    assert make(*few, "--set", change) == 2
    said = capsys.readouterr().err
    assert f"lib.nc: holds the library of another case: {words}" in said
    assert said.count("\n") == 1
    assert (folder / "lib.nc").read_bytes() == before


def test_an_elastic_library_is_not_continued_over_time(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made.read_bytes()
    assert make(*sets(FORWARD, *LATE), "-o", "lib.nc") == 2
    assert "solver, rheology, time, epochs differ; " in capsys.readouterr().err
    assert made.read_bytes() == before


def test_what_is_there_is_not_computed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make() == 0
    before = (folder / "results" / "greens.nc").read_bytes()
    monkeypatch.setattr("femcrust.greens.compute.forward", None)
    monkeypatch.setattr("femcrust.greens.compute.Reciprocal.__call__", None)
    assert make() == 0
    assert (folder / "results" / "greens.nc").read_bytes() == before


@pytest.fixture
def made(folder: Path) -> Path:
    assert make("--set", FORWARD, "-o", "lib.nc") == 0
    return folder / "lib.nc"


def test_a_flipped_bit_is_found_wherever_it_is(made: Path) -> None:
    """In the header, the values, the layout, the rows of batches and the footer."""
    sound = made.read_bytes()
    assert what_is_wrong(made) == "nothing"
    with seal.Sealed(made) as sealed:
        regions = sealed.regions
        rows = sealed._table
    values = regions["displacement"]
    rng = np.random.default_rng(372_051_684)
    places = [*range(0, 96, 7), *range(rows - 40, len(sound), 3)]
    places += [values.offset, values.offset + values.size - 1]
    places += rng.integers(0, len(sound), 300).tolist()
    for place in places:
        flipped = bytearray(sound)
        flipped[place] ^= 1 << int(rng.integers(8))
        made.write_bytes(flipped)
        assert what_is_wrong(made) in ("file", "one batch"), place


def what_is_wrong(path: Path) -> str:
    try:
        with seal.Sealed(path) as sealed:
            bad = [not (sealed.finished(i) and sealed.sound(i)) for i in range(len(sealed.batches))]
    except InputError as error:
        return "file" if str(path) in str(error) else "unnamed"
    return {0: "nothing", 1: "one batch"}.get(sum(bad), "more")


def test_a_damaged_batch_is_named_and_computed_anew(
    made: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sound = made.read_bytes()
    with seal.Sealed(made) as sealed:
        values = sealed.regions["displacement"]
    flipped = bytearray(sound)
    flipped[values.offset + values.size - 3] ^= 16
    made.write_bytes(flipped)
    with pytest.raises(InputError, match=r"lib.nc: batch 2 of 2 \(columns of the patch sources 16"):
        library.read(made)
    assert make("--set", FORWARD, "-o", "lib.nc") == 0
    assert made.read_bytes() == sound
    assert "lib.nc: batch 2 of 2" in caplog.text


def test_values_of_a_batch_that_was_not_finished_count_for_nothing(made: Path) -> None:
    sound = made.read_bytes()
    with seal.Sealed(made) as sealed:
        values, row = sealed.regions["displacement"], sealed._table
    torn = bytearray(sound)
    torn[values.offset : values.offset + values.size // 3] = bytes(values.size // 3)
    torn[row] = 0
    made.write_bytes(torn)
    assert make("--set", FORWARD, "-o", "lib.nc") == 0
    assert made.read_bytes() == sound


@pytest.mark.parametrize("left", [0, 10, 95, 1000, -1, -60, -3000])
def test_a_truncated_file_is_named(
    left: int, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write_bytes(made.read_bytes()[:left])
    before = made.read_bytes()
    assert make("--set", FORWARD, "-o", "lib.nc") == 2
    assert "lib.nc: is no library" in capsys.readouterr().err
    assert made.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("materials.rock.mu=31 GPa", "materials differs; materials.rock.mu: 3"),
        ("materials.rock.nu=0.26", "materials differs; materials.rock.nu: 0.25 there, 0.26 here"),
        ("greens.patches.length=5 km", "sources differs; greens.patches.length: 4000.0 there"),
        ("greens.components=[dip]", "sources differs; greens.components"),
        ("faults.main.rectangle.dip=71 deg", "boundaries, sources differ; faults.main"),
        ("boundaries.sides=fixed", "boundaries differs; boundaries.sides"),
        ("solver.tolerance=1e-9", "solver differs; solver.tolerance: 1e-08 there, 1e-09 here"),
        (RECIPROCAL, "method (forward there, reciprocal here) differs"),
        ("output.los={up: {unit: [0, 0, 1]}}", "stations differs; output.los.up"),
    ],
)
def test_the_library_of_another_case_says_what_differs(
    change: str, words: str, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made.read_bytes()
    assert make("--set", FORWARD, "--set", change, "-o", "lib.nc") == 2
    said = capsys.readouterr().err
    assert f"lib.nc: holds the library of another case: {words}" in said
    assert said.count("\n") == 1
    assert made.read_bytes() == before


def test_other_stations_under_the_same_name_differ(
    made: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "stations.csv").write_text(STATIONS.replace("A,1,12", "A,1,12.001"))
    assert make("--set", FORWARD, "-o", "lib.nc") == 2
    assert "another case: stations differs;" in capsys.readouterr().err


def test_another_title_is_the_same_library(made: Path) -> None:
    assert make("--set", FORWARD, "--set", "case.title=other", "-o", "lib.nc") == 0


def test_two_runs_do_not_write_one_file(
    made: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = (
        "import sys, fcntl; f = open('lib.nc', 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert make("--set", FORWARD, "-o", "lib.nc") == 2
        assert "lib.nc: another run is writing it" in capsys.readouterr().err
    finally:
        other.communicate()


def killed_by_the_clock(folder: Path, seconds: float, *words: str) -> bool:
    """Run the command and kill it after a time; whether it was still at work."""
    program = [sys.executable, "-m", "femcrust", "greens", "case.yaml", "--quiet", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(library.__file__).parents[2])}
    run = subprocess.Popen(program, cwd=folder, env=environment, stderr=subprocess.PIPE)
    try:
        run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return True
    assert run.returncode == 0
    return False


def killed_until_it_is_whole(folder: Path, kind: str, times: int, chance: random.Random) -> int:
    """Of a library of its kind, killed and continued; the bits must be those of one go."""
    case, words = KINDS[kind]
    (folder / "case.yaml").write_text(case)
    (folder / "sheet.msh").write_text(SHEET)
    started = time.perf_counter()
    assert not killed_by_the_clock(folder, 600, *words, "-o", "whole.nc")
    seconds = time.perf_counter() - started
    hits = sum(
        killed_by_the_clock(folder, chance.uniform(0.2, 1.1) * seconds, *words, "-o", "torn.nc")
        for _ in range(times)
    )
    assert not killed_by_the_clock(folder, 600, *words, "-o", "torn.nc")
    wanted, found = (library.read_arrays(folder / name) for name in ("whole.nc", "torn.nc"))
    assert wanted.keys() == found.keys()
    for name, values in wanted.items():
        one, other = np.asarray(values), np.asarray(found[name])
        if one.dtype.kind == "O":  # texts
            assert one.tolist() == other.tolist(), name
        else:
            assert one.tobytes() == other.tobytes(), name
    return hits


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rectangle, forward", "rectangle, reciprocal", "merged sheet"])
def test_killed_at_many_random_moments(kind: str, folder: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    assert killed_until_it_is_whole(folder, kind, 8, random.Random(seed)) >= 3
