"""Runs that cannot end well: no memory, no convergence, no place to write, no such word.

And mutated cases through the whole of `check`: whatever they hold, never a bug and never a hang.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust import backends, outputs
from femcrust.cli import main
from tiny_case import BOX, CASE, STATIONS, desk, gmsh_mesh, matches, write_gmsh

__all__ = ["desk"]  # a fixture


FINEST = ("--set", "mesh.box.size.near=50 m", "--set", "mesh.box.size.far=50 m")


@pytest.mark.parametrize("command", ["check", "run", "mesh"])
def test_a_mesh_that_no_machine_holds_is_refused_at_once(command, desk, monkeypatch) -> None:
    start = time.perf_counter()
    line = desk.told(command, "case.yaml", *FINEST)
    assert matches("mesh.box.size: more than 8000000 cells; raise near, far or growth", line)
    monkeypatch.setattr("femcrust.machine.physical_memory", lambda: 4 * 2**30)
    line = desk.told(command, "case.yaml", "--set", "mesh.box.size.near=20 m")
    assert matches("mesh.box.size: .* GiB of memory .* this machine has 4.0 GiB; make the", line)
    assert time.perf_counter() - start < 60.0  # both take a second; the meshes would take minutes


def test_a_run_larger_than_the_memory_is_refused_before_the_solve(desk, monkeypatch) -> None:
    monkeypatch.setattr("femcrust.machine.physical_memory", lambda: 302 * 2**20)
    for command in ("check", "run"):
        line = desk.told(command, "case.yaml")
        assert matches(r"mesh.*: [\d,]+ unknowns need about .* GiB .* make the mesh coarser", line)


def test_a_run_that_does_not_converge_leaves_nothing(desk) -> None:
    line = desk.told("run", "case.yaml", "--set", "solver.max_iterations=2", status=3)
    assert matches(r"relative residual .* \(asked: 1.0e-08\) .* raise solver.max_iterations", line)
    words = ("--set", "solver.max_iterations=2", "--output", "fresh/deep")
    desk.told("run", "case.yaml", *words, status=3)


def test_a_nearly_incompressible_material_is_named(desk, caplog) -> None:
    words = ("--set", "materials.rock.nu=0.49999", "--set", "solver.max_iterations=9")
    line = desk.told("run", "case.yaml", *words, status=3)
    assert matches(r"materials\.rock\.nu is 0\.49999, nearly incompressible: lower it", line)
    caplog.clear()
    assert main(["check", "case.yaml", "--set", "materials.rock.nu=0.495"]) == 0
    assert matches(r"materials\.rock\.nu is 0\.495: convergence is slow", caplog.text)
    caplog.clear()
    assert main(["check", "case.yaml", "--set", "materials.rock.nu=0.49"]) == 0
    assert caplog.text == ""


def test_a_tolerance_below_rounding_is_called_that(desk) -> None:
    line = desk.told("run", "case.yaml", "--set", "solver.tolerance=1e-30", status=3)
    assert matches("double precision reaches no more; raise solver.tolerance", line)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_backend_that_was_not_built_is_no_other(command, desk, monkeypatch) -> None:
    if backends.devices()[0] == 0:
        monkeypatch.setenv("FEMCRUST_BACKEND", "cuda")
        line = desk.told(command, "case.yaml", status=4)
        assert matches("solver.backend: 'cuda': .*(CUDA|device).*; available: cpu", line)
    monkeypatch.setenv("FEMCRUST_BACKEND", "gpu")
    line = desk.told(command, "case.yaml")
    assert matches("FEMCRUST_BACKEND=gpu: solver.backend: 'gpu' is none of", line)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("rum case.yaml", "'rum' is no command; did you mean run?"),
        ("init striek-slip", "init: 'striek-slip' is no template; did you mean strike-slip?"),
        ("init ..", "init: '..' is no template; choose from cycle, load, magma"),
        ("init load .", "init: case.yaml exists; choose another folder"),
        ("init load stations.csv", "init: stations.csv is a file; choose another folder"),
        ("plot results", "results: has no fields.npz, which the pictures are drawn from; add npz"),
        ("plot case.yaml", "case.yaml: is no folder of results; name the one that"),
        ("plot absent", "absent: is no folder of results; name the one that `femcrust run` wrote"),
        ("run case.yaml --output case.yaml", "case.yaml: cannot be written .* a part of the path"),
        ("run case.yaml --output .", "the results would replace stations.csv, which output.sta"),
        ("run case.yaml --output " + 300 * "n", "the name is too long; shorten it"),
        (
            "mesh case.yaml --output results",
            "results: no format of tetrahedra .* use one of .vtu",
        ),
        ("mesh case.yaml --output case.yaml", "case.yaml: no format of tetrahedra has this"),
        ("mesh case.yaml --output a.stl", "a.stl: no format of tetrahedra has this ending"),
        ("mesh case.yaml --output a.xdmf", "a.xdmf: no format of tetrahedra has this ending"),
        ("mesh case.yaml --output no/m.vtu", "no/m.vtu: there is no folder no; make it first"),
        ("run case.yaml --set solver.tolerance=2", "--set solver.tolerance=2: .* at most 0.01"),
        ("run case.yaml --set mesh.bxo=1", "mesh.bxo: unknown key; did you mean box?"),
        ("run case.yaml --set solver.threads=9999999", "solver.threads: 9999999: .* 65536"),
    ],
)
def test_wrong_words_change_nothing(words, message, desk) -> None:
    assert matches(message.replace("?", r"\?"), desk.told(*words.split()))


@pytest.mark.parametrize("path", ["", " ", "a\0b"])
@pytest.mark.parametrize("command", ["run", "mesh"])
def test_an_output_that_is_no_path_is_refused(command, path, desk) -> None:
    assert matches("--output: .* is no path; ", desk.told(command, "case.yaml", "--output", path))


def test_results_that_are_garbage_are_not_drawn(desk) -> None:
    desk.put("results/fields.npz", np.random.default_rng(5463728190).bytes(400))
    line = desk.told("plot", "results")
    assert matches("results/fields.npz: is damaged .* run the case again", line)
    assert "pickle" not in line  # the advice of numpy is dangerous here


def test_the_mesh_of_a_case_is_not_replaced_by_its_copy(desk) -> None:
    """The copy has lost the names of the groups; `mesh.vtu` is what `mesh` writes by default."""
    import meshio

    mesh = gmsh_mesh()
    meshio.write(desk.folder / "mesh.vtu", meshio.Mesh(mesh.points, mesh.cells[:1]))
    desk.case((BOX, "  file: mesh.vtu\n"))
    assert matches("mesh.vtu: is mesh.file itself", desk.told("mesh", "case.yaml"))


def test_files_outside_are_read_and_never_written(desk, tmp_path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write_gmsh(outside / "mesh.msh")
    (outside / "stations.csv").write_text(STATIONS)
    before = {k: v for k, v in desk.listing().items() if not k.startswith("work")}
    desk.case(
        (BOX, "  file: ../outside/mesh.msh\n"), ("stations.csv", str(outside / "stations.csv"))
    )
    for command in ("check", "mesh", "run"):
        assert main([command, "case.yaml"]) == 0
    assert {k: v for k, v in desk.listing().items() if not k.startswith("work")} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_an_unwritable_folder_is_refused_before_the_work(desk) -> None:
    (desk.folder / "results").chmod(0o555)
    line = desk.told("run", "case.yaml")
    assert matches("results: cannot be written .* no permission to write there", line)


def test_a_folder_without_permission_is_refused_before_the_work(desk, monkeypatch) -> None:
    """The same for root, whom permissions do not stop: the system's answer is put in its mouth."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("femcrust.outputs.atomic.tempfile.TemporaryFile", refuse)
    line = desk.told("run", "case.yaml")
    assert matches("results: cannot be written .* no permission to write there; choose", line)


def test_results_that_cannot_be_finished_leave_the_old_ones(desk, monkeypatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("femcrust.outputs.files.summary_json", full)
    before = desk.listing()
    assert main(["run", "case.yaml"]) == 6
    after = desk.listing()
    del before["work/results"], after["work/results"]  # its time: a folder came in it and went
    assert after == before
    assert matches("No space left on device; free some space", desk.capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ("run nope.yaml", 2, "nope.yaml: there is no such file"),
        ("run case.yaml --set solver.max_iterations=2", 3, "raise solver.max_iterations"),
        ("check case.yaml --set materials.rock.nu=0.7", 2, "nu: 0.7 must be below 0.5"),
        ("run case.yaml --set solver.backend=cuda:7", 4, "'cuda:7': .*; available: cpu"),
        (
            "check case.yaml --set mesh.box.size.near=50m --set mesh.box.size.far=50m",
            2,
            "mesh.box.size: .* raise near",
        ),
    ],
)
def test_the_command_itself_ends_so(words, status, message, desk) -> None:
    before = desk.listing()
    done = subprocess.run(
        [sys.executable, "-m", "femcrust", *words.split()],
        capture_output=True, text=True, timeout=100, cwd=desk.folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == status
    assert done.stderr.count("\n") == 1
    assert matches(message, done.stderr)
    assert desk.listing() == before


def test_an_instruction_set_that_is_none_is_named(desk) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "femcrust", "run", "case.yaml"],
        capture_output=True, text=True, timeout=100, cwd=desk.folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "FEMCRUST_ISA": "v9"},
    )  # fmt: skip
    assert done.returncode == 2
    assert matches("^FEMCRUST_ISA: 'v9' is none of v2 .*\n$", done.stderr)


# --- mutated cases ---

NUMBERS = ("0", "-1", "1e300", "1e-300", "nan", ".inf", "0.5", "90", "1e9", "-40", "1e-9", "7e5")
WORDS = (
    "km", "GPa", "deg", "m", "infinite", "free", "fixed", "roller", "x", "depth", "sqrt(x)", "1/x",
    "[0 km, 0 km]", "{}", "[]", "''", "results", "../x", "stations.csv", "case.yaml", "/dev/null",
)  # fmt: skip


def mutated(seed: int) -> str:
    """The case with a few numbers or words exchanged, lines dropped, doubled or moved."""
    chance = random.Random(seed)
    lines = CASE.splitlines()
    for _ in range(chance.randint(1, 3)):
        row = chance.randrange(len(lines))
        kind = chance.randrange(6)
        words = lines[row].split(" ")
        if kind == 0:
            del lines[row]
        elif kind == 1:
            lines.insert(chance.randrange(len(lines)), lines[row])
        elif kind == 2:
            at = chance.randrange(len(lines[row]) + 1)
            lines[row] = lines[row][:at] + chance.choice(":,{}[]'\" #&*\t\0é") + lines[row][at:]
        else:
            at = chance.randrange(len(words))
            old = words[at].strip("[]{},:")
            wanted = NUMBERS if old.lstrip("-").replace(".", "").isdigit() else NUMBERS + WORDS
            words[at] = words[at].replace(old, chance.choice(wanted)) if old else words[at]
            lines[row] = " ".join(words)
        lines = lines or [""]
    return "\n".join(lines) + "\n"


@given(seed=st.integers(0, 2**32))
def test_any_mutated_case_is_checked_or_refused(seed, tmp_path_factory) -> None:
    """`print_blob` and the seed that hypothesis prints bring a failure back."""
    folder = tmp_path_factory.mktemp("mutated")
    (folder / "stations.csv").write_text(STATIONS)
    (folder / "case.yaml").write_text(mutated(seed))
    start = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("femcrust.machine.physical_memory", lambda: 400 * 2**20)  # small meshes only
        patch.setattr(outputs, "draw_check", lambda *given: given[3])  # half a second each
        status = main(["check", "case.yaml", "--quiet"])
    found = sorted(path.name for path in folder.iterdir())
    shutil.rmtree(folder)
    assert status in (0, 2), mutated(seed)
    assert found == ["case.yaml", "stations.csv"], mutated(seed)
    assert time.perf_counter() - start < 30.0, mutated(seed)
