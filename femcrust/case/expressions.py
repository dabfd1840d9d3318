"""Formulae in case files: '2*exp(-depth/(10*km))' as a function of points, without eval.

A text is parsed by `ast`, and only the nodes in the tables below are turned into NumPy closures.
Numbers are SI, so an angle is in radians: sin(30*deg).
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from femcrust.errors import InputError
from femcrust.units import shown

LONGEST_TEXT = 2000
DEEPEST = 50
LARGEST_VALUE = 1e30  # SI; beyond it, squares leave single precision
LARGEST_EXPONENT = 64

Floats: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, Any]
Closure: TypeAlias = Callable[[Values], Any]
Function: TypeAlias = Callable[..., Any]  # f(x, y, z) -> array, given through the Python API

CONSTANTS = {
    "pi": math.pi,
    "e": math.e,
    "mm": 1e-3,
    "cm": 1e-2,
    "m": 1.0,
    "km": 1e3,
    "Pa": 1.0,
    "kPa": 1e3,
    "MPa": 1e6,
    "GPa": 1e9,
    "deg": math.pi / 180.0,
}
FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {  # name: (function, fewest, most)
    "sin": (np.sin, 1, 1),
    "cos": (np.cos, 1, 1),
    "tan": (np.tan, 1, 1),
    "tanh": (np.tanh, 1, 1),
    "exp": (np.exp, 1, 1),
    "log": (np.log, 1, 1),
    "sqrt": (np.sqrt, 1, 1),
    "abs": (np.abs, 1, 1),
    "floor": (np.floor, 1, 1),
    "min": (lambda *a: reduce(np.minimum, a), 2, 16),
    "max": (lambda *a: reduce(np.maximum, a), 2, 16),
    "where": (lambda c, a, b: np.where(c != 0.0, a, b), 3, 3),
}
BINARY: dict[type, Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
COMPARE: dict[type, Callable[..., Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


class NoExpression(ValueError):
    """The text is no expression; the message lacks only the key."""


@dataclass(frozen=True)
class Expression:
    """A formula in `variables`; call it with their values, scalars or arrays that broadcast.

    `depth`, if allowed and not given, is −z.

    >>> Expression("1 + depth/km", ("z", "depth"))(z=[-2e3, 0.0])
    array([3., 1.])
    """

    text: str
    variables: tuple[str, ...]

    def __post_init__(self) -> None:
        try:
            _compiled(self.text, self.variables)
        except NoExpression as error:
            raise InputError(str(error)) from None

    def __str__(self) -> str:
        return self.text

    @property
    def names(self) -> frozenset[str]:
        """The variables that the text uses."""
        return _compiled(self.text, self.variables).names

    @property
    def is_condition(self) -> bool:
        """Whether the result is true or false, not a number."""
        return _compiled(self.text, self.variables).is_condition

    def __call__(self, **values: ArrayLike) -> NDArray[Any]:
        """Values at the points, in the shape of the inputs; NaN and infinity are refused."""
        if "depth" in self.names and "depth" not in values and "z" in values:
            values["depth"] = -np.asarray(values["z"], dtype=np.float64)
        known = {k: np.asarray(v, dtype=np.float64) for k, v in values.items()}
        missing = sorted(self.names - known.keys())
        if missing:
            raise InputError(f"{shown(self.text)}: {', '.join(missing)} is not known here")
        compiled = _compiled(self.text, self.variables)
        with np.errstate(all="ignore"):  # what it makes is looked for below
            result = np.asarray(compiled.closure(known))
        shape = np.broadcast_shapes(*(v.shape for v in known.values()))
        if self.is_condition:
            return np.broadcast_to(result != 0.0, shape).copy()
        found: Floats = np.broadcast_to(result.astype(np.float64), shape).copy()
        _check_finite(found, repr(self.text), {n: known[n] for n in sorted(self.names)})
        return found


Value: TypeAlias = float | Expression | Function


def evaluate(value: Value, key: str, **points: ArrayLike) -> Floats:
    """A number, an expression or a Python function f(x, y, z) at `points`, in their shape.

    >>> evaluate(2.0, "faults.main.slip.strike", x=[0.0, 1.0]).tolist()
    [2.0, 2.0]
    """
    known = {k: np.asarray(v, dtype=np.float64) for k, v in points.items()}
    shape = np.broadcast_shapes(*(v.shape for v in known.values()))
    if isinstance(value, Expression):
        try:
            return np.asarray(value(**known), dtype=np.float64)
        except InputError as error:
            raise InputError(f"{key}: {error}") from None
    if callable(value):
        given = np.asarray(value(*(known[axis] for axis in "xyz")), dtype=np.float64)
        if given.shape not in ((), shape):
            raise InputError(f"{key}: the function returned shape {given.shape} for {shape} points")
        _check_finite(np.broadcast_to(given, shape), f"{key}: the function", known)
        return np.broadcast_to(given, shape).copy()
    return np.full(shape, float(value))


def _check_finite(values: Floats, what: str, known: Mapping[str, Floats]) -> None:
    bad = ~(np.abs(values) < LARGEST_VALUE)  # also catches nan
    if bad.any():
        at = int(np.flatnonzero(bad.ravel())[0])
        points = (f"{n} = {np.broadcast_to(v, values.shape).flat[at]:g}" for n, v in known.items())
        where = ", ".join(points) or "every point"
        raise InputError(f"{what} is {values.flat[at]:g} at {where}; change it there")


@dataclass(frozen=True)
class _Compiled:
    closure: Closure
    names: frozenset[str]
    is_condition: bool


@lru_cache(maxsize=1024)
def _compiled(text: str, variables: tuple[str, ...]) -> _Compiled:
    if len(text) > LONGEST_TEXT:
        raise NoExpression(f"{shown(text)} is no expression of at most {LONGEST_TEXT} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SyntaxWarning for odd but legal texts
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NoExpression(f"{shown(text)} is no expression; write e.g. '1 + x/km'") from None
    names: set[str] = set()
    closure = _Walk(text, variables, names).closure(tree, 0)
    return _Compiled(closure, frozenset(names), _is_condition(tree))


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    return isinstance(node, (ast.Compare, ast.BoolOp))


@dataclass(frozen=True)
class _Walk:
    """Turns allowed nodes into closures over the variables; truth is 1.0, falsehood 0.0."""

    text: str
    variables: tuple[str, ...]
    names: set[str]

    def refuse(self, why: str) -> NoExpression:
        return NoExpression(f"{shown(self.text)}: {why}")

    def closure(self, node: ast.expr, depth: int) -> Closure:
        if depth > DEEPEST:
            raise self.refuse(f"nested deeper than {DEEPEST}; make it simpler")
        if isinstance(node, ast.Constant):
            return self.constant(node.value)
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.Call):
            return self.call(node, depth + 1)
        if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            return self.binary(node, depth + 1)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node, depth + 1)
        if isinstance(node, ast.Compare):
            return self.compare(node, depth + 1)
        if isinstance(node, ast.BoolOp):
            parts = [self.closure(part, depth + 1) for part in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return lambda v: reduce(join, [part(v) != 0.0 for part in parts]).astype(float)
        if isinstance(node, ast.IfExp):
            test, yes, no = (
                self.closure(n, depth + 1) for n in (node.test, node.body, node.orelse)
            )
            return lambda v: np.where(test(v) != 0.0, yes(v), no(v))
        raise self.refuse(
            f"{type(node).__name__} is not allowed; use numbers, + - * / ** and calls"
        )

    def constant(self, value: object) -> Closure:
        if not isinstance(value, (int, float)):
            raise self.refuse(f"{shown(value)} is no number")
        try:
            number = np.float64(value)
        except OverflowError:
            number = np.float64(np.inf)
        if not np.isfinite(number):
            raise self.refuse("a number in it is too large")
        return lambda v: number

    def name(self, name: str) -> Closure:
        if name in self.variables:
            self.names.add(name)
            return lambda v: v[name]
        if name in CONSTANTS:
            return self.constant(CONSTANTS[name])
        known = ", ".join([*self.variables, *CONSTANTS])
        raise self.refuse(f"{shown(name)} is unknown; known: {known}")

    def call(self, node: ast.Call, depth: int) -> Closure:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise self.refuse(f"functions are {', '.join(FUNCTIONS)}")
        function, fewest, most = FUNCTIONS[node.func.id]
        if not fewest <= len(node.args) <= most:
            raise self.refuse(f"{node.func.id} takes {fewest} arguments, not {len(node.args)}")
        arguments = [self.closure(argument, depth) for argument in node.args]
        return lambda v: function(*(argument(v) for argument in arguments))

    def binary(self, node: ast.BinOp, depth: int) -> Closure:
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
            exponent = node.right.value
            if isinstance(exponent, (int, float)) and abs(exponent) > LARGEST_EXPONENT:
                raise self.refuse(f"an exponent is above {LARGEST_EXPONENT}")
        left, right = self.closure(node.left, depth), self.closure(node.right, depth)
        function = BINARY[type(node.op)]
        return lambda v: function(left(v), right(v))

    def unary(self, node: ast.UnaryOp, depth: int) -> Closure:
        inner = self.closure(node.operand, depth)
        if isinstance(node.op, ast.Not):
            return lambda v: np.equal(inner(v), 0.0).astype(float)
        if isinstance(node.op, ast.USub):
            return lambda v: np.negative(inner(v))
        if isinstance(node.op, ast.UAdd):
            return inner
        raise self.refuse("~ is not allowed; write not")

    def compare(self, node: ast.Compare, depth: int) -> Closure:
        if any(type(op) not in COMPARE for op in node.ops):
            raise self.refuse("comparisons are < <= > >= == !=")
        sides = [self.closure(n, depth) for n in (node.left, *node.comparators)]
        tests = [COMPARE[type(op)] for op in node.ops]

        def holds(v: Values) -> Any:
            x = [side(v) for side in sides]
            pairs = (test(a, b) for test, a, b in zip(tests, x, x[1:], strict=False))
            return np.asarray(reduce(np.logical_and, pairs)).astype(float)

        return holds
