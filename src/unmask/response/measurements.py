"""What was measured, as dense arrays: patients x visits x lesions, in whole tenths of a millimetre (or finer).

This is the door to the rules for a program that has its measurements in memory; a file comes in by
:mod:`unmask.response.lesions`. Lengths are integers because floating point misses exact thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmask.errors import ConfigurationError
from unmask.response.codes import Codes, Response

Bools = NDArray[np.bool_]
Tenths = NDArray[np.int64]
Days = NDArray[np.float64]

TENTHS = 10
MICROMETRES = 1000
"""Parts of a millimetre."""
LONGEST_MM = 100_000
LAST_DIGIT = 1e-6
"""Half up as written: 13.95 mm, which floating point holds as 13.9499..., is 140 tenths."""


@dataclass(frozen=True)
class Measurements:
    """Measurements of N patients with up to L targets at up to V visits after baseline; made by :meth:`of`."""

    baseline: Tenths
    """(N, L) tenths of a millimetre, -1 = no such lesion."""
    nodal: Bools
    """(N, L) a lymph node, measured by its short axis."""
    non_target_present: Bools
    """(N,) there was non-target disease at baseline."""
    day: Days
    """(N, V) days since the reference day, ascending; NaN = no visit."""
    target: Tenths
    """(N, V, L) tenths of a millimetre; 0 = gone, -1 = not measured."""
    non_target: Codes
    """(N, V) :class:`Response` CR, NON_CR_NON_PD, PD or NE."""
    non_target_increase: Bools
    """(N, V) non-target disease grew since the visit before, unequivocally or not."""
    new_count: Tenths
    """(N, V) unequivocal new lesions, all that appeared since baseline and are still there."""
    newest_day: Days
    """(N, V) day on which the newest of them was first seen; NaN = not known: then only a larger number than ever
    before shows that another one appeared."""
    new_target_sum: Tenths
    """(N, V) sum of the measured new lesions, -1 = none or not all measured."""
    new_non_target_increase: Bools
    """(N, V) new lesions too small or unfit to measure grew."""
    new_since: Days
    """(N, V) day on which the new lesions of this visit were first seen, if that was as an equivocal finding at an
    earlier visit; NaN otherwise."""
    new_symptoms: Bools
    """(N, V) the scan was done for new symptoms (an early scan may then confirm, EORTC Q&A)."""
    per_millimetre: int = TENTHS
    """Lengths are whole parts of a millimetre: tenths, or micrometres (1000) where data are written finer."""

    @property
    def exists(self) -> Bools:
        """(N, V) there was a visit."""
        return ~np.isnan(self.day)

    @classmethod
    def of(
        cls,
        baseline: ArrayLike,
        target: ArrayLike,
        day: ArrayLike,
        *,
        nodal: ArrayLike | None = None,
        non_target_present: ArrayLike | None = None,
        non_target: ArrayLike | None = None,
        non_target_increase: ArrayLike | None = None,
        new_count: ArrayLike | None = None,
        newest_day: ArrayLike | None = None,
        new_target_sum: ArrayLike | None = None,
        new_non_target_increase: ArrayLike | None = None,
        new_since: ArrayLike | None = None,
        new_symptoms: ArrayLike | None = None,
        per_millimetre: int = TENTHS,
    ) -> Self:
        """Check and complete measurements; lengths are whole parts of a millimetre, by default tenths.

        Parameters
        ----------
        baseline, target
            (N, L) and (N, V, L), -1 where there is no lesion or no measurement.
        day
            (N, V) or (V,), ascending, NaN where there was no visit.
        nodal, non_target_present, non_target, ...
            As the attributes of the class; default: no node, no non-target disease (where there is some, it is
            NON_CR_NON_PD), no new lesion.

        Raises
        ------
        ConfigurationError
            ``response.bad_shape``, ``response.not_integer``, ``response.days_disordered``, ``response.bad_unit``.
        """
        if per_millimetre < TENTHS or per_millimetre % TENTHS:
            raise ConfigurationError("response.bad_unit", value=per_millimetre)
        base, size = _whole("baseline", baseline, None), _whole("target", target, None)
        if base.ndim != 2:
            raise _bad_shape("baseline", base, "2 dimensions (patients, lesions)")
        if size.ndim != 3 or (size.shape[0], size.shape[2]) != base.shape:
            raise _bad_shape("target", size, f"({base.shape[0]}, visits, {base.shape[1]})")
        n, visits, lesions = size.shape
        given = np.asarray(day, dtype=np.float64)
        if given.ndim and given.shape[-1] != visits:
            raise _bad_shape("day", given, f"{(n, visits)} or {(visits,)}")
        try:
            days = np.broadcast_to(given, (n, visits))
        except ValueError:
            raise _bad_shape("day", given, (n, visits)) from None
        _check_order(days)
        table = (n, visits)
        present = _flags("non_target_present", non_target_present, (n,))
        return cls(
            baseline=base,
            nodal=_flags("nodal", nodal, (n, lesions)),
            non_target_present=present,
            day=days,
            target=size,
            non_target=np.full(table, Response.NON_CR_NON_PD, dtype=np.int8)
            if non_target is None
            else _whole("non_target", non_target, table).astype(np.int8),
            non_target_increase=_flags("non_target_increase", non_target_increase, table),
            new_count=_whole("new_count", 0 if new_count is None else new_count, table),
            newest_day=_days("newest_day", newest_day, table),
            new_target_sum=_whole("new_target_sum", -1 if new_target_sum is None else new_target_sum, table),
            new_non_target_increase=_flags("new_non_target_increase", new_non_target_increase, table),
            new_since=_days("new_since", new_since, table),
            new_symptoms=_flags("new_symptoms", new_symptoms, table),
            per_millimetre=per_millimetre,
        )

    @classmethod
    def from_millimetres(cls, baseline: ArrayLike, target: ArrayLike, day: ArrayLike, **others: Any) -> Self:
        """As :meth:`of`, with lengths in millimetres as floats, NaN where nothing was measured.

        They are judged as written: in tenths of a millimetre where all are whole tenths, else to a thousandth (4.95 mm
        of growth are not 5).

        Raises
        ------
        ConfigurationError
            As :meth:`of`, ``response.bad_length``, ``response.not_a_length``.
        """
        lengths = [_lengths("baseline", baseline), _lengths("target", target)]
        if others.get("new_target_sum") is not None:
            lengths.append(_lengths("new_target_sum", others["new_target_sum"]))
        whole = all(
            np.allclose(10 * x, np.rint(10 * x), rtol=0, atol=LAST_DIGIT, equal_nan=True) for x in lengths
        )
        parts = TENTHS if whole else MICROMETRES
        base, size, *new = (_parts(x, parts) for x in lengths)
        return cls.of(
            base, size, day, per_millimetre=parts, **others | ({"new_target_sum": new[0]} if new else {})
        )

    def rows(self, which: ArrayLike) -> Measurements:
        """Return the measurements of the patients ``which`` (indices or flags)."""
        chosen = np.asarray(which)
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "per_millimetre"}
        return replace(self, **{name: array[chosen] for name, array in arrays.items()})


def tenths(millimetres: ArrayLike) -> Tenths:
    """Return lengths in whole tenths of a millimetre, half up as written; NaN becomes -1.

    Raises
    ------
    ConfigurationError
        ``response.bad_length``, ``response.not_a_length``.
    """
    return _parts(_lengths("lengths", millimetres), TENTHS)


def _lengths(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        lengths = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigurationError("response.not_a_length", name=name, reason=error) from None
    wrong = (lengths < 0) | (lengths > LONGEST_MM)
    if wrong.any():
        raise ConfigurationError("response.bad_length", value=f"{lengths[wrong][0]:g}", most=LONGEST_MM)
    return lengths


def _parts(lengths: NDArray[np.float64], per_millimetre: int) -> Tenths:
    whole = np.floor(np.where(np.isnan(lengths), 0.0, lengths) * per_millimetre + 0.5 + LAST_DIGIT)
    return np.where(np.isnan(lengths), -1, whole).astype(np.int64)


def _check_order(days: Days) -> None:
    known = np.where(np.isnan(days), -np.inf, days)
    latest = np.maximum.accumulate(known, axis=1)
    wrong = ~np.isnan(days[:, 1:]) & (days[:, 1:] <= latest[:, :-1])
    if wrong.any():
        row, visit = (int(i[0]) for i in np.nonzero(wrong))
        raise ConfigurationError(
            "response.days_disordered", patient=row, visit=visit + 1, day=f"{days[row, visit + 1]:g}"
        )


def _bad_shape(name: str, array: NDArray[Any], expected: object) -> ConfigurationError:
    return ConfigurationError("response.bad_shape", name=name, shape=array.shape, expected=expected)


def _whole(name: str, values: ArrayLike, shape: tuple[int, ...] | None) -> NDArray[Any]:
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.integer):
        raise ConfigurationError("response.not_integer", name=name, dtype=str(array.dtype))
    if shape is None or array.shape == shape:
        return array
    if array.ndim:
        raise _bad_shape(name, array, shape)
    return np.broadcast_to(array, shape)


def _days(name: str, values: ArrayLike | None, shape: tuple[int, ...]) -> Days:
    array = np.asarray(np.nan if values is None else values, dtype=np.float64)
    if array.ndim and array.shape != shape:
        raise _bad_shape(name, array, shape)
    return np.broadcast_to(array, shape)


def _flags(name: str, values: ArrayLike | None, shape: tuple[int, ...]) -> Bools:
    array = np.asarray(False if values is None else values, dtype=bool)
    if array.ndim and array.shape != shape:
        raise _bad_shape(name, array, shape)
    return np.broadcast_to(array, shape)
