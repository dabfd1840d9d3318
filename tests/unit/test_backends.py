"""The door to the core: names, refusals, threads; importing femcrust loads nothing heavy."""

from __future__ import annotations

import pytest

import femcrust
from femcrust import backends, machine
from femcrust.errors import DeviceError, InputError


def test_automatic_choice_is_the_cpu_where_nothing_else_is_built() -> None:
    assert backends.select("auto") is backends.select("cpu")


def test_explicit_choice_never_falls_back() -> None:
    with pytest.raises(DeviceError, match=r"'cuda' is not in this build; available: cpu"):
        backends.select("cuda")


def test_threads_are_as_many_as_asked_for() -> None:
    before = backends.description()["threads"]
    try:
        assert backends.set_threads(1) == 1
        assert backends.description()["threads"] == 1
    finally:
        backends.set_threads(int(before))


def test_build_flags_say_what_is_built() -> None:
    assert backends.core().has_cuda is False
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
