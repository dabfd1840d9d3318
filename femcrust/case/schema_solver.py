"""Sections `solver` and `time` of a case."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from femcrust.case.quantities import Unit
from femcrust.case.section import Section, complaint

PositiveTime = Annotated[float, Unit("time", above=0.0)]
Tolerance = Annotated[float, Unit(None, above=0.0, most=1e-2)]
Backend = Literal[
    "auto",
    "cpu",
    "cuda",
    "cuda:0",
    "cuda:1",
    "cuda:2",
    "cuda:3",
    "cuda:4",
    "cuda:5",
    "cuda:6",
    "cuda:7",
]


# What PETSc may be told: how to solve, by plain words and numbers. Some of its options run Python
# code, read files or write them anywhere: a case may not.
PETSC_NAME = re.compile(r"-(?:ksp|pc|mg|mat|sub|esteig|fieldsplit|redundant)_\w+")
PETSC_VALUE = re.compile(r"-?[\w.][\w.+,-]*")
PETSC_NEVER = re.compile(
    "python|shell|file|dir|path|view|monitor|print|plot|draw|dump|write|save|load", re.IGNORECASE
)


class Petsc(Section):
    """For `library: petsc` alone."""

    options: str = Field(
        default="",
        max_length=2000,
        description="As on PETSc's command line: names that begin with -ksp_, -pc_, -mg_, -mat_ and"
        " their values; conjugate gradients and GAMG with the rigid modes without them.",
        examples=["-pc_type hypre", "-ksp_type preonly -pc_type cholesky"],
    )

    @field_validator("options")
    @classmethod
    def _only_how_to_solve(cls, text: str) -> str:
        name = ""
        for word in text.split():
            number = re.fullmatch(r"-\.?\d.*", word) is not None
            if word.startswith("-") and not number:
                right, name = PETSC_NAME.fullmatch(word), word
            else:
                right, name = (PETSC_VALUE.fullmatch(word) if name else None), ""
            if not right or PETSC_NEVER.search(word):
                raise complaint(
                    f"{word!r} is no option of how to solve; write names that begin with -ksp_,"
                    " -pc_, -mg_ or -mat_, each with a word or a number, and none that runs code,"
                    " prints, or names a file"
                )
        return text


class Solver(Section):
    """How the linear system is solved; the defaults are good."""

    tolerance: Tolerance = Field(
        default=1e-8, description="Stop when |residual| / |load| is below this.", examples=[1e-8]
    )
    max_iterations: int = Field(default=500, strict=True, gt=0, le=10**9)
    preconditioner: Literal["multigrid", "jacobi"] = "multigrid"
    precision: Literal["mixed", "double", "fp21", "shared18", "bf16", "fp16"] = Field(
        default="mixed",
        description="How the preconditioner stores its vectors (mixed: float); the answer is in"
        " double and meets the tolerance in all.",
    )
    initial_guess: Literal["projection", "learned", "extrapolated", "previous", "none"] = Field(
        default="projection",
        description="Where the solves of a relaxation run start: the best combination of past"
        " solutions, learned from their increments, a cubic in time, the last one, zero (none). It"
        " changes the time a run takes, not the answer; elastic runs have no history.",
    )
    backend: Backend = Field(
        default="auto",
        description="auto: CUDA where a device answers, else the CPU. --set and FEMCRUST_BACKEND go"
        " before it.",
        examples=["auto", "cpu", "cuda", "cuda:1"],
    )
    library: Literal["femcrust", "petsc"] = Field(
        default="femcrust",
        description="petsc: PETSc solves, through petsc4py, on the CPU; an independent check.",
    )
    petsc: Petsc | None = None
    threads: int | None = Field(
        default=None,
        strict=True,
        gt=0,
        le=65536,
        description="absent: OMP_NUM_THREADS, else all cores.",
    )

    @field_validator("initial_guess", mode="before")
    @classmethod
    def _zero_is_none(cls, value: object) -> object:
        if value == "zero":
            raise complaint("'zero' is no initial guess; write none")
        return value

    @model_validator(mode="after")
    def _petsc_has_its_section(self) -> Solver:
        if self.petsc is not None and self.library != "petsc":
            raise complaint("is for library: petsc; write that too, or leave this out", "petsc")
        return self


class Time(Section):
    """The span of a relaxation run; absent: the elastic answer alone."""

    end: PositiveTime = Field(description="s; a year has 365.25 days.", examples=["50 yr"])
    step: PositiveTime = Field(description="First step, s.", examples=["0.25 yr"])
    tolerance: Tolerance | None = Field(
        default=None, description="Error per step; absent: the step is fixed.", examples=[1e-4]
    )

    @model_validator(mode="after")
    def _step_within_the_span(self) -> Time:
        if self.step > self.end:
            raise complaint(
                f"{self.step:g} s is longer than end = {self.end:g} s; give a part of it", "step"
            )
        return self
