"""What every section of a case file shares: frozen, unknown keys refused, complaints that point."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PrivateAttr,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from femcrust.units import shown

COMPLAINT = "femcrust"  # the pydantic error type of our own messages
REVERSING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"  # text after them reads backwards


@dataclass(frozen=True)
class Reading:
    """Where a case comes from, and what is allowed there.

    bare_numbers : numbers without a unit are SI (from Python) or refused (from a file)
    absolute_output : output.directory may be absolute (from Python or the command line)
    """

    directory: Path = Path()
    name: str = "case"
    bare_numbers: bool = True
    absolute_output: bool = True


def reading(info: ValidationInfo) -> Reading:
    """The context of a validation; without one the case is built in Python."""
    return info.context if isinstance(info.context, Reading) else Reading()


def folder_inside(value: str, info: ValidationInfo, of: str) -> str:
    """A folder for outputs, refused where it leaves that of what is read: the `case` or `file`."""
    path = PurePath(value)
    if ".." in path.parts or value.startswith("~"):
        raise complaint(f"{value!r} leaves the folder of the {of}; name a folder inside it")
    if path.is_absolute() and not reading(info).absolute_output:
        raise complaint(
            f"{value!r} is absolute; name a folder inside that of the {of}, or use --output"
        )
    return value


def complaint(message: str, *at: str | int) -> PydanticCustomError:
    """An error at the key path `at` below the section whose validator raises it."""
    return PydanticCustomError(COMPLAINT, "{message}", {"message": message, "at": at})


class Section(BaseModel):
    """A mapping in the case file. `reserved` are keys that will exist, with what to do today."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True
    )
    reserved: ClassVar[dict[str, str]] = {}

    def given(self, names: Iterable[str]) -> list[str]:
        """Which of these fields have a value, as the file spells them."""
        fields = type(self).model_fields
        return [fields[n].alias or n for n in names if getattr(self, n) is not None]

    def exactly_one(self, *names: str) -> str:
        """The one of these fields that has a value; refused if none or several have."""
        found = self.given(names)
        spelt = [type(self).model_fields[n].alias or n for n in names]
        if not found:
            raise complaint(f"give one of {', '.join(spelt)}")
        if len(found) > 1:
            raise complaint(f"has {' and '.join(found)}; keep one of them")
        return found[0]

    def only_with(self, companion: str, *names: str) -> None:
        """Refuse fields that mean nothing where the field `companion` has no value."""
        if not self.given([companion]):
            for name in self.given(names):
                raise complaint(f"goes with {companion} only; remove it", name)


class WholeFile(Section):
    """The sections of one file, which know where they come from."""

    _reading: Reading = PrivateAttr(default=Reading())

    def model_post_init(self, context: Any) -> None:
        """Keep where the file comes from."""
        if isinstance(context, Reading):
            self._reading = context

    @property
    def directory(self) -> Path:
        """Folder of the file; relative files in it start there."""
        return self._reading.directory

    @property
    def name(self) -> str:
        """The file as the user called it, for messages."""
        return self._reading.name


def _text(value: str) -> str:
    if not value.strip():
        raise complaint("is empty; write a text or remove the key")
    return _printable(value)


def _printable(value: str) -> str:
    """No control characters, halves of characters, or marks that reverse what follows."""
    wrong = any(
        (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t") or c in REVERSING
        for c in value
    )
    if len(value) > 1000 or wrong:
        raise complaint(f"{shown(value)} is no text of at most 1000 printable characters")
    return value


def _plain_word(value: str) -> str:
    if not re.fullmatch(r"[^\W\d_][\w-]{0,63}", value):
        raise complaint(
            "is no plain word; a name has letters, digits, - and _, and starts with a letter"
        )
    return value


def _increasing(value: tuple[float, float]) -> tuple[float, float]:
    if not value[0] < value[1]:
        raise complaint(f"{value[0]:g} to {value[1]:g} is no range; give the lower end first")
    return value


Title: TypeAlias = Annotated[str, AfterValidator(_printable)]  # may be empty
Text: TypeAlias = Annotated[str, AfterValidator(_text)]
FileName: TypeAlias = Annotated[
    str, AfterValidator(_text), Field(description="A file, relative to the folder of the case.")
]
Word: TypeAlias = Annotated[str, AfterValidator(_plain_word)]
Increasing = AfterValidator(_increasing)


@dataclass(frozen=True)
class OneOrMany:
    """On a tuple of texts or numbers: one alone is a list of one."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: (value,) if isinstance(value, str | int | float) else value,
            handler(source),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}
