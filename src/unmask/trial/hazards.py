"""Death and new lesions: hazards that follow the viable tumour of each patient (model-spec sections 6 and 6b).

Both are evaluated on a fixed grid of days, whatever else happens on other days. The death hazard at a grid day
uses the central difference of the growth rate, so it is known one grid interval later; a death is therefore
found with that delay and dated where the cumulative hazard passed the patient's threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.patients.lesions import ONE_CELL_MC
from unmask.patients.parameter_set import TumourType
from unmask.patients.random_streams import RandomStreams

GRID_DAYS = 21
REFERENCE_SLD_MM = 65.0
SMALLEST_VIABLE_SLD_MM = 0.5
NEW_LESION_GROWTH_LIMIT = 0.05  # 1/day, clip of the smoothed growth rate
DEATH_GROWTH_LIMITS = (-0.03, 0.04)  # 1/day
MOST_NEW_LESIONS = 5

Array = NDArray[np.float64]


class Hazards:
    """Cumulative hazards of one arm, advanced from grid day to grid day.

    Parameters
    ----------
    tumour_type
        Hazard constants.
    streams, patients
        Source of frailty, growth heterogeneity and thresholds; the same in every arm.
    cancer_cells, viable_sld
        At day 0, shape ``(N,)``, in Mc and mm.

    Attributes
    ----------
    death_day
        Day of death, ``inf`` while none is known, shape ``(N,)``.
    new_lesion_diameter
        Diameter of each new lesion in mm, NaN before it appears, shape ``(N, 5)``.
    resected
        Who has been operated: their new lesions come in proportion to the cancer cells left, shape ``(N,)``.
    """

    def __init__(
        self,
        tumour_type: TumourType,
        streams: RandomStreams,
        patients: NDArray[np.int64],
        cancer_cells: Array,
        viable_sld: Array,
        *,
        new_lesion_diameter_mm: float,
    ) -> None:
        constant = tumour_type.hazard_value
        self._background = constant("death_background")
        self._size_exponent = constant("death_size_exponent")
        self._growth_gain = constant("death_growth_gain")
        self._chemotherapy = constant("chemotherapy_death")
        self._lesion_rate = constant("new_lesion_rate")
        self._lesion_scale = constant("new_lesion_growth_scale")
        self._first_diameter = new_lesion_diameter_mm
        frailty_sd = constant("frailty_sd")
        frailty = streams.normal("frailty", patients)
        self._rate = np.exp(constant("death_log_rate") + frailty_sd * frailty - frailty_sd**2 / 2)
        self._local_growth = constant("new_lesion_growth_sd") * streams.normal(
            "growth of metastases", patients
        )
        self._death_threshold = streams.exponential("death", patients)
        self._lesion_thresholds = np.cumsum(
            [streams.exponential("new lesion", patients, visit=number) for number in range(MOST_NEW_LESIONS)],
            axis=0,
        ).T

        count = patients.size
        self.death_day = np.full(count, np.inf)
        self.new_lesion_diameter = np.full((count, MOST_NEW_LESIONS), np.nan)
        self.resected = np.zeros(count, dtype=bool)
        self._days = [0.0]
        self._log_cells = [_log(cancer_cells)]
        self._viable_sld = viable_sld
        self._in_chemotherapy = np.zeros(count, dtype=bool)
        self._death_hazard: Array | None = None  # at the last grid day where it is known
        self._death_cumulative = np.zeros(count)
        self._lesion_cumulative = np.zeros(count)

    def advance(
        self, day: float, cancer_cells: Array, viable_sld: Array, in_chemotherapy: NDArray[np.bool_]
    ) -> None:
        """Take the state at the next grid day; patients no longer followed carry NaN.

        ``in_chemotherapy`` marks patients whose interval up to this day was one of first-line chemotherapy.
        """
        self._days.append(float(day))
        self._log_cells.append(_log(cancer_cells))
        span = slice(-3, None)
        days, logs = self._days[span], self._log_cells[span]
        growth = (logs[-1] - logs[0]) / (days[-1] - days[0])
        self._grow_new_lesions(growth, days[-1] - days[-2])
        self._accumulate_death(growth, days[-2])
        self._viable_sld = viable_sld
        self._in_chemotherapy = in_chemotherapy

    @property
    def new_lesion_count(self) -> NDArray[np.int64]:
        """How many new lesions have appeared in each patient, shape ``(N,)``."""
        return np.asarray((~np.isnan(self.new_lesion_diameter)).sum(axis=1))

    def die(self, who: NDArray[np.bool_], day: float) -> None:
        """Let patients die on ``day`` of something else than their disease: a side effect."""
        self.death_day[who & np.isinf(self.death_day)] = day

    def finish(self) -> None:
        """Account for the last grid interval, with the one-sided growth rate at its end."""
        if len(self._days) > 1:
            growth = (self._log_cells[-1] - self._log_cells[-2]) / (self._days[-1] - self._days[-2])
            self._accumulate_death(growth, self._days[-1])

    def _accumulate_death(self, growth: Array, day: float) -> None:
        """Add the trapezoid that ends at ``day``, the grid day that ``growth`` is centred on."""
        size = np.maximum(self._viable_sld, SMALLEST_VIABLE_SLD_MM) / REFERENCE_SLD_MM
        hazard = (
            self._background
            + self._rate
            * size**self._size_exponent
            * np.exp(self._growth_gain * np.clip(growth, *DEATH_GROWTH_LIMITS))
            + self._chemotherapy * self._in_chemotherapy
        )
        if self._death_hazard is not None:
            start = self._days[self._days.index(day) - 1]
            before = self._death_cumulative
            added = 0.5 * (self._death_hazard + hazard) * (day - start)
            passed = (
                np.isinf(self.death_day)
                & (before < self._death_threshold)
                & (before + added >= self._death_threshold)
            )
            fraction = (self._death_threshold[passed] - before[passed]) / added[passed]
            self.death_day[passed] = start + fraction * (day - start)
            self._death_cumulative = before + added
        self._death_hazard = hazard

    def _grow_new_lesions(self, growth: Array, interval: float) -> None:
        smoothed = np.clip(growth, -NEW_LESION_GROWTH_LIMIT, NEW_LESION_GROWTH_LIMIT)
        local = smoothed + self._local_growth
        # A lesion is a sphere: its diameter grows at a third of the rate of its volume.
        self.new_lesion_diameter *= np.exp(local * interval / 3.0)[:, None]
        with np.errstate(invalid="ignore"):  # NaN marks patients no longer followed, and stays NaN
            hazard = self._lesion_rate * np.logaddexp(0.0, local / self._lesion_scale)
        # What an operation left regrows fast and seeds as little as it is; the hazard was calibrated to tumours
        # that nobody had removed, in which growth alone tells.
        left = np.minimum(np.exp(self._log_cells[-1] - self._log_cells[0]), 1.0)
        hazard = np.where(self.resected, left, 1.0) * hazard
        self._lesion_cumulative = self._lesion_cumulative + hazard * interval
        appeared = (self._lesion_cumulative[:, None] >= self._lesion_thresholds) & np.isnan(
            self.new_lesion_diameter
        )
        self.new_lesion_diameter[appeared] = self._first_diameter


def _log(cancer_cells: Array) -> Array:
    return np.asarray(np.log(np.maximum(cancer_cells, ONE_CELL_MC)))
