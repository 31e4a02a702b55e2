"""Tables to plot, and reading back what a saved SVG shows."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

LONG = "with a name so long that no panel of this width could ever hold it on one line"
SVG = "{http://www.w3.org/2000/svg}"


def every_event() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits and patients of three who have, between them, every event that a swimmer plot knows."""
    nan = np.nan
    patients = pd.DataFrame(
        {
            "patient": ["complete", "partial", "pseudo"],
            "group": ["x", "x", "y"],
            "best_response": ["CR", "PR", "PD"],
            "first_response_day": [42, 42, nan],
            "progression_day": [nan, 168, 42],
            "last_day": [336, 210, 126],
            "death_day": [nan, nan, 190],
            "last_known_day": [350, 300, 190],
            "treatment_end_day": [nan, 168, 60],
            "new_therapy_day": [nan, 220, 100],
            "best_change": [-1.0, -0.55, 0.0],
            "sex": ["female", "male", ""],
            "smoker": pd.array([True, False, None], dtype="boolean"),
            "age": [55.5, 71.25, nan],
        }
    )
    rows = [
        ("complete", 42, -0.4, "PR", "iPR", False),
        ("complete", 84, -1.0, "CR", "iCR", False),
        ("complete", 336, -1.0, "CR", "iCR", False),
        ("partial", 42, -0.35, "PR", "iPR", False),
        ("partial", 84, -0.55, "PR", "iPR", False),
        ("partial", 168, 0.1, "PD", "iUPD", True),
        ("partial", 210, 0.3, "PD", "iCPD", True),
        ("pseudo", 42, 0.3, "PD", "iUPD", True),
        ("pseudo", 70, 0.0, "PD", "iSD", True),
        ("pseudo", 126, 1.4, "PD", "iUPD", True),
    ]
    columns = ["patient", "day", "change_from_baseline", "overall_response", "irecist_response", "new_lesion"]
    return pd.DataFrame(rows, columns=columns), patients


def many(count: int, groups: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits and patients made up at random, ``count`` in each group."""
    rng = np.random.default_rng(seed)
    size = count * groups
    last = 42.0 * rng.integers(1, 16, size)
    response = np.where(rng.random(size) < 0.3, 42.0, np.nan)
    patients = pd.DataFrame(
        {
            "patient": [f"patient {i:05d}" for i in range(size)],
            "group": np.repeat(
                [
                    f"group {g + 1} with a name so long that no panel of this width could ever hold it on one line"
                    for g in range(groups)
                ],
                count,
            ),
            "best_response": rng.choice(["CR", "PR", "SD", "PD", "NE"], size),
            "first_response_day": response,
            "progression_day": np.where(rng.random(size) < 0.5, last, np.nan),
            "last_day": last,
            "death_day": np.where(rng.random(size) < 0.5, last + 30, np.nan),
            "best_change": rng.normal(-0.1, 0.5, size).clip(-1),
            "age": rng.normal(60, 10, size),
            "site": rng.choice([f"hospital number {i} of a town" for i in range(14)], size),
        }
    )
    visits = pd.DataFrame(
        {
            "patient": np.repeat(patients["patient"], 3),
            "day": np.tile([42.0, 84.0, 126.0], size),
            "change_from_baseline": rng.normal(0, 0.4, 3 * size).clip(-1),
            "overall_response": "SD",
            "irecist_response": "iSD",
            "new_lesion": False,
        }
    )
    return visits, patients


class Picture:
    """A saved SVG: its words, and the parts that carry a name."""

    def __init__(self, path: Path) -> None:
        self.root = ElementTree.fromstring(path.with_suffix(".svg").read_bytes())
        self.words = ["".join(text.itertext()) for text in self.root.iter(f"{SVG}text")]
        self.parts = {part.get("id", ""): part for part in self.root.iter(f"{SVG}g") if part.get("id")}

    def named(self, beginning: str) -> list[str]:
        """Names of the parts that begin so, in the order of the picture."""
        return [name for name in self.parts if name.startswith(beginning)]

    def colour(self, name: str) -> str:
        """The colour that fills a part."""
        found = re.search(r"fill: (#[0-9a-f]{6})", ElementTree.tostring(self.parts[name], encoding="unicode"))
        assert found is not None, name
        return found[1]

    def marks(self, name: str) -> int:
        """How often a marker stands in a part."""
        return len(list(self.parts[name].iter(f"{SVG}use"))) if name in self.parts else 0
