"""What the report needs from a trial result: arms, paragraphs about the design, tables, comparison rows."""

from __future__ import annotations

from collections.abc import Sequence

from unmask.report.inputs import Arm, Observed, ReportInput, Tables
from unmask.survival.kaplan_meier import DAYS_PER_MONTH
from unmask.survival.observed import Comparison, ObservedTrial
from unmask.trial.arms import AfterProgression
from unmask.trial.items import LAST_DAY, Item, Radiotherapy, Surgery
from unmask.trial.protocol import Protocol
from unmask.trial.result import NOTICE, TrialResult

_WHERE = {"all": "the disease", "targets": "the target lesions", "largest": "the largest target lesion"}
CITATION = "Unmask: in-silico immuno-oncology. See CITATION.cff in the source distribution."


def report_input(
    result: TrialResult,
    observed: ObservedTrial | None = None,
    command: Sequence[str] = (),
    comparison: Sequence[Comparison] | None = None,
) -> ReportInput:
    """Return the input of ``unmask.report.render`` for a result, with real patients beside it if given.

    ``comparison`` is ``result.compare(observed)``, where it is already at hand.
    """
    protocol = result.protocol
    # Lesion by lesion a report would be too long; they are for other programs.
    shown = {name: table for name, table in result.tables.items() if name != "lesions"}
    return ReportInput(
        title=protocol.title + (", changed" if result.changes else ""),
        subtitle=f"Virtual randomised trial, {protocol.patients:,} patients per arm, seed {protocol.seed}"
        + (f". Changed: {'; '.join(result.changes)}" if result.changes else ""),
        design=design(protocol, result),
        arms=tuple(Arm(name, protocol.arms[name].label) for name in result.arms),
        tables=Tables(**shown, trajectories=result.trajectories),
        summary=result.summary,
        published=protocol.published,
        observed=_observed(result, observed, comparison),
        provenance=result.provenance(command),
        citation=CITATION,
        notice=NOTICE,
    )


def design(protocol: Protocol, result: TrialResult) -> tuple[str, ...]:
    """Return the design in plain sentences."""
    screening = result.summary["screening"]
    same = (
        "The same virtual patients are treated in every arm, so that differences are due to treatment alone"
        if protocol.allocation == "paired"
        else "Each virtual patient is allocated to one arm at random, in permuted blocks"
    )
    weeks = ", ".join(f"{week:g}" for week in protocol.schedule.scan_weeks)
    follow_up = protocol.follow_up
    shortest = (follow_up.days - follow_up.accrual_days) / DAYS_PER_MONTH
    arms = [f"{arm.label or name}: {regimen(arm.treatment)}." for name, arm in protocol.arms.items()]
    beyond = [
        f"After progression {arm.beyond_progression.share:.0%} of the {arm.label or name} patients go on for up to "
        f"{arm.beyond_progression.doses} more doses."
        for name, arm in protocol.arms.items()
        if arm.beyond_progression
    ]
    later = [
        f"Later lines in the {arm.label or name} arm: "
        + ", ".join(f"{item.label} ({item.share:.0%})" for item in arm.subsequent)
        + "."
        for name, arm in protocol.arms.items()
        if arm.subsequent
    ]
    changed = (
        f"This is not the trial of that name: {'; '.join(result.changes)} was set. The published figures below "
        "belong to the unchanged design, so a difference from them is no miss."
    )
    return (
        *([changed] if result.changes else []),
        *result.warnings,
        f"{protocol.patients:,} virtual patients per arm; tumour type: {result.tumour_type.title}. {same}. "
        f"{screening['screened']:,} candidates were screened; {screening['not_eligible']:,} were not eligible because "
        "their tumour would not progress untreated.",
        " ".join(arms),
        f"Scans in weeks {weeks} and every {protocol.schedule.then_every_weeks:g} weeks after, read by RECIST 1.1 and "
        f"iRECIST with a measurement error of {protocol.measurement.sum_error:.0%} of the sum of diameters. Patients "
        f"are followed for {shortest:.0f} to {follow_up.days / DAYS_PER_MONTH:.0f} months.",
        " ".join((*beyond, *later)),
        *_caveats(protocol),
    )


def _caveats(protocol: Protocol) -> list[str]:
    """Return one paragraph on what the descriptions of the drugs in use leave out, if any does."""
    treatments = [item for arm in protocol.arms.values() for item in arm.drugs]
    known = {item.drug: item.substance.caveat for item in treatments if item.substance.caveat}
    told = " ".join(f"{drug.capitalize()}: {caveat}" for drug, caveat in known.items())
    return [f"Limits of the drug models. {told}"] if told else []


def regimen(treatments: Sequence[Item]) -> str:
    """Return treatments in words: how much of what, how often, how many times, from and to when."""
    return "; ".join(_words(item) for item in treatments) or "observation without treatment"


def _words(item: Item) -> str:
    """Return one treatment in words: how much, how often, how many times, from and to when."""

    def interval(days: int) -> str:
        return f"{days // 7} weeks" if days % 7 == 0 else f"{days} days"

    start = f", from day {item.first_day}" if item.first_day else ""
    if isinstance(item, Radiotherapy):
        whole = f"{item.in_field:.0%} of {_WHERE[item.lesions]}" + (
            ", a fixed field" if item.fixed_field else ""
        )
        return f"radiotherapy {item.fractions} x {item.gray:g} Gy to {whole}{start}"
    if isinstance(item, Surgery):
        what = "" if item.lesions == "all" else f" of {_WHERE[item.lesions]}"
        when = "" if isinstance(item, AfterProgression) else f" on day {item.first_day}"
        left = item.margin if item.residual is None else f"{item.residual:.3g} stays"
        return f"surgery{what} ({left}){when}"
    often = f" every {interval(item.every_days)}" if item.substance.effect is not None else ""
    many = f", {item.doses} doses" if item.doses else ""
    until = f", until day {item.last_day}" if item.last_day < LAST_DAY else ""
    by_marker = (
        f", off below {item.adaptive.off_below:.0%} of the first marker and on again at "
        f"{item.adaptive.on_above:.0%}, marker every {interval(item.every_days)}"
        if item.adaptive
        else ""
    )
    taken = f", {item.adherence:.0%} of tablets taken" if item.adherence < 1 else ""
    return f"{item.drug} {item.dose:g} {item.unit}{often}{many}{start}{until}{taken}{by_marker}"


def _observed(
    result: TrialResult, observed: ObservedTrial | None, comparison: Sequence[Comparison] | None
) -> Observed | None:
    if observed is None:
        return None
    figures = result.compare(observed) if comparison is None else comparison
    return Observed(
        label=observed.source,
        time_to_event=observed.time_to_event,
        patients=observed.patients,
        comparison=tuple(_row(figure) for figure in figures),
    )


def _row(row: Comparison) -> dict[str, object]:
    return {
        "endpoint": row.endpoint,
        "arm": row.arm or None,
        "real": row.real,
        "ci": row.real_ci,
        "virtual": row.virtual,
        "inside": row.inside,
        "unit": "share" if row.unit == "fraction" else row.unit,
    }
