"""Plots from what a run left on disk: the output folder of an assessment or of a virtual trial."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from unmask.errors import ConfigurationError, DataError
from unmask.report.response_plots import inputs
from unmask.report.response_plots.colouring import kind_of
from unmask.report.response_plots.spider import save_spider
from unmask.report.response_plots.swimmer import MOST, save_swimmer
from unmask.report.response_plots.waterfall import save_waterfall
from unmask.safety.summary import MANAGEMENT, SUBSEQUENT
from unmask.store import writing

KINDS = ("waterfall", "spider", "swimmer")
LATE_DAYS = 7.0
"""A dose may come so much later than the patient's longest interval before treatment counts as ended."""


@dataclass(frozen=True)
class PlotTables:
    """What plots are drawn from, with the columns that the plots ask for."""

    patients: pd.DataFrame
    visits: pd.DataFrame
    simulated: bool


def read_folder(folder: Path) -> PlotTables:
    """Read the output folder of ``unmask assess`` or ``unmask trial``.

    Raises
    ------
    ConfigurationError
        ``plots.not_a_folder``, ``plots.missing_file`` (by name) or ``plots.unknown_folder``.
    DataError
        ``plots.unreadable`` or ``plots.missing_column``.
    """
    if not folder.is_dir():
        raise ConfigurationError("plots.not_a_folder", path=folder)
    patients, visits = (_read(folder, name) for name in ("patients", "assessments"))
    if "group" in patients:
        return PlotTables(patients, visits, simulated=False)
    if "arm" not in patients:
        found = ", ".join(map(str, patients.columns)) or "no columns"
        raise ConfigurationError("plots.unknown_folder", folder=folder, found=found)
    return of_trial(patients, visits, _read(folder, "doses"))


def _read(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.exists():
        found = ", ".join(sorted(f.name for f in folder.iterdir() if not f.name.startswith("."))[:20])
        raise ConfigurationError(
            "plots.missing_file", folder=folder, files=path.name, found=found or "no files"
        )
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are among them
        reason = inputs.plain(error)[:200]
        raise DataError("plots.unreadable", path=path, reason=reason) from None


def of_trial(patients: pd.DataFrame, visits: pd.DataFrame, doses: pd.DataFrame) -> PlotTables:
    """Return the tables of a virtual trial with the columns of an assessment.

    ``arm`` is the group. The best change and the progression (RECIST 1.1) are those before another anticancer
    therapy. Study treatment ends with its last dose; it is ongoing where the patient lives, has no other therapy
    and the next dose is not yet overdue at the end of follow-up.
    """
    required = ["patient", "arm", "best_response", "response_day", "death_day", "censor_day"]
    inputs.require(patients, required, "patients")
    inputs.require(
        visits, ["patient", "arm", "day", "change_from_baseline", "overall_response"], "assessments"
    )
    inputs.require(doses, ["patient", "arm", "day", "phase"], "doses")
    patients = patients.assign(group=patients["arm"])
    if "pseudoprogression_kind" in patients:
        # The empty text of this column says that there was none, not that it is unknown.
        kinds = patients["pseudoprogression_kind"].astype(str)
        patients["pseudoprogression_kind"] = kinds.where(kinds != "", "none")
    visits = visits.assign(group=visits["arm"])
    of_patient = pd.MultiIndex.from_frame(patients[["patient", "arm"]].astype({"arm": str}))

    def per_patient(values: pd.Series) -> pd.Series:
        return pd.Series(values.reindex(of_patient).to_numpy(dtype=float), index=patients.index)

    by = ["patient", "arm"]
    visits_by_name = visits.astype({"arm": str})
    own = visits_by_name[~inputs.flags(visits_by_name, "subsequent_therapy")]
    study = doses.astype({"arm": str, "phase": str})
    next_therapy = study[study["phase"] == SUBSEQUENT].groupby(by)["day"].min()
    study = study[~study["phase"].isin((SUBSEQUENT, MANAGEMENT))].drop_duplicates([*by, "day"])
    study = study.sort_values([*by, "day"], kind="stable")
    last_dose = per_patient(study.groupby(by)["day"].max())
    interval = study.assign(gap=study.groupby(by)["day"].diff()).groupby(by)["gap"].max()
    new_therapy = per_patient(next_therapy)
    death, censored = (patients[column].astype(float) for column in ("death_day", "censor_day"))
    end = pd.Series(np.fmin(death, censored), index=patients.index)
    due = last_dose + per_patient(interval).fillna(0) + LATE_DAYS
    ongoing = death.isna() & new_therapy.isna() & (due >= end)
    # Who never had a dose is not on treatment.
    treatment_end = last_dose.fillna(0).where(~ongoing)
    progressed = own[own["overall_response"].astype(str) == "PD"]
    patients = patients.assign(
        best_change=per_patient(own.groupby(by)["change_from_baseline"].min()),
        first_response_day=patients["response_day"],
        progression_day=per_patient(progressed.groupby(by)["day"].min()),
        last_day=per_patient(visits_by_name.groupby(by)["day"].max()),
        last_known_day=end,
        treatment_end_day=treatment_end,
        new_therapy_day=new_therapy,
    )
    return PlotTables(patients, visits, simulated=True)


def describe_columns(tables: PlotTables) -> list[str]:
    """Return a line for each column that can give the colours: name, how it is drawn, values, missing."""
    lines = []
    width = max(len(str(column)) for column in tables.patients.columns)
    for column in tables.patients.columns:
        values = tables.patients[column]
        there = values[inputs.known(values)]
        missing = len(values) - len(there)
        different = there.map(inputs.plain).nunique()
        lines.append(
            f"{column!s:<{width}}  {kind_of(values):<13}  {different:>6} values"
            + (f", {missing} not known" if missing else "")
        )
    return lines


def plot_folder(
    folder: Path,
    kinds: Sequence[str] = KINDS,
    out: Path | None = None,
    *,
    colour_by: str | None = None,
    panel_by: str | None = "group",
    most: int = MOST,
    force: bool = False,
) -> tuple[Path, ...]:
    """Draw plots of a run and return the files written: each plot as PNG and as SVG, all of them or none.

    Parameters
    ----------
    folder
        Output folder of ``unmask assess`` or ``unmask trial``.
    kinds
        Any of :data:`KINDS`.
    out
        A folder, or for one plot a file that ends in ``.png`` or ``.svg``. None: ``plots`` inside ``folder``.
    force
        Replace files that are there.

    Raises
    ------
    ConfigurationError
        ``plots.unknown_kind``, ``plots.one_file_many_kinds``, ``plots.bad_suffix``, ``plots.exists``, those of
        :func:`read_folder`, of the plots, and of :mod:`unmask.store`.
    """
    wanted = _checked(kinds)
    paths = _paths(folder, wanted, out)
    tables = read_folder(folder)
    for option, column in (("colour_by", colour_by), ("panel_by", panel_by)):
        if column is not None:  # refused before a folder is made
            inputs.check_column(column, tables.patients, option)
    there = [f for path in paths.values() for f in _both(path) if f.exists()]
    if there and not force:
        raise ConfigurationError("plots.exists", files=", ".join(map(str, there)))
    look = {"colour_by": colour_by, "panel_by": panel_by}
    target = next(iter(paths.values())).parent
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target, prefix=".plots-"))
        try:
            for kind, path in paths.items():
                _save(kind, draft / path.name, tables, look, most)
            written = [target / f.name for path in paths.values() for f in _both(path)]
            for file in written:
                (draft / file.name).replace(file)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return tuple(written)


def _checked(kinds: Sequence[str]) -> tuple[str, ...]:
    asked = [part.strip().lower() for kind in kinds for part in kind.split(",")]
    for name in asked:
        if name not in KINDS:
            near = get_close_matches(name, KINDS, n=1, cutoff=0.0)[0]
            raise ConfigurationError("plots.unknown_kind", name=name, nearest=near, known=", ".join(KINDS))
    return tuple(kind for kind in KINDS if kind in asked) or KINDS


def _paths(folder: Path, kinds: Sequence[str], out: Path | None) -> dict[str, Path]:
    """Return the file of each plot: ``out`` itself where it is a file's name, else files in that folder."""
    place = folder / "plots" if out is None else out
    if not place.suffix or place.is_dir():
        return {kind: place / f"{kind}.png" for kind in kinds}
    if place.suffix.lower() not in (".png", ".svg"):
        raise ConfigurationError("plots.bad_suffix", path=place)
    if len(kinds) > 1:
        raise ConfigurationError(
            "plots.one_file_many_kinds", path=place, count=len(kinds), kinds=", ".join(kinds)
        )
    return {kinds[0]: place}


def _both(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(".png"), path.with_suffix(".svg")


def _save(kind: str, path: Path, tables: PlotTables, look: dict[str, str | None], most: int) -> None:
    if kind == "waterfall":
        save_waterfall(path, tables.patients, simulated=tables.simulated, **look)
    elif kind == "spider":
        save_spider(path, tables.visits, tables.patients, simulated=tables.simulated, **look)
    else:
        save_swimmer(path, tables.visits, tables.patients, simulated=tables.simulated, most=most, **look)
