"""What the page and the table of `unmask patient` are made from: plain values, no simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from unmask.report import style

BENEFITS = ("respond", "no_progression_1y", "alive_1y", "alive_2y", "alive_3y")
HARMS = ("any_event", "severe", "stopped", "fatal")
"""Rows of the table of natural frequencies."""
NO_TREATMENT_COLOUR = style.MUTED


@dataclass(frozen=True)
class Frequency:
    """``count`` of ``size`` patients with the 95 % interval of the share; None where it would mean nothing."""

    count: int | None
    size: int
    share: float | None
    interval: tuple[float | None, float | None] | None


@dataclass(frozen=True)
class ShownOption:
    """One therapy: the patient on it, and patients alike.

    Attributes
    ----------
    regimen
        What is given, in words.
    notes
        What to know about it: what it takes for granted, what the drugs' descriptions leave out.
    operates, adaptive
        Whether tumour is cut out; whether it is meant to grow back now and then, the drug being on and off.
    course, scans, events
        The patient's trajectory, scans and side effects (:class:`unmask.patient_options.compare.Option`).
    death_day
        None when the patient is alive at the end.
    followed_days
        How long the patient would have been followed.
    operated_day
        None where nothing was cut out.
    side_effects_unknown
        Treatments whose side effects are not modelled.
    """

    name: str
    label: str
    regimen: str
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    treated: bool
    operates: bool
    adaptive: bool
    course: pd.DataFrame
    scans: pd.DataFrame
    events: pd.DataFrame
    death_day: float | None
    followed_days: float
    operated_day: float | None
    best_response: str
    immune_best_response: str
    frequencies: Mapping[str, Frequency]
    two_years: Mapping[str, float]
    size: pd.DataFrame
    treatment_days: float
    side_effects_unknown: tuple[str, ...]


@dataclass(frozen=True)
class OptionsInput:
    """Everything on the page.

    ``known`` and ``drawn`` are (name, value) in words: what was given about the patient, and what was drawn;
    ``autoimmune`` is the patient's autoimmune disease, or nothing.
    """

    title: str
    tumour: str
    known: tuple[tuple[str, str], ...]
    drawn: tuple[tuple[str, str], ...]
    options: tuple[ShownOption, ...]
    alike: int
    follow_up_days: int
    autoimmune: str
    warnings: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    language: str = "en"

    def colours(self) -> tuple[str, ...]:
        """Return one colour per option; no treatment is grey."""
        found, used = [], 0
        for option in self.options:
            found.append(style.arm_colour(used) if option.treated else NO_TREATMENT_COLOUR)
            used += option.treated
        return tuple(found)
