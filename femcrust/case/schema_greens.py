"""Section `greens` of a case: which unit sources a library of Green's functions holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from femcrust.case.quantities import PositiveLength
from femcrust.case.section import OneOrMany, Section, Word, complaint

Component = Literal["strike", "dip", "opening"]
Count = Annotated[int, Field(strict=True, gt=0, le=10_000)]


class PatchSize(Section):
    """Into what faults are cut: rectangles into cells, triangle sheets into a number of patches."""

    length: PositiveLength | None = Field(
        default=None, description="Along strike, at most, m.", examples=["5 km"]
    )
    width: PositiveLength | None = Field(
        default=None, description="Down dip, at most, m.", examples=["5 km"]
    )
    along_strike: Count | None = Field(default=None, description="Cells along strike.")
    down_dip: Count | None = Field(default=None, description="Cells down dip.")
    count: Count | None = Field(
        default=None,
        description="Patches of each triangle sheet, whose triangles are merged or cut for it;"
        " absent: every triangle is one.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> PatchSize:
        sizes, counts = self.given(("length", "width")), self.given(("along_strike", "down_dip"))
        if sizes and counts:
            raise complaint(f"does not go with {sizes[0]}; keep one form", counts[0])
        if self.count is not None and not sizes and not counts:
            return self
        if len(sizes) != 2 and len(counts) != 2:
            raise complaint("give length and width, or along_strike and down_dip")
        return self

    @property
    def cuts_rectangles(self) -> bool:
        """Whether it says anything of them."""
        return self.length is not None or self.along_strike is not None


class Greens(Section):
    """Unit sources of `femcrust greens`; their own slip, moment and pressure do not matter."""

    faults: Annotated[tuple[Word, ...], OneOrMany()] = Field(
        default=(),
        description="Faults that become sources: all, if absent. Rectangles are cut into patches;"
        " every triangle of a sheet, every row of a table is a patch; a mesh surface has a hat"
        " function at each vertex; a point has the six components of a moment tensor.",
        examples=[["main"]],
    )
    loads: Annotated[tuple[Word, ...], OneOrMany()] = Field(
        default=(), description="Disc loads that become sources, 1 Pa each.", examples=[["ice"]]
    )
    patches: PatchSize | None = Field(
        default=None,
        description="How faults are cut; absent: every rectangle, every triangle is one patch.",
    )
    components: Annotated[tuple[Component, ...], OneOrMany()] = Field(
        default=("strike", "dip"), description="Unit slips of every patch, 1 m each.", min_length=1
    )
    method: Literal["auto", "forward", "reciprocal"] = Field(
        default="auto",
        description="forward: a solve for each source; reciprocal: three for each station; auto:"
        " whichever needs fewer.",
    )
    refine: bool = Field(
        default=True,
        description="A box has cells of half of size.near where a fault is nearer than three of"
        " them to a station.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Greens:
        for key in ("faults", "loads", "components"):
            names = getattr(self, key)
            for i, name in enumerate(names):
                if name in names[:i]:
                    raise complaint(f"{name} stands twice; keep one", key, i)
        return self
