"""Adaptive hormone therapy: off when the marker has fallen, on again when it is back.

Rule (m marker, m0 marker at the start)::

    on  -> off   when m <= off_below * m0
    off -> on    when m >= on_above * m0

Source: Zhang 2017 (Nat Commun 8:1816): off below half of the marker at the start, on again at its value then.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unmask.errors import ConfigurationError

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

OFF_BELOW = 0.5
ON_ABOVE = 1.0


def adaptive_switch(
    on: Flags, marker: Array, baseline: Array, off_below: float = OFF_BELOW, on_above: float = ON_ABOVE
) -> Flags:
    """Return who is on therapy after a visit.

    Parameters
    ----------
    on
        Who is on therapy before it, shape ``(N,)``.
    marker, baseline
        Marker at the visit and at the start of therapy, any one unit, shape ``(N,)``. Who was not seen (NaN), and
        who had no marker at the start, stays as they are.
    off_below, on_above
        Thresholds as shares of the marker at the start.

    Raises
    ------
    ConfigurationError
        ``therapy.adaptive_thresholds`` unless 0 < off_below < on_above.
    """
    if not 0.0 < off_below < on_above < np.inf:
        raise ConfigurationError("therapy.adaptive_thresholds", off_below=off_below, on_above=on_above)
    measurable = baseline > 0.0
    fallen = measurable & (marker <= off_below * baseline)
    back = measurable & (marker >= on_above * baseline)
    return (on & ~fallen) | (~on & back)
