"""What is known about a patient: a tumour type alone, or a small file that states some features."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from unmask.configuration import check, nearest, read_toml
from unmask.errors import ConfigurationError
from unmask.patients.parameter_set import TumourType, available, load_tumour_type
from unmask.safety.autoimmune import diseases
from unmask.trial.disease import SMALLEST_TARGET_MM


class KnownPatient(BaseModel):
    """What a file says about a patient; what it leaves out is unknown and drawn, for this patient and all alike.

    ``sld_mm`` is the sum of the longest diameters of the target lesions, ``pdl1`` the class that a biopsy shows,
    ``immunosuppressed`` whether the patient takes a corticosteroid for an autoimmune disease when treatment begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tumour_type: str
    title: str = ""
    sld_mm: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    target_lesions: int | None = Field(default=None, ge=1, le=5)
    body_weight_kg: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    pdl1: Literal["negative", "low", "high"] | None = None
    autoimmune: str | None = None
    immunosuppressed: bool = False

    def features(self) -> dict[str, Any]:
        """Return what is known beside the tumour type, as plain data."""
        return self.model_dump(exclude={"tumour_type", "title"}, exclude_defaults=True)


def read_patient(name: str) -> tuple[KnownPatient, TumourType]:
    """Return a patient by tumour type (its name or file) or by a patient file, and the tumour type with the features.

    A TOML file with the key ``tumour_type`` is a patient; any other is a tumour type. The tumour type of a patient
    file may be a file that lies beside it.

    Raises
    ------
    ConfigurationError
        An unknown tumour type or key (the nearest name is offered), ``options.no_tumour_type`` for a file that is
        neither, ``options.outside_range`` for a feature that the
        tumour type does not hold possible, ``options.lesions_too_small``, ``options.unknown_disease``,
        ``options.no_disease`` for immunosuppression without an autoimmune disease.
    """
    if not name.endswith(".toml"):
        return KnownPatient(tumour_type=name), load_tumour_type(name)
    data = read_toml(Path(name))
    if not data.keys() & {"tumour_type", "name"}:
        raise ConfigurationError("options.no_tumour_type", file=name, known=", ".join(available()))
    if "tumour_type" not in data:
        return KnownPatient(tumour_type=name), load_tumour_type(name)
    known = check(KnownPatient, data, name)
    beside = Path(name).parent / known.tumour_type
    if beside.suffix == ".toml" and beside.is_file():
        known = known.model_copy(update={"tumour_type": str(beside)})
    tumour_type = load_tumour_type(known.tumour_type)
    _check_features(known, tumour_type, name)
    fixed = {"sld_mm": known.sld_mm, "body_weight_kg": known.body_weight_kg}
    change = {
        quantity: {"value": value, "distribution": "fixed", "sigma": 0.0}
        for quantity, value in fixed.items()
        if value is not None
    }
    return known, load_tumour_type(known.tumour_type, {"baseline": change} if change else None)


def _check_features(known: KnownPatient, tumour_type: TumourType, file: str) -> None:
    for quantity in ("sld_mm", "body_weight_kg"):
        value = getattr(known, quantity)
        low, high = tumour_type.baseline[quantity].range
        if value is not None and not low <= value <= high:
            raise ConfigurationError(
                "options.outside_range",
                file=file,
                key=quantity,
                value=f"{value:g}",
                low=f"{low:g}",
                high=f"{high:g}",
                tumour=tumour_type.title,
            )
    lesions = known.target_lesions
    if lesions is not None and known.sld_mm is not None and known.sld_mm < lesions * SMALLEST_TARGET_MM:
        raise ConfigurationError(
            "options.lesions_too_small",
            file=file,
            lesions=lesions,
            sld=f"{known.sld_mm:g}",
            needed=f"{lesions * SMALLEST_TARGET_MM:g}",
        )
    if known.autoimmune is not None and known.autoimmune not in diseases():
        raise ConfigurationError(
            "options.unknown_disease",
            file=file,
            name=known.autoimmune,
            hint=nearest(known.autoimmune, diseases()),
        )
    if known.immunosuppressed and known.autoimmune is None:
        raise ConfigurationError("options.no_disease", file=file, known=", ".join(diseases()))
