"""Responses as the site or the central review recorded them: SDTM disease response (RS)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unmask.cdisc.domains import Domain
from unmask.cdisc.reading import read_dataset
from unmask.errors import ConfigurationError
from unmask.response.dates import PartialDates, checked, read_date

if TYPE_CHECKING:
    import pandas as pd

CATEGORIES = ("RECIST 1.1", "iRECIST")
"""What a dataset without RSCAT holds: iRECIST if any response begins with the small i of the paper."""
COLUMNS = ("USUBJID", "ADT", "ADTF", "AVALC", "VISIT", "VISITNUM", "RSSEQ")


def read_responses(
    path: str | Path,
    *,
    evaluator: str = "INVESTIGATOR",
    category: str = "RECIST 1.1",
    partial_dates: PartialDates = "last",
) -> pd.DataFrame:
    """Read the overall responses (OVRLRESP) of RS: one row per recorded response, as it was recorded.

    Parameters
    ----------
    path
        RS as CSV, XPT or Dataset-JSON.
    evaluator
        Whose: a value of RSEVAL or RSEVALID, or ``"accepted"`` (RSACPTFL is Y).
    category
        RSCAT, ``"RECIST 1.1"`` or ``"iRECIST"``; a dataset without RSCAT has one, which its responses tell.
    partial_dates
        What an RSDTC without day or month becomes (``"last"``, as ADRS of admiralonco has it).

    Returns
    -------
    DataFrame
        USUBJID, ADT (``datetime.date`` or None), ADTF (D or M where day or month were imputed), AVALC, VISIT,
        VISITNUM (number, NaN without), RSSEQ (text); in order of patient and date.

    Raises
    ------
    DataError
        When the dataset cannot be read or lacks a variable.
    ConfigurationError
        No records of this evaluator (``sdtm.unknown_evaluator``) or category (``sdtm.unknown_category``).
    """
    import pandas as pd

    rs = Domain.of("RS", Path(path), read_dataset(path), ("USUBJID", "RSTESTCD", "RSDTC"))
    imputation = checked(partial_dates)
    mine = rs.made_by(evaluator)
    categories = rs["RSCAT"]
    if not any(categories):
        written = {(a or b)[:1] for a, b in zip(rs["RSSTRESC"], rs["RSORRES"], strict=True)}
        categories = [CATEGORIES["i" in written]] * len(categories)
    if any(categories) and category.upper() not in {text.upper() for text in categories}:
        known = ", ".join(sorted(set(categories) - {""}))
        raise ConfigurationError("sdtm.unknown_category", file=rs.path, category=category, known=known)
    names = ("USUBJID", "RSTESTCD", "RSSTRESC", "RSORRES", "RSDTC", "VISIT", "VISITNUM", "RSSEQ")
    rows = []
    for chosen, of_category, *cells in zip(mine, categories, *(rs[name] for name in names), strict=True):
        subject, test, standard, original, date, visit, number, sequence = cells
        if not chosen or test.upper() != "OVRLRESP" or of_category.upper() not in ("", category.upper()):
            continue
        found = read_date(date, imputation)
        rows.append(
            (
                subject,
                found.date if found else None,
                found.imputed if found else "",
                standard or original,
                visit,
                pd.to_numeric(number, errors="coerce") if number else float("nan"),
                sequence.removesuffix(".0"),
            )
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(["USUBJID", "ADT"], kind="stable", na_position="last").reset_index(drop=True)
