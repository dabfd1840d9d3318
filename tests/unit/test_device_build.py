"""What nvcc made of the kernels, read from the compiled module: no device is needed for that.

Local memory ("stack") holds what registers do not: spills, and arrays with variable indices. It
costs a load from device memory each time, so that kernels have none but for good reasons.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import absent
from femcrust import _core

ARCHITECTURES = ("sm_80", "sm_90")
MAY_USE_STACK: dict[str, tuple[int, str]] = {}  # kernel: (bytes at most, why)

ELF = re.compile(r"^arch = (sm_\d+)", re.MULTILINE)
USAGE = re.compile(r"Function (\w+):\s+REG:(\d+) STACK:(\d+) SHARED:\d+ LOCAL:(\d+)")
KERNEL = re.compile(r"FEMCRUST_KERNEL\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\(")
TENSOR_CORE = re.compile(r"\bHMMA\.")


def usages(report: str) -> list[tuple[str, str, int]]:
    """(architecture, kernel, bytes of local memory) of a resource report."""
    parts = ELF.split(report)
    found = []
    for architecture, text in zip(parts[1::2], parts[2::2], strict=True):
        for name, _, stack, local in USAGE.findall(text):
            found.append((architecture, name, int(stack) + int(local)))
    return found


def with_stack(report: str) -> list[str]:
    """One line for each kernel that uses more local memory than it may."""
    found = []
    for architecture, name, size in usages(report):
        allowed = max((MAY_USE_STACK[k][0] for k in MAY_USE_STACK if is_kernel(name, k)), default=0)
        if size > allowed:
            found.append(f"{name} on {architecture}: {size} bytes of local memory")
    return found


def is_kernel(mangled: str, name: str) -> bool:
    """Whether a mangled name is that of a kernel of this name, in a namespace or a template."""
    return re.search(rf"{len(name)}{name}[EI]", mangled) is not None


@pytest.fixture(scope="module")
def tool() -> str:
    """cuobjdump; its package puts it, and nvdisasm which it calls, in no folder of PATH."""
    on_path = shutil.which("cuobjdump")
    if on_path:
        return on_path
    try:
        files = importlib.metadata.files("nvidia-cuda-cuobjdump") or []
    except importlib.metadata.PackageNotFoundError:
        absent("cuobjdump", "the package nvidia-cuda-cuobjdump is not installed")
    return next(str(file.locate()) for file in files if file.name == "cuobjdump")


def dump(tool: str, what: Path, *options: str) -> str:
    """What cuobjdump prints."""
    path = os.pathsep.join([str(Path(tool).resolve().parent), os.environ.get("PATH", "")])
    command = [tool, *options, str(what)]
    return subprocess.run(
        command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def module() -> Path:
    """The compiled module, where it holds kernels for CUDA."""
    if not hasattr(_core.testing, "cuda"):
        absent("nvcc", "femcrust is built without nvcc")
    return Path(str(_core.__file__))


@pytest.fixture(scope="module")
def report(tool: str, module: Path) -> str:
    return dump(tool, module, "-res-usage")


def test_every_kernel_is_made_for_every_architecture(report: str) -> None:
    made = [{k for a, k, _ in usages(report) if a == wanted} for wanted in ARCHITECTURES]
    assert made[0]
    assert made[0] == made[1]


def test_no_kernel_uses_local_memory(report: str) -> None:
    assert with_stack(report) == []


def test_what_may_use_local_memory_still_does(report: str) -> None:
    used = [kernel for _, kernel, size in usages(report) if size > 0]
    unused = [name for name in MAY_USE_STACK if not any(is_kernel(k, name) for k in used)]
    assert unused == []


def kernels_of(source: Path, report: str) -> list[str]:
    """Mangled names of the kernels that a file defines."""
    names = KERNEL.findall(source.read_text(encoding="utf-8"))
    return sorted({k for _, k, _ in usages(report) if any(is_kernel(k, name) for name in names)})


def test_files_of_matrix_products_use_tensor_cores(
    tool: str, module: Path, report: str, root: Path
) -> None:
    sources = sorted(root.glob("csrc/**/*_mma.cu"))
    assert sources
    for source in sources:
        kernels = kernels_of(source, report)
        for architecture in ARCHITECTURES:
            code = dump(tool, module, "-sass", "-arch", architecture, "-fun", ",".join(kernels))
            assert TENSOR_CORE.search(code), f"{source.name} on {architecture}: no HMMA"


# The checks are seen to fail.

SPILLS = """
template <int N> __global__ static void spilled(double* g, int n) {
  double a[N];
  for (int i = 0; i < N; ++i) a[i] = g[i];
  g[0] = a[n];
}
template <class T> __global__ static void scalar(T* g) { g[0] *= T(2); }
void launch(double* g) { spilled<7><<<1, 1>>>(g, 3); scalar<<<1, 1>>>(g); }
"""


def test_a_planted_spill_is_named(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        absent("nvcc", "nvcc is not on PATH")
    source, binary = tmp_path / "spills_mma.cu", tmp_path / "spills.fatbin"
    source.write_text(SPILLS.replace("__global__ static", "FEMCRUST_KERNEL"), encoding="utf-8")
    define = "-DFEMCRUST_KERNEL=__global__ static"
    subprocess.run(
        [nvcc, "-arch=sm_80", "-fatbin", define, str(source), "-o", str(binary)], check=True
    )
    report = dump(tool, binary, "-res-usage")
    (line,) = with_stack(report)
    assert re.match(r"\w*7spilled\w* on sm_80: 56 bytes of local memory", line)
    assert len(kernels_of(source, report)) == 2
    assert not TENSOR_CORE.search(dump(tool, binary, "-sass"))
    monkeypatch.setitem(MAY_USE_STACK, "spilled", (56, "for this test"))
    assert with_stack(report) == []


@pytest.mark.parametrize(
    ("mangled", "name", "same"),
    [
        ("_ZN8femcrust4cuda12_GLOBAL__N_17spilledILi7EEEvPdi", "spilled", True),
        ("_ZN8femcrust4cuda5scaleEPdi", "scale", True),
        ("_ZN8femcrust4cuda9scaledownEPdi", "scale", False),
        ("_ZN8femcrust4cuda8downscaleEPdi", "scale", False),
    ],
)
def test_names_of_kernels_are_known(mangled: str, name: str, same: bool) -> None:
    assert is_kernel(mangled, name) is same
