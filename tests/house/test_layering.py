"""Arrows that never exist: which folder of csrc may include which, and which words have one home.

The rules are a dictionary; a folder without a rule is a violation, so that a new one must say where
it stands. Every rule is seen to fail on a planted tree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.comments import without_comments, without_comments_and_strings
from house.source_tree import own_files, plant

MAY_INCLUDE = {
    "core": set(),
    "backends": {"core"},
    "comm": {"core"},
    "elements": {"core"},
    "materials": {"core"},
    "faults": {"core", "elements"},
    "boundaries": {"core", "elements"},
    "mesh": {"core", "comm"},
    "operators": {
        *("core", "backends", "comm", "elements", "materials", "faults", "boundaries", "mesh"),
    },
    "solvers": {"core", "backends", "comm"},
    "preconditioners": {"core", "backends", "comm", "mesh", "operators", "solvers"},
    "aggregation": {"core", "backends", "comm", "operators", "preconditioners"},
    "timestepping": {"core", "backends", "comm", "elements", "materials", "mesh", "operators"},
}
MAY_INCLUDE["bindings"] = set(MAY_INCLUDE)  # the top: all below, and nobody includes it

CPP = (".hpp", ".cpp", ".cuh", ".cu", ".h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
CUDA_HEADER = re.compile(r"cuda|mma\.h|cub/|thrust/|cooperative_groups|nvtx|cublas|cusparse")
CUDA_WORD = re.compile(
    r"\b(?:__(?:global|device|host|shared|constant)__|__syncthreads|__shfl\w*|(?:thread|block)Idx"
    r"|cuda[A-Z]\w*|nvcuda|FEMCRUST_(?:KERNEL|LAUNCH|SHARED_DYNAMIC|CUDA_TRY))\b"
)
DEVICE_FOLDER = "backends/device/"  # the door to CUDA and the emulator behind it
COMPILER_WORD = re.compile(r"\b__(?:CUDACC|CUDA_ARCH)__\b")
ASSEMBLY = re.compile(r"\basm\b")
# The emulator knows shared memory by the name of its variable, sX: see emulator/shared.ld.
SHARED = re.compile(r"__shared__\s(?:[^;\[]*[\s*&>])??(?!s[A-Z])([A-Za-z_]\w*)\s*(?:\[|;)")
ON_DEVICE = {"elements", "materials"}  # maths that also runs on a device
NOT_ON_DEVICE = re.compile(r"\b(throw|try|catch|virtual|std::(?:cout|cerr|vector|string)|printf)\b")
NOT_ON_DEVICE_HEADERS = {"vector", "string", "iostream", "fstream", "sstream", "cstdio"}


def includes(path: Path) -> Iterator[tuple[str, str]]:
    """(bracket, name) of every include."""
    yield from INCLUDE.findall(without_comments(path.read_text(encoding="utf-8")))


def folder_of(name: str, path: Path, csrc: Path) -> str | None:
    """The folder of csrc that an include in quotes points to; None if it is no file of ours."""
    for candidate in (path.parent / name, csrc / name):
        resolved = candidate.resolve()
        if resolved.is_file() and resolved.is_relative_to(csrc.resolve()):
            return resolved.relative_to(csrc.resolve()).parts[0]
    return None


def violations(csrc: Path) -> list[str]:
    """One line for each broken rule below `csrc`."""
    found = []
    for path in own_files(csrc, *CPP):
        here = path.relative_to(csrc)
        folder = here.parts[0]
        if len(here.parts) < 2 or folder not in MAY_INCLUDE:
            found.append(f"{here}: no rule for its folder; add one to MAY_INCLUDE")
            continue
        for_cuda = path.suffix in {".cu", ".cuh"}
        in_door = here.as_posix().startswith(DEVICE_FOLDER)
        for bracket, name in includes(path):
            if bracket == '"':
                target = folder_of(name, path, csrc)
                if target is None:
                    found.append(f"{here}: includes {name}, which is no file of csrc")
                elif target != folder and target not in MAY_INCLUDE[folder]:
                    found.append(f"{here}: {folder} may not include {target} ({name})")
                elif name.endswith(".cuh") and not (for_cuda or in_door):
                    found.append(f"{here}: includes {name}, which is for .cu and .cuh")
                elif siblings(path.name, Path(name).name):
                    found.append(f"{here}: cpu and cuda are siblings ({name})")
            elif name == "mpi.h":
                found.append(f"{here}: <mpi.h>; MPI belongs to femcrust/comm.py")
            elif name.startswith("pybind11") and folder != "bindings":
                found.append(f"{here}: <{name}> outside bindings")
            elif CUDA_HEADER.match(name) and not for_cuda:
                found.append(f"{here}: <{name}> outside .cu and .cuh")
            elif name in NOT_ON_DEVICE_HEADERS and folder in ON_DEVICE:
                found.append(f"{here}: <{name}> in {folder}, which runs on the device")
        code = without_comments_and_strings(path.read_text(encoding="utf-8"))
        for word in sorted(set(COMPILER_WORD.findall(code))):
            if here != Path("core/hd.hpp"):
                found.append(f"{here}: {word} outside core/hd.hpp")
        if not (for_cuda or in_door or here == Path("core/hd.hpp")):
            for word in sorted(set(CUDA_WORD.findall(code))):
                found.append(f"{here}: {word} outside .cu, .cuh and {DEVICE_FOLDER}")
        if for_cuda and not in_door and ASSEMBLY.search(code):
            found.append(f"{here}: assembly outside {DEVICE_FOLDER}")
        for name in SHARED.findall(code) if for_cuda and not in_door else ():
            found.append(f"{here}: shared memory is named sX, not {name}")
        if folder in ON_DEVICE:
            for word in sorted(set(NOT_ON_DEVICE.findall(code))):
                found.append(f"{here}: '{word}' in {folder}, which runs on the device")
    return found


def siblings(one: str, other: str) -> bool:
    """Whether one file of a backend includes a file of the other."""
    machines = {name.split(".")[0] for name in (one, other)}
    return machines == {"cpu", "cuda"}


def test_includes_point_down(root: Path) -> None:
    assert violations(root / "csrc") == []


PLANTED = {
    "upward include": ("solvers/cg.hpp", '#include "operators/a.hpp"', "solvers may not include"),
    "relative upward include": ("core/x.hpp", '#include "../mesh/a.hpp"', "core may not include"),
    "include of bindings": ("operators/x.hpp", '#include "bindings/a.hpp"', "may not include"),
    "element that sees the mesh": ("elements/x.hpp", '#include "mesh/a.hpp"', "may not include"),
    "include of nothing": ("mesh/x.hpp", '#include "core/absent.hpp"', "no file of csrc"),
    "folder without a rule": ("extras/x.hpp", "int a;", "no rule"),
    "file without a folder": ("x.cpp", "int a;", "no rule"),
    "MPI": ("comm/x.hpp", "#include <mpi.h>", "mpi.h"),
    "pybind11": ("operators/x.hpp", "#include <pybind11/numpy.h>", "outside bindings"),
    "CUDA header": ("backends/cpu.hpp", "#include <cuda_runtime.h>", "outside .cu"),
    "platform word": ("operators/x.hpp", "#ifdef __CUDACC__\n#endif", "outside core/hd.hpp"),
    "word of one device": (
        "core/x.hpp",
        "int a = __CUDA_ARCH__;",
        "outside core/hd.hpp",
    ),
    "kernel in C++": ("operators/x.cpp", "FEMCRUST_KERNEL void f() {}", "FEMCRUST_KERNEL outside"),
    "CUDA call in C++": ("operators/x.hpp", "int a = cudaMalloc();", "cudaMalloc outside .cu"),
    "door to CUDA in C++": ("operators/x.cpp", '#include "backends/cuda.cuh"', "is for .cu"),
    "assembly": ("operators/x.cu", 'void f() { asm("nop"); }', "assembly outside"),
    "name of shared memory": ("operators/x.cu", "__shared__ float part[32];", "sX, not part"),
    "sibling backends": ("backends/cpu.cu", '#include "cuda.cuh"', "siblings"),
    "vector on the device": ("elements/x.hpp", "#include <vector>", "runs on the device"),
    "throw on the device": ("materials/x.hpp", "void f() { throw 1; }", "'throw'"),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_planted_violation_is_named(planted: tuple[str, str, str], tmp_path: Path) -> None:
    name, text, words = planted
    there = {f"{folder}/a.hpp": "// fine\n" for folder in MAY_INCLUDE}
    csrc = plant(tmp_path, {**there, "backends/cuda.cuh": "", name: text + "\n"})
    (line,) = violations(csrc)
    assert line.startswith(f"{name}: ")
    assert words in line


def test_allowed_includes_and_comments_pass(tmp_path: Path) -> None:
    text = (
        '// throw, virtual, #include <mpi.h>\n/* __CUDACC__ */\n#include "../core/types.hpp"\n'
        '#include "core/types.hpp"\n#include <cmath>\nconst char* word = "try";\n'
    )
    kernel = (
        "#include <cuda_runtime.h>\n"
        '#include "../backends/device/launch.cuh"\n__shared__ double sX[3], sY[2];\n'
        "__shared__ typename Tile<T, 3>::Row sRow[N];\n__shared__ int sCount;\n"
    )
    files = {
        "core/types.hpp": "int a;",
        "elements/tet10.hpp": text,
        "operators/kernels.cu": kernel,
        "backends/device/launch.cuh": "#include <mma.h>\n",
        "backends/device/emulator/x.cpp": '#include "backends/device/launch.cuh"\nint cudaGet();',
    }
    assert violations(plant(tmp_path, files)) == []


def test_every_kernel_file_is_compiled(root: Path) -> None:
    listed = re.findall(r"csrc/\S+\.cu\b", (root / "cmake/devices.cmake").read_text("utf-8"))
    assert sorted(listed) == [
        p.relative_to(root).as_posix() for p in own_files(root / "csrc", ".cu")
    ]


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of what a Python file imports: module and module.name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


DOORS = ("femcrust/backends", "femcrust/comm")  # modules or packages


def python_violations(root: Path) -> list[str]:
    """The compiled module has one door; the package stands alone, and oracles do too."""
    found = []
    for path in [*own_files(root / "femcrust", ".py"), *own_files(root / "tests", ".py")]:
        here = path.relative_to(root).as_posix()
        names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        tops = {name.split(".")[0] for name in names}
        if here.startswith("femcrust/"):
            for name in sorted(names):
                if "_core" in name.split(".") and not here.startswith(DOORS):
                    found.append(f"{here}: imports {name}; only backends and comm may")
            for top in sorted(tops & {"tests", "meshes", "perf"}):
                found.append(f"{here}: imports {top}; the package stands alone")
        elif here.startswith("tests/reference/") and "femcrust" in tops:
            found.append(f"{here}: imports femcrust; an oracle is independent")
    return found


def test_one_door_to_the_core_and_independent_oracles(root: Path) -> None:
    assert python_violations(root) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("femcrust/mesh/mesh.py", "from femcrust import _core"),
        ("femcrust/run.py", "def f():\n    import femcrust._core.cpu"),
        ("femcrust/run.py", "from meshes import box"),
        ("tests/reference/okada.py", "from femcrust.mesh import mesh"),
    ],
)
def test_planted_import_is_named(name: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, {"femcrust/backends.py": "from . import _core", "tests/a.py": "", name: text})
    (line,) = python_violations(tmp_path)
    assert line.startswith(f"{name}: imports ")
