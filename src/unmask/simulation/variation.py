"""What differs between the patients of a population: a TOML file, or a table with a row for each patient."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import ndtr, ndtri

from unmask.configuration import check, nearest, read_toml
from unmask.errors import ConfigurationError, DataError
from unmask.model.system import Model
from unmask.patients.random_streams import RandomStreams
from unmask.simulation.dosing import content_of

Floats = NDArray[np.float64]


class Spread(BaseModel):
    """How a parameter or an initial value is spread over the population.

    ``lognormal``: median ``value`` and standard deviation ``sigma`` of the natural logarithm. ``normal``: mean and
    standard deviation. Both stay within ``range`` where one is given. ``uniform`` and ``loguniform``: over ``range``.
    Without ``value`` the model's own is the median or mean. ``correlation`` is that of the normal number behind it
    with the one behind ``correlated_with``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    distribution: Literal["lognormal", "normal", "uniform", "loguniform", "fixed"]
    value: float | None = Field(default=None, allow_inf_nan=False)
    sigma: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    range: tuple[float, float] | None = None
    correlated_with: str | None = None
    correlation: float = Field(default=0.0, gt=-1.0, lt=1.0)
    source: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Spread:
        if self.distribution in ("uniform", "loguniform"):
            if self.range is None or self.sigma or self.value is not None:
                raise ValueError(f"{self.distribution} takes a range, and neither value nor sigma")
        elif (self.sigma > 0) != (self.distribution != "fixed"):
            raise ValueError("sigma > 0 goes with distribution lognormal or normal, and only with them")
        if self.range is not None:
            low, high = self.range
            if not low < high:
                raise ValueError(f"range [{low:g}, {high:g}] is empty")
            if not math.isfinite(high - low) and self.distribution in ("uniform", "loguniform"):
                raise ValueError(f"range [{low:g}, {high:g}] has no end, and {self.distribution} needs one")
            if (
                self.distribution in ("lognormal", "loguniform")
                and low < 0 + (self.distribution == "loguniform") * 1e-300
            ):
                raise ValueError(f"a {self.distribution} range must be positive")
        if self.distribution == "lognormal" and self.value is not None and self.value <= 0:
            raise ValueError("a lognormal median must be positive")
        return self

    def draw(self, normal: Floats, own: float) -> Floats:
        """Return values for standard normal numbers; ``own`` is the model's value."""
        centre = own if self.value is None else self.value
        if self.distribution == "fixed":
            return np.full(len(normal), centre)
        low, high = self.range or (-math.inf, math.inf)
        if self.distribution in ("uniform", "loguniform"):
            share = ndtr(normal)
            if self.distribution == "uniform":
                return np.asarray(low + share * (high - low))
            return np.asarray(np.exp(math.log(low) + share * (math.log(high) - math.log(low))))
        if self.distribution == "lognormal":
            with np.errstate(divide="ignore"):
                low, high = np.log(max(low, 0.0)), np.log(max(high, 0.0))
            return np.exp(self._within(normal, math.log(centre), float(low), float(high)))
        return self._within(normal, centre, low, high)

    def _within(self, normal: Floats, centre: float, low: float, high: float) -> Floats:
        if self.range is None:
            return centre + self.sigma * normal
        first, last = ndtr((low - centre) / self.sigma), ndtr((high - centre) / self.sigma)
        return np.asarray(centre + self.sigma * ndtri(first + ndtr(normal) * (last - first)))


class Variation(BaseModel):
    """The population: spreads of parameters and of initial values, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parameters: dict[str, Spread] = {}
    initial: dict[str, Spread] = {}

    @model_validator(mode="after")
    def _correlations(self) -> Variation:
        for name in self.parameters.keys() & self.initial.keys():
            raise ValueError(f"{name} is given as a parameter and as an initial value")
        everything = {**self.parameters, **self.initial}
        for name, spread in everything.items():
            chain = [name]
            while (driver := everything[chain[-1]].correlated_with) is not None:
                if driver not in everything or everything[driver].distribution == "fixed":
                    raise ValueError(
                        f"{chain[-1]}.correlated_with = '{driver}' must name something that varies"
                    )
                if driver in chain:
                    raise ValueError(f"correlated_with goes in a circle: {' -> '.join((*chain, driver))}")
                chain.append(driver)
            if spread.correlation and spread.correlated_with is None:
                raise ValueError(f"{name}.correlation needs correlated_with")
        return self

    def values(self, model: Model, patients: int, seed: int, file: str) -> pd.DataFrame:
        """Return a table with a row for each patient and a column for everything that varies.

        Patient *i* takes the *i*-th number of the stream of each name: the first 100 of 1,000 are the 100.

        Raises
        ------
        ConfigurationError
            A name the model does not have, with the nearest; nothing that varies; values that are not finite.
        """
        everything = {**self.parameters, **self.initial}
        if not everything:
            raise ConfigurationError("simulation.empty_variation", file=file)
        owns = {name: _own_value(model, name, file, parameter=name in self.parameters) for name in everything}
        streams, numbers = RandomStreams(seed), np.arange(patients, dtype=np.int64)
        normals: dict[str, Floats] = {}

        def normal(name: str) -> Floats:
            if name not in normals:
                spread = everything[name]
                own = streams.normal(f"vary {name}", numbers)
                if spread.correlated_with is not None:
                    share = math.sqrt(1.0 - spread.correlation**2)
                    own = spread.correlation * normal(spread.correlated_with) + share * own
                normals[name] = own
            return normals[name]

        columns = {}
        for name, spread in everything.items():
            if spread.distribution == "lognormal" and (spread.value or owns[name]) <= 0:
                raise ConfigurationError(
                    "simulation.median_not_positive", file=file, name=name, value=owns[name]
                )
            with np.errstate(over="ignore"):
                columns[name] = spread.draw(normal(name), owns[name])
            if not np.isfinite(columns[name]).all():
                raise ConfigurationError("simulation.not_finite", file=file, name=name)
        return pd.DataFrame(columns, index=pd.RangeIndex(patients, name="patient"))


def _read_csv(path: Path) -> pd.DataFrame:
    """Return the table; pandas would take the first of too many values in a row for the name of the row."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [(number, row) for number, row in enumerate(csv.reader(lines), 1) if row]
    for number, row in rows:
        if len(row) != len(rows[0][1]):
            raise ValueError(f"row {number} has {len(row)} values, and the first row {len(rows[0][1])} names")
    if rows and len(set(rows[0][1])) < len(rows[0][1]):
        raise ValueError("its first row has a name twice")
    return pd.read_csv(path, encoding="utf-8-sig")


def _own_value(model: Model, name: str, file: str, *, parameter: bool) -> float:
    if parameter:
        for item in model.parameters:
            if item.name == name:
                return item.value
        raise ConfigurationError(
            "simulation.unknown_parameter",
            file=file,
            name=name,
            model=model.name,
            hint=nearest(name, model.parameter_names),
        )
    content = content_of(model, name)
    amount = next(item.initial for item in model.species if item.name == content.state)
    return amount / default_volume(model, content.volume) if content.volume else amount


def default_volume(model: Model, name: str) -> float:
    """Return the size of a compartment at the start, for the model's own values."""
    from unmask.model.evaluate import Evaluator

    states = np.array([[item.initial] for item in model.species])
    parameters = np.array([[item.value] for item in model.parameters])
    return float(np.ravel(Evaluator(model).values(0.0, states, parameters)[name])[0])


def read_variation(path: Path) -> Variation:
    """Return the population that a TOML file describes.

    Raises
    ------
    ConfigurationError
        Not TOML, unknown keys, values out of range.
    """
    return check(Variation, read_toml(path), path)


def read_patients(path: Path, model: Model) -> pd.DataFrame:
    """Return the patients of a table, CSV or Parquet: a column for each parameter or initial value that differs.

    A column ``patient`` is the name of the row; ``param:`` and ``state:`` before a name are understood.

    Raises
    ------
    DataError
        A file that cannot be read, a value that is no finite number, no row.
    ConfigurationError
        A column that is neither a parameter nor a species.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except OSError as error:
        reason = error.strerror or error
        raise DataError("simulation.unreadable_patients", file=path, reason=reason) from error
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise DataError("simulation.unreadable_patients", file=path, reason=reason) from error
    if "patient" in table:
        table = table.set_index("patient")
        if table.index.has_duplicates:
            reason = f"patient {table.index[table.index.duplicated()][0]} stands there twice"
            raise DataError("simulation.unreadable_patients", file=path, reason=reason)
    table = table.rename(columns=lambda name: str(name).removeprefix("param:").removeprefix("state:"))
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        reason = f"it has two columns {twice}"
        raise DataError("simulation.unreadable_patients", file=path, reason=reason)
    if not len(table):
        raise DataError("simulation.unreadable_patients", file=path, reason="it has no row")
    for name in table:
        if name not in model.parameter_names:
            substances = {*model.contents, *model.species_names}
            if name not in substances:
                hint = nearest(str(name), {*model.parameter_names, *substances})
                raise ConfigurationError(
                    "simulation.unknown_column", file=path, name=name, model=model.name, hint=hint
                )
            content_of(model, str(name))
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float)
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            value = table[name].iloc[wrong[0]]
            raise DataError(
                "simulation.bad_patient", file=path, row=int(wrong[0]) + 2, name=name, value=str(value)
            )
        table[name] = values
    return table
