"""Scheduled scan days as a user writes them."""

from __future__ import annotations

from itertools import pairwise

from unmask.errors import ConfigurationError

TEN_YEARS = 3650


def schedule(days: str = "", every: int | None = None) -> tuple[float, ...]:
    """Return scan days from a list (``"42,84,126"``), an interval in days, or both: it goes on after the list.

    Raises
    ------
    ConfigurationError
        ``response.bad_schedule`` for what is no list of ascending positive days, or an interval below 1.
    """
    try:
        listed = [float(day) for day in days.split(",") if day.strip()]
    except ValueError:
        raise ConfigurationError("response.bad_schedule", value=days) from None
    ascending = all(a < b for a, b in pairwise(listed))
    if not ascending or any(not 0 < day <= TEN_YEARS for day in listed):
        raise ConfigurationError("response.bad_schedule", value=days)
    if every is not None:
        if every < 1:
            raise ConfigurationError("response.bad_schedule", value=every)
        day = listed[-1] if listed else 0.0
        while day + every <= TEN_YEARS:
            day += every
            listed.append(day)
    return tuple(listed)
