"""Types of the numbers in a case: `Annotated[float, Unit("length")]` and its like.

From a file a value must carry its unit; from Python a bare number is SI (degrees for angles).
`model_dump(mode="json")` writes the unit again, so what it gives is a valid case.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from femcrust.case.expressions import Expression, Value
from femcrust.case.section import FileName, Section, Text, complaint, reading
from femcrust.errors import InputError
from femcrust.units import DIMENSIONS, NoQuantity, parsed, shown

POSITION = ("x", "y", "z", "depth")
# Beyond these a value has the wrong power of ten, and its square would leave single precision.
SMALLEST = 1e-9  # SI, of what must be above zero
LARGEST = {"length": 1e9, "stress": 1e18}  # m, Pa
LARGEST_OTHER = 1e30  # SI
_IDENTIFIER = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


@dataclass(frozen=True)
class Unit:
    """A float of a dimension (None: a bare number) within bounds, in the unit of that dimension."""

    dimension: str | None
    above: float | None = None
    below: float | None = None
    least: float | None = None
    most: float | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.written, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if self.dimension is None:
            limits = {
                "exclusiveMinimum": self.above,
                "exclusiveMaximum": self.below,
                "minimum": self.least,
                "maximum": self.most,
            }
            return {"type": "number", **{k: v for k, v in limits.items() if v is not None}}
        dimension = DIMENSIONS[self.dimension]
        return {"type": "string", "title": dimension.noun, "examples": [dimension.example]}

    def read(self, value: Any, info: ValidationInfo) -> Any:
        """The validated float; bounds are checked in the unit of the dimension."""
        bare = isinstance(value, Real) and not isinstance(value, bool)  # NumPy's too
        if self.dimension is None:
            if not bare:
                raise complaint(f"{shown(value)} is no number{self._without_unit(value)}")
            number = _as_float(value)
        elif bare and reading(info).bare_numbers:
            number = _as_float(value)
        else:
            try:
                number = parsed(value, self.dimension)
            except NoQuantity as error:
                raise complaint(str(error)) from None
        return self.bounded(number, value)

    def bounded(self, number: float, value: object) -> float:
        """The number if it keeps the bounds."""
        unit = "" if self.dimension is None else f" {DIMENSIONS[self.dimension].unit}"
        if not math.isfinite(number):
            raise complaint(f"{shown(value)} is not finite; give a finite number")
        broken = ""
        if self.above is not None and not number > self.above:
            broken = f"above {self.above:g}"
        elif self.least is not None and not number >= self.least:
            broken = f"at least {self.least:g}"
        elif self.below is not None and not number < self.below:
            broken = f"below {self.below:g}"
        elif self.most is not None and not number <= self.most:
            broken = f"at most {self.most:g}"
        if broken:
            raise complaint(f"{shown(value)} must be {broken}{unit}")
        if self.dimension is not None:
            tiny = self.above == 0.0 and number < SMALLEST
            if tiny or not abs(number) <= LARGEST.get(self.dimension, LARGEST_OTHER):
                dimension = DIMENSIONS[self.dimension]
                size = "small" if tiny else "large"
                raise complaint(
                    f"{shown(value)} is too {size} for a {dimension.noun};"
                    f" write e.g. '{dimension.example}'"
                )
        return number

    def written(self, value: Any) -> Any:
        """The value as a case file has it."""
        if isinstance(value, Section):
            return value.model_dump(mode="json", exclude_none=True, by_alias=True)
        if isinstance(value, Expression):
            return value.text
        if callable(value):
            return f"<Python function {getattr(value, '__name__', type(value).__name__)}>"
        return value if self.dimension is None else f"{value!r} {DIMENSIONS[self.dimension].unit}"

    @staticmethod
    def _without_unit(value: object) -> str:
        has_unit = isinstance(value, str) and re.match(r"\s*[-+]?[\d.]", value)
        return "; write it without a unit" if has_unit else "; write e.g. 0.25"


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


class DataFile(Section):
    """Values from a file: a table over depth, a grid or scattered points."""

    file: FileName
    variable: Text | None = Field(
        default=None, description="netCDF variable to take, where the file has several."
    )
    column: Text | None = Field(
        default=None, description="Column of a CSV file, if not named after the key."
    )
    unit: Text | None = Field(
        default=None, description="Unit of a grid that does not say it.", examples=["GPa"]
    )
    interpolation: Literal["nearest", "linear", "constant"] | None = Field(
        default=None, description="Between rows of a table or scattered points."
    )


@dataclass(frozen=True)
class Formula(Unit):
    """A quantity or an expression in `variables` (a text that names one of them), or a file.

    condition : the expression must be true or false
    constant : a quantity becomes an expression too
    data : {file: ...} is allowed
    """

    variables: tuple[str, ...] = POSITION
    condition: bool = False
    constant: bool = False
    data: bool = False

    def read(self, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, DataFile) and self.data:
            return value
        if isinstance(value, Mapping) and self.data:
            return DataFile.model_validate(value, context=info.context)
        if isinstance(value, Expression):
            return self.expression(value.text)
        if callable(value) and reading(info).bare_numbers and not self.condition:
            return value
        if isinstance(value, str) and (self.condition or self.names_variable(value)):
            return self.expression(value)
        if self.condition:
            raise complaint(f"{shown(value)} is no condition; write e.g. 'x > 2*km'")
        try:
            number = super().read(value, info)
        except Exception as error:
            if isinstance(value, str) and re.search(r"[-+*/(]", value.strip()[1:]):
                known = ", ".join(self.variables)
                raise complaint(f"{error}, or an expression in {known}") from None
            raise
        return Expression(repr(number), self.variables) if self.constant else number

    def names_variable(self, text: str) -> bool:
        """Whether the text is a formula rather than a quantity."""
        return not set(_IDENTIFIER.findall(text)).isdisjoint(self.variables)

    def expression(self, text: str) -> Expression:
        """The text compiled, and of the wanted kind."""
        try:
            found = Expression(text, self.variables)
        except InputError as error:
            raise complaint(str(error)) from None
        if found.is_condition != self.condition:
            kind = "true or false" if self.condition else "a number"
            raise complaint(f"{shown(text)} is not {kind}")
        return found

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        forms: list[JsonSchemaValue] = []
        if not self.condition:
            forms.append(super().__get_pydantic_json_schema__(schema, handler))
        formula = f"an expression in {', '.join(self.variables)}, in SI"
        forms.append({"type": "string", "title": formula})
        if self.data:
            forms.append(DataFile.model_json_schema())
        return {"anyOf": forms} if len(forms) > 1 else forms[0]


Length: TypeAlias = Annotated[float, Unit("length")]
PositiveLength: TypeAlias = Annotated[float, Unit("length", above=0.0)]
Seconds: TypeAlias = Annotated[float, Unit("time")]
Angle: TypeAlias = Annotated[float, Unit("angle", least=-360.0, most=360.0)]
Number: TypeAlias = Annotated[float, Unit(None)]

Stress: TypeAlias = Annotated[float, Unit("stress")]
LengthFormula: TypeAlias = Annotated[Value, Formula("length")]
StressFormula: TypeAlias = Annotated[Value, Formula("stress")]
Condition: TypeAlias = Annotated[Expression, Formula(None, condition=True)]
