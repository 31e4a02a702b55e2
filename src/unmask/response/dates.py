"""Dates as clinical tables hold them: ISO 8601, often with the day or the month missing."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from typing import Literal

from unmask.errors import ConfigurationError

PartialDates = Literal["first", "last", "refuse"]
"""What an incomplete date becomes: the first or the last day it can be, or nothing."""
PARTIAL_DATES = ("first", "last", "refuse")

_ISO = re.compile(r"(\d{4})(?:-(\d{1,2}|-)(?:-(\d{1,2}|-))?)?(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date that was read."""

    date: datetime.date
    imputed: Literal["", "D", "M"]
    """What was missing, in the words of ADaM's ADTF: the day, or month and day."""


def checked(partial_dates: str) -> PartialDates:
    """Return the option if it is one.

    Raises
    ------
    ConfigurationError
        ``response.unknown_partial_dates``.
    """
    for known in PARTIAL_DATES:
        if partial_dates == known:
            return known  # type: ignore[return-value]
    raise ConfigurationError(
        "response.unknown_partial_dates", value=partial_dates, known=", ".join(PARTIAL_DATES)
    )


def read_date(text: str, partial_dates: PartialDates) -> FoundDate | None:
    """Read ``2014-02-03``, with a time after it or without, or the incomplete ``2014-02`` and ``2014``.

    None when it is no date, or an incomplete one that is to be refused (:func:`is_partial` tells them apart).
    """
    parts = _parts(text)
    if parts is None:
        return None
    year, month, day = parts
    missing: Literal["", "D", "M"] = "M" if month is None else "D" if day is None else ""
    if missing and partial_dates == "refuse":
        return None
    last = partial_dates == "last"
    month = month or (12 if last else 1)
    try:
        day = day or (calendar.monthrange(year, month)[1] if last else 1)
        return FoundDate(datetime.date(year, month, day), missing)
    except (ValueError, calendar.IllegalMonthError):
        return None


def is_partial(text: str) -> bool:
    """Whether it is a date that lacks its day, or its month and day."""
    found = read_date(text, "first")
    return found is not None and bool(found.imputed)


def _parts(text: str) -> tuple[int, int | None, int | None] | None:
    match = _ISO.fullmatch(text) if text.isascii() else None
    if match is None:
        return None
    year, month, day = match.groups()
    if month in (None, "-"):
        return int(year), None, None
    return int(year), int(month), None if day in (None, "-") else int(day)
