"""Quantities: SI values of texts, and one-line refusals of everything else."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.units import DIMENSIONS, quantity

SI = [
    ("30 GPa", "stress", 30e9),
    ("30*GPa", "stress", 30e9),
    ("30.0 * GPa", "stress", 30e9),
    (" 30GPa ", "stress", 30e9),
    ("-1 MPa", "stress", -1e6),
    ("3e10 N/m^2", "stress", 3e10),
    ("3e10 kg/m/s**2", "stress", 3e10),
    ("3e10 kg m^-1 s^-2", "stress", 3e10),
    ("2 bar", "stress", 2e5),
    ("15 km", "length", 15e3),
    (".5 m", "length", 0.5),
    ("5. cm", "length", 0.05),
    ("3 µm", "length", 3e-6),
    ("1e19 Pa*s", "viscosity", 1e19),
    ("1e20 poise", "viscosity", 1e19),
    ("2700 kg/m^3", "density", 2700.0),
    ("2.7 g/cm**3", "density", 2700.0),
    ("6 km/s", "velocity", 6e3),
    ("1 yr", "time", 365.25 * 86400.0),
    ("1 year", "time", 365.25 * 86400.0),
    ("2 d", "time", 2 * 86400.0),
    ("2 cm/yr", "rate", 0.02 / (365.25 * 86400.0)),
    ("10 MPa/m", "stiffness", 1e7),
    ("-27 kN/m^3", "body force", -27e3),
    ("1e27 dyn*cm", "moment", 1e20),
    ("90 deg", "angle", 90.0),
    ("-13 degrees", "angle", -13.0),
    ("0 m", "length", 0.0),
]


@pytest.mark.parametrize(("text", "dimension", "value"), SI)
def test_value_is_si(text: str, dimension: str, value: float) -> None:
    assert quantity(text, dimension, "k") == pytest.approx(value, rel=4e-16 * 8)


def test_radians_become_degrees() -> None:
    assert quantity(f"{math.pi / 2!r} rad", "angle", "k") == pytest.approx(90.0, rel=1e-15)


@pytest.mark.parametrize("name", sorted(DIMENSIONS))
def test_examples_of_messages_are_right(name: str) -> None:
    assert math.isfinite(quantity(DIMENSIONS[name].example, name, "k"))
    assert quantity(f"1 {DIMENSIONS[name].unit}", name, "k") == 1.0


REFUSED: list[Any] = [
    ("ninety", "angle", "a.b: 'ninety' is no angle; write e.g. '90 deg'"),
    (90, "angle", "a.b: 90 has no unit; write e.g. '90 deg'"),
    ("90", "angle", "a.b: '90' has no unit; write e.g. '90 deg'"),
    ("90 m", "angle", "a.b: '90 m' is no angle; write e.g. '90 deg'"),
    ("30 m", "stress", "a.b: '30 m' is no stress or modulus; write e.g. '30 GPa'"),
    (3e10, "stress", "a.b: 30000000000.0 has no unit; write e.g. '30 GPa'"),
    ("30 gpa", "stress", "'gpa' is no unit (did you mean GPa?); write e.g. '30 GPa'"),
    ("30 floops", "stress", "'floops' is no unit; write e.g. '30 GPa'"),
    ("30 Pa*s", "stress", "is no stress or modulus"),
    ("5 degC", "length", "is no length"),
    ("5 m*degC", "length", "is no length"),
    ("5 dB*m", "length", "is no length"),
    ("5 m*percent", "length", "is no length"),
    ("5 m*rad", "length", "is no length"),
    ("nan m", "length", "is not finite"),
    ("-.inf m", "length", "is not finite"),
    ("1e99999 m", "length", "is too large"),
    ("1e-99999 m", "length", "is too small"),
    ("9**9**9", "length", "is no length"),
    ("9**9**9 m", "length", "is no length"),
    ("1 m**999999999", "length", "is no length"),
    ("1 Ym^9", "length", "is no length"),
    ("1 m^0", "length", "is no length"),
    ("1 /m", "length", "is no length"),
    ("1 m//m", "length", "is no length"),
    ("1 m*", "length", "is no length"),
    ("1 * * m", "length", "is no length"),
    ("1 2 m", "length", "is no length"),
    ("(1 m)", "length", "is no length"),
    ("1 m; 2", "length", "is no length"),
    ("__import__('os') m", "length", "is no length"),
    ("", "length", "is no length"),
    ("1 " + "m*m/" * 100 + "m", "length", "is no length"),
    (None, "length", "is no length"),
    (True, "length", "is no length"),
    ([1], "length", "is no length"),
    pytest.param(10**6000, "length", "has no unit", id="huge"),
]


@pytest.mark.parametrize(("text", "dimension", "message"), REFUSED)
def test_refusal_names_key_value_and_remedy(text: object, dimension: str, message: str) -> None:
    start = time.perf_counter()
    with pytest.raises(InputError) as caught:
        quantity(text, dimension, "a.b")
    told = str(caught.value)
    assert told.startswith("a.b: ")
    assert message in told
    assert "write e.g. '" in told
    assert "\n" not in told
    assert len(told) < 250
    assert time.perf_counter() - start < 2.0  # pint's registry is read once, in about 0.3 s


@given(st.text(max_size=40) | st.from_regex(r"[0-9.eE+-]{1,8} ?[*]?[A-Za-z*/^0-9 -]{0,12}"))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    for dimension in ("length", "angle", "stress"):
        try:
            value = quantity(text, dimension, "k")
        except InputError:
            continue
        assert math.isfinite(value)
