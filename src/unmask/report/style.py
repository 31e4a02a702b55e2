"""One look for every figure and page: colours, type and sizes, as plain constants.

Figures of the page are drawn with :mod:`unmask.report.drawing`, which writes SVG text directly: no matplotlib to import
(a second saved on every run), no ids that collide in one page, no ``style`` attributes that a strict
content-security policy would drop, and the same bytes for the same data.

Two families of colour that cannot be mistaken for each other: arms are blue and vermilion (Okabe and Ito,
darkened until they pass 4.5:1 on white as text), response categories run from green to purple (ColorBrewer
PRGn, safe for colour-blind readers). Colour is never the only code: curves carry their name, categories a
letter code, real patients are always dashed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FONT: Final = (
    "'Source Sans 3','Source Sans Pro','Segoe UI',system-ui,-apple-system,Roboto,'Helvetica Neue',"
    "'Liberation Sans',Arial,sans-serif"
)
FONT_SIZE: Final = 12.0
"""Font size in a figure of PANEL_WIDTH, in SVG user units."""
SMALL_SIZE: Final = 10.5

PANEL_WIDTH: Final = 460.0
"""Width of one panel. Two stand side by side on a desktop page and one above the other on a telephone."""
PANEL_HEIGHT: Final = 300.0

INK: Final = "#1d2730"
MUTED: Final = "#56646f"
RULE: Final = "#8a959e"
GRID: Final = "#e4e8eb"
PAPER: Final = "#ffffff"

ARM_COLOURS: Final[tuple[str, ...]] = ("#0067a8", "#b94a00", "#00765a", "#8a4a9e", "#6f5a00", "#a3345b")
"""In the order of the protocol's arms: experimental first, control second."""

CATEGORIES: Final[tuple[str, ...]] = ("CR", "PR", "SD", "PD", "NE")
"""RECIST 1.1 best responses, best first."""

CATEGORY_COLOURS: Final[Mapping[str, str]] = MappingProxyType(
    {"CR": "#1b6b33", "PR": "#73b872", "SD": "#c3c9ce", "PD": "#8c5aa3", "NE": "#ffffff"}
)
CATEGORY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CR": "complete response",
        "PR": "partial response",
        "SD": "stable disease",
        "PD": "progression",
        "NE": "not evaluable",
    }
)
DASH_OBSERVED: Final = "5 3"
"""Real patients are dashed in every figure."""


def arm_colour(index: int, wanted: str | None = None) -> str:
    """Return the colour of an arm: the protocol's own, or the one of its place in the order."""
    return wanted or ARM_COLOURS[index % len(ARM_COLOURS)]


def category(code: object) -> str:
    """Return the RECIST 1.1 category behind a RECIST or iRECIST code (``iPR`` is PR, ``iUPD`` is PD)."""
    text = str(code).removeprefix("i")
    return {"UPD": "PD", "CPD": "PD", "NON-CR/NON-PD": "SD"}.get(text, text if text in CATEGORIES else "NE")
