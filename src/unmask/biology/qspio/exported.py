"""Values of QSP-IO as its authors exported them from MATLAB: what source, range and confidence they share.

The equations of this package are those of the paper and of the exported model. Where the authors took a value from is
stated in the supplement of the paper, which was not read again for this package; every source says so. Ranges are a
factor about the value, except those of nine parameters that the paper's sensitivity analysis (its spider plot) varies:
there they are the rounded span of the benchmark patients that were drawn over it (docs/model.md), so second-hand.
"""

from __future__ import annotations

from unmask.biology.sources import QSPIO
from unmask.model.system import Parameter, Reference

EXPORT = Reference(
    "qspio-export",
    "QSP-IO toolbox, example 1 as exported from MATLAB SimBiology (public repositories popellab/qspio and "
    "albertcyhe/qspiopy); parameter names in brackets are the published ones",
)
REFERENCES = (QSPIO, EXPORT)


def exported(
    name: str,
    value: float,
    unit: str,
    description: str,
    published: str,
    *,
    factor: float = 3.0,
    spider: tuple[float, float] | None = None,
) -> Parameter:
    """Return a parameter of the exported model.

    Parameters
    ----------
    published
        The published name, with the published value and unit where ours is another: ``"k_IL2_deg, 0.2/minute"``.
    factor
        The range is this factor about the value (assumed).
    spider
        The range of the paper's sensitivity analysis, in ``unit``.
    """
    low, high = (value / factor, value * factor) if spider is None else spider
    span = f"a factor of {factor:g}, assumed" if spider is None else "about that of the paper's spider plot"
    return Parameter(
        name=name,
        value=value,
        unit=unit,
        description=f"{description} ({published.partition(',')[0]})",
        low=low,
        high=high,
        source=f"Sove 2020, example 1 as exported ({published}); original source not re-checked; range {span}",
        confidence="literature",
    )


def set_to_zero(name: str, unit: str, description: str, published: str, *, high: float) -> Parameter:
    """Return a parameter that example 1 sets to 0: a switch for what it leaves out."""
    return Parameter(
        name=name,
        value=0.0,
        unit=unit,
        description=f"{description} ({published})",
        low=0.0,
        high=high,
        source=f"Sove 2020, example 1 as exported ({published}): 0, what it stands for is left out; range assumed",
        confidence="definition",
    )
