"""The door to the core: names, refusals, threads; importing femcrust loads nothing heavy."""

from __future__ import annotations

import os

import pytest

import femcrust
from femcrust import backends, machine
from femcrust.errors import DeviceError, InputError

WHY = (
    "(this build has no CUDA|no CUDA driver is installed|the driver is for CUDA|no device is there)"
)


@pytest.fixture
def no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(backends.EMULATION_VARIABLE, raising=False)
    count, _ = backends.devices()
    if count:
        pytest.skip("a device is there")


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    if not backends.core().has_emulator:
        pytest.skip("this build holds no emulator")
    monkeypatch.setenv(backends.EMULATION_VARIABLE, "emulated")


def test_automatic_choice_is_the_cpu_where_no_device_answers(no_device) -> None:
    assert backends.select("auto") is backends.select("cpu")


def test_explicit_choice_never_falls_back(no_device) -> None:
    for name in ("cuda", "cuda:1"):
        with pytest.raises(DeviceError, match=f"'{name}': {WHY}.*; available: cpu"):
            backends.select(name)


def test_automatic_choice_is_the_device_that_answers(emulated) -> None:
    assert backends.select("auto") is backends.select("cuda:0") is backends.core().cuda
    assert backends.device_name(backends.select("cuda")) == "host emulation"
    assert backends.select("cpu") is backends.core().cpu
    assert any("host emulation" in line for line in backends.device_lines())


def test_a_device_that_is_not_there_is_named_with_those_that_are(emulated) -> None:
    with pytest.raises(DeviceError, match="'cuda:3': no such device; available: cpu, cuda:0"):
        backends.select("cuda:3")
    with pytest.raises(DeviceError, match="'metal' is none of auto, cpu, cuda, cuda:1"):
        backends.select("metal")


def test_errors_of_the_device_are_ours() -> None:
    assert issubclass(backends.core().DeviceError, DeviceError)


def test_threads_are_as_many_as_asked_for() -> None:
    before = backends.description()["threads"]
    try:
        assert backends.set_threads(1) == 1
        assert backends.description()["threads"] == 1
    finally:
        backends.set_threads(int(before))


def test_build_flags_say_what_is_built() -> None:
    expected = os.environ.get("FEMCRUST_EXPECT_CUDA")
    if expected is not None:
        assert backends.core().has_cuda is (expected == "1")
    assert backends.core().instruction_set in ("v2", "v3", "v4")


def test_memory_that_is_not_there_is_refused_with_both_numbers() -> None:
    machine.check_memory(1000, "mesh")
    with pytest.raises(InputError, match=r"mesh: 10,000,000,000,000 unknowns need about .* GiB"):
        machine.check_memory(10**13, "mesh")


def test_public_names_resolve() -> None:
    for name in femcrust.__all__:
        assert callable(getattr(femcrust, name)), name
    with pytest.raises(AttributeError, match="no attribute"):
        _ = femcrust.grens
