"""Pieces of the HTML report: escaped text, tables, figures, and one style sheet.

Everything that comes from a user passes through `text`; nothing is fetched from elsewhere.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Sequence

from femcrust.outputs.figure_style import DPI, Picture

SCREEN_DPI = 120  # text of pictures comes out in the size of the page's small print

CSS = """
:root { --ink: #1d2329; --soft: #5b6670; --line: #d9dee2; --tint: #f5f7f8; --accent: #0b5a8f; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 62rem; color: var(--ink);
  background: #fff; font: 15px/1.55 "Source Sans 3", "Segoe UI", system-ui, sans-serif; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .7rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.by, .small, figcaption { color: var(--soft); font-size: .87rem; }
.state { display: inline-block; padding: .05rem .6rem; border-radius: 1rem; color: #fff;
  background: #2b7a4b; font-size: .82rem; font-weight: 600; }
.state.bad { background: #b3401a; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem 2.6rem; margin: 1.2rem 0; }
.facts b { display: block; font-size: 1.12rem; font-variant-numeric: tabular-nums; }
.facts span { color: var(--soft); font-size: .8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem 1.1rem .22rem 0; white-space: nowrap; text-align: left; }
th { font-weight: 600; border-bottom: 1.5px solid var(--ink); vertical-align: bottom;
  white-space: normal; }
td { border-bottom: 1px solid var(--line); }
th.number, td.number { text-align: right; }
.tall { max-height: 26rem; overflow: auto; }
.tall .wide { overflow: visible; }
.tall thead th { position: sticky; top: 0; background: #fff; }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 4rem; }
pre { background: var(--tint); border: 1px solid var(--line); padding: .8rem 1rem; overflow-x: auto;
  font: 12.5px/1.45 "Source Code Pro", Consolas, "DejaVu Sans Mono", monospace; }
details summary { cursor: pointer; color: var(--accent); }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1.4rem;
  align-items: start; }
figure { margin: 0; }
figure img { max-width: 100%; height: auto; display: block; }
figure.broad { margin: 1rem 0; }
figcaption { margin-top: .3rem; max-width: 46rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .8rem; }
@media (max-width: 40rem) { .maps { grid-template-columns: 1fr; } }
@media print {
  @page { margin: 16mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; } figure, tr { break-inside: avoid; }
  pre { white-space: pre-wrap; } .wide, .tall { overflow: visible; max-height: none; }
  .maps { grid-template-columns: 1fr 1fr; gap: 6mm; } figure img { width: auto; max-height: 150mm; }
}
"""


def text(value: object) -> str:
    """Escaped for HTML."""
    return html.escape(str(value), quote=True)


def number(value: float | int | None, digits: int = 4) -> str:
    """A number for people: thousands separated, powers of ten written out, – for none.

    >>> number(1234567), number(2.5e19), number(0.125), number(float("nan"))
    ('1,234,567', '2.5 × 10<sup>19</sup>', '0.125', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if value != 0.0 and not 1e-3 <= abs(value) < 1e6:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return _signed(f"{mantissa} × 10<sup>{int(power)}</sup>")
    return _signed(f"{value:,.{digits}g}" if abs(value) < 1e4 else f"{value:,.0f}")


def _signed(digits: str) -> str:
    """A true minus sign, and none before a zero."""
    if digits.startswith("-") and not digits.strip("-0.,"):
        digits = digits[1:]
    return digits.replace("-", "−")


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], formats: Sequence[str] = ()
) -> str:
    """Cells that are numbers align right; header and texts are escaped.

    formats : format of each column's numbers, '' for `number`
    """
    lines = [list(row) for row in rows]
    styles = list(formats) or [""] * len(header)
    numeric = [
        bool(lines) and all(isinstance(row[i], (int, float, type(None))) for row in lines)
        for i in range(len(header))
    ]
    head = "".join(
        f'<th class="{"number" if right else "text"}">{text(name)}</th>'
        for name, right in zip(header, numeric, strict=True)
    )
    body = "".join(f"<tr>{''.join(map(_cell, row, styles))}</tr>\n" for row in lines)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(cell: object, style: str) -> str:
    if cell is None or isinstance(cell, (int, float)):
        plain = style and cell is not None and math.isfinite(cell)
        shown = _signed(format(cell, style)) if plain else number(cell)
        return f'<td class="number">{shown}</td>'
    return f'<td class="text">{text(cell)}</td>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A band of headline values; the values are HTML already, the labels are escaped."""
    cells = "".join(
        f"<div><b>{value}</b><span>{text(label)}</span></div>" for label, value in pairs
    )
    return f'<div class="facts">{cells}</div>'


def figure(picture: Picture, broad: bool = False) -> str:
    """The picture inside the page itself."""
    data = base64.b64encode(picture.png).decode("ascii")
    kind = ' class="broad"' if broad else ""
    pixels = int.from_bytes(picture.png[16:20], "big")  # width in the PNG's header
    width = round(pixels * SCREEN_DPI / DPI)
    return (
        f'<figure{kind}><img width="{width}" alt="{text(picture.title)}" '
        f'src="data:image/png;base64,{data}">'
        f"<figcaption>{text(picture.caption)}</figcaption></figure>"
    )


def section(title: str, *parts: str) -> str:
    """A heading and what belongs to it; nothing when all parts are empty."""
    content = "\n".join(part for part in parts if part)
    return f"<section><h2>{text(title)}</h2>\n{content}</section>" if content else ""


def page(title: str, body: str) -> str:
    """A complete document without any outside reference."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{CSS}</style></head>\n<body>\n{body}\n</body></html>\n"
    )
