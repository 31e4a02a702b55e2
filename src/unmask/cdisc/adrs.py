"""ADRS: overall responses and the parameters derived from them, one record a subject and parameter.

Names and meanings are those of admiralonco's templates; ``adrs.toml`` lists them. The responses may be those that
Unmask derived from lesions or those that a site or a central review recorded. Best responses, confirmation and
iRECIST progression come from :mod:`unmask.response.best_response` under the options of ``Rules``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unmask.cdisc.subjects import require, sequence, study_day, with_subjects
from unmask.errors import ConfigurationError, DataError
from unmask.response import benefit, best_response
from unmask.response.best_response import Visits, first_visit
from unmask.response.codes import Codes, Criterion, ImmuneResponse, Response
from unmask.response.measurements import Bools, Days
from unmask.response.rules import Rules

Criteria = Literal["RECIST 1.1", "iRECIST"]
CRITERIA: tuple[Criteria, ...] = ("RECIST 1.1", "iRECIST")
EVALUATORS: Mapping[str, str] = {"Investigator": "Investigator", "BICR": "Blinded Independent Central Review"}
"""Name in PARAM -> PARCAT2."""
NO_EVIDENCE_OF_DISEASE = "NED"
NOT_ASSESSED = ("", "NA", "ND", "MISSING")
"""Recorded texts that are no assessment (ND: not done)."""
_CARRIED = ("ADTF", "VISIT", "VISITNUM", "RSSEQ")
_ONGOING, _NOTHING_SEEN = "ongoing", "nothing_seen"
_MARKS = {
    _ONGOING: Criterion.RESPONSE_ONGOING,
    _NOTHING_SEEN: Criterion.TARGETS_GONE_NON_TARGET_NOT_EVALUATED,
}
_IMMUNE_OF = {
    "CR": "iCR",
    "PR": "iPR",
    "SD": "iSD",
    "PD": "iUPD",
    "NON-CR/NON-PD": "NON-iCR/NON-iUPD",
}
"""Responses recorded by RECIST 1.1 up to progression and by iRECIST after it."""


@cache
def parameters() -> Mapping[str, Any]:
    """Return ``adrs.toml``."""
    return tomllib.loads(files("unmask.cdisc").joinpath("adrs.toml").read_text(encoding="utf-8"))


def derive(
    overall: pd.DataFrame,
    subjects: pd.DataFrame,
    rules: Rules | None = None,
    *,
    criteria: Criteria = "RECIST 1.1",
    evaluator: str = "Investigator",
    measurable: Collection[str] | None = None,
    progression: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Derive ADRS from the overall responses of one evaluator by one set of criteria.

    Parameters
    ----------
    overall
        One record an assessment: ``USUBJID``, ``ADT``, ``AVALC``; optional ``ADTF``, ``VISIT``, ``VISITNUM``,
        ``RSSEQ``, and ``ongoing``: a PR only because an earlier response goes on, which confirms nothing (unless
        ``rules.ongoing_response_confirms``), and ``nothing_seen``: a PR only because non-target disease was not
        evaluated, which is no disease after a CR.
    subjects
        One record a subject: ``STUDYID``, ``USUBJID``, ``RANDDT``; optional ``DTHDT`` and others of ADSL. Every subject
        gets one record of each parameter.
    rules
        Options (``Rules.preset("admiralonco")`` decides as the R package does).
    criteria, evaluator
        ``"RECIST 1.1"`` or ``"iRECIST"``; ``"Investigator"`` or ``"BICR"``.
    measurable
        Subjects with measurable disease at baseline; without it there is no parameter MDIS.
    progression
        ``USUBJID`` and ``ADT`` of a progression that is dated otherwise than at its assessment (a new lesion that was
        equivocal at first); optional.

    Returns
    -------
    DataFrame
        Variables of the dataset ADRS. Records with AVALC ``N`` or ``MISSING`` have no date.

    Raises
    ------
    DataError
        A missing column, an unknown subject, ``cdisc.unknown_response``.
    ConfigurationError
        ``cdisc.bad_option``.
    """
    for name, value, known in (
        ("criteria", criteria, CRITERIA),
        ("evaluator", evaluator, tuple(EVALUATORS)),
    ):
        if value not in known:
            raise ConfigurationError(
                "cdisc.bad_option", option=name, value=value, expected=" or ".join(known)
            )
    require(overall, ("USUBJID", "ADT", "AVALC"), "Overall responses")
    require(subjects, ("STUDYID", "USUBJID", "RANDDT"), "Subjects")
    immune = criteria == "iRECIST"
    records = _records(overall, subjects, immune)
    people = _People.of(records, subjects, rules or Rules(), immune, measurable)
    names = {"PARCAT2": EVALUATORS[evaluator], "PARCAT3": criteria}
    first = records.drop(columns=[_ONGOING, _NOTHING_SEEN], errors="ignore").assign(
        PARAMCD="OVR" if evaluator == "Investigator" else "IOVRB" if immune else "OVRB",
        PARAM=f"Overall Response by {evaluator}",
        PARCAT1="Tumor Response",
        **names,
    )
    parts = [first]
    for item in parameters()["immune_parameter" if immune else "parameter"]:
        table = _parameter(item, people, records, subjects)
        if table is not None:
            table["PARAM"] = item["param"].format(evaluator=evaluator)
            parts.append(table.assign(**(names | _categories(item))))
    table = pd.concat([part.dropna(axis=1, how="all") for part in parts], ignore_index=True)
    # Columns that nobody has a value in stand in the dataset all the same, whoever else is in it.
    table = table.reindex(columns=[*first.columns, *(name for name in table if name not in first)])
    table["ADT"] = pd.to_datetime(table.reindex(columns=["ADT"])["ADT"]).astype("datetime64[ns]")
    table = _dated(table, progression, "ICPD" if immune else "PD")
    table = with_subjects(table, subjects, "Overall responses")
    table["ADY"] = study_day(table["ADT"], table["RANDDT"])
    if "VISIT" in table:
        table["AVISIT"] = table["VISIT"]
    table["ASEQ"] = sequence(table, ["PARAMCD", "ADT", "VISITNUM", "RSSEQ"])
    return table.sort_values(["USUBJID", "ASEQ"], ignore_index=True)


def _categories(item: Mapping[str, Any]) -> dict[str, str]:
    if item["rule"] == "death":
        return {"PARCAT1": "Reference Event", "PARCAT2": "", "PARCAT3": ""}
    found = {} if item["rule"] == "measurable disease" else {"PARCAT1": "Tumor Response"}
    return found | ({"PARCAT3": item["criteria"]} if "criteria" in item else {})


def _records(overall: pd.DataFrame, subjects: pd.DataFrame, immune: bool) -> pd.DataFrame:
    """Return the assessments with AVAL and the two flags, in order of subject and date."""
    kept = [
        "USUBJID",
        "ADT",
        "AVALC",
        *(name for name in (*_CARRIED, _ONGOING, _NOTHING_SEEN) if name in overall),
    ]
    table = with_subjects(overall[kept], subjects, "Overall responses")
    table["ADT"] = pd.to_datetime(table["ADT"])
    words = table["AVALC"].fillna("").astype(str).str.strip()
    if immune:
        words = words.replace(_IMMUNE_OF)
    numbers = parameters()["immune_aval" if immune else "aval"]
    known = {*numbers, *NOT_ASSESSED, NO_EVIDENCE_OF_DISEASE}
    if not set(words) <= known:
        at = int(np.argmax(~words.isin(list(known))))
        raise DataError(
            "cdisc.unknown_response",
            record=at + 1,
            subject=table["USUBJID"].iloc[at],
            value=words.iloc[at],
            known=", ".join(numbers),
        )
    table["AVALC"], table["AVAL"] = words, words.map(numbers)
    order = ["USUBJID", "ADT", *(name for name in ("VISITNUM", "RSSEQ") if name in table)]
    table = table.sort_values(order, kind="stable", ignore_index=True)
    counts = ~table["AVALC"].isin(NOT_ASSESSED) & (table["ADT"] >= pd.to_datetime(table["RANDDT"]))
    if "DTHDT" in subjects:  # nobody was assessed after death
        death = pd.Series(pd.to_datetime(subjects["DTHDT"]).to_numpy(), index=subjects["USUBJID"].to_numpy())
        counts &= ~(table["ADT"] > table["USUBJID"].map(death))
    table["ANL01FL"] = np.where(_worst_of_its_date(table, counts, immune), "Y", "")
    # A progression before randomisation, or of a record that does not count, ends nothing.
    progressed = (table["AVALC"] == ("iCPD" if immune else "PD")) & (table["ANL01FL"] == "Y")
    end = progressed.astype(int)
    earlier = end.groupby(table["USUBJID"]).cumsum() - end
    table["ANL02FL"] = np.where((earlier == 0) & table["ADT"].notna(), "Y", "")
    return table.drop(columns=[name for name in subjects.columns if name in table and name != "USUBJID"])


_BADNESS = (
    "iCPD",
    "PD",
    "iUPD",
    "NON-CR/NON-PD",
    "NON-iCR/NON-iUPD",
    "SD",
    "iSD",
    "PR",
    "iPR",
    "CR",
    "iCR",
    "NE",
)
"""From the worst; another verdict of the same date says more than NE."""


def _worst_of_its_date(table: pd.DataFrame, counts: pd.Series[Any], immune: bool) -> NDArray[np.bool_]:
    """Return whether a record counts: one a subject and date, the worst.

    The order is that of admiralonco's template (``worst_resp``) and of its iRECIST vignette; of equal records the first
    takes the last, the second the first.
    """
    badness = table["AVALC"].map({word: n for n, word in enumerate(reversed(_BADNESS))}).fillna(-1)
    row = np.arange(len(table))
    ranked = table.assign(_bad=badness, _row=row, _tie=-row if immune else row)[counts.to_numpy(dtype=bool)]
    chosen = ranked.sort_values(["_bad", "_tie"]).groupby(["USUBJID", "ADT"], sort=False)["_row"].last()
    flags = np.zeros(len(table), dtype=bool)
    flags[chosen.to_numpy(dtype=np.int64)] = True
    return flags


@dataclass(frozen=True)
class _People:
    """N subjects and their assessments up to the end that counts, V at most; -1 in ``row`` is padding."""

    rules: Rules
    immune: bool
    day: Days
    """(N, V) days since randomisation."""
    codes: Codes
    """(N, V) of :class:`Response` or :class:`ImmuneResponse`."""
    no_evidence: Bools
    """(N, V) recorded as no evidence of disease."""
    criterion: Codes
    """(N, V) the criteria that mark a response which only goes on, and a visit at which nothing was seen."""
    row: Visits
    """(N, V) record of the assessment."""
    last: Visits
    """(N,) record of the last assessment of all, whether or not after progression."""
    measurable: Bools | None
    death: Bools | None
    """None where nothing is known of deaths, which is not that nobody died."""

    @classmethod
    def of(
        cls,
        records: pd.DataFrame,
        subjects: pd.DataFrame,
        rules: Rules,
        immune: bool,
        measurable: Collection[str] | None,
    ) -> _People:
        size = len(subjects)
        place = pd.Index(subjects["USUBJID"]).get_indexer(records["USUBJID"])
        flagged = (records["ANL01FL"] == "Y").to_numpy(dtype=bool)
        codes = _codes(records["AVALC"], immune)
        evaluable = codes != (ImmuneResponse.NE if immune else Response.NE)
        counts = flagged & (evaluable if rules.adequate_assessments_only else True)
        last = np.full(size, -1, dtype=np.int64)
        last[place[counts]] = np.flatnonzero(counts)
        up_to_end = (records["ANL02FL"] == "Y").to_numpy(dtype=bool) | (not rules.progression_ends_assessment)
        used = np.flatnonzero(flagged & up_to_end)
        whose = place[used]
        order = np.argsort(whose, kind="stable")
        used, whose = used[order], whose[order]
        number = np.bincount(whose, minlength=size)
        visit = np.arange(used.size) - np.repeat(np.cumsum(number) - number, number)
        shape = (size, int(number.max(initial=0)))
        row = np.full(shape, -1, dtype=np.int64)
        row[whose, visit] = used
        since = (
            records["ADT"].to_numpy(dtype="datetime64[D]")[used]
            - pd.to_datetime(subjects["RANDDT"]).to_numpy(dtype="datetime64[D]")[whose]
        )
        day = np.full(shape, np.nan)
        day[whose, visit] = since.astype(np.float64)
        table = np.full(shape, ImmuneResponse.MISSING if immune else Response.MISSING, dtype=np.int8)
        table[whose, visit] = codes[used]
        no_evidence = np.zeros(shape, dtype=bool)
        no_evidence[whose, visit] = (records["AVALC"] == NO_EVIDENCE_OF_DISEASE).to_numpy(dtype=bool)[used]
        criterion = np.full(shape, Criterion.NEITHER, dtype=np.int8)
        for name, mark in _MARKS.items():
            if name in records:
                marked = records[name].to_numpy(dtype=bool)[used]
                criterion[whose[marked], visit[marked]] = mark
        died = pd.to_datetime(subjects["DTHDT"]).notna().to_numpy(dtype=bool) if "DTHDT" in subjects else None
        return cls(
            rules,
            immune,
            day,
            table,
            no_evidence,
            criterion,
            row,
            last,
            None if measurable is None else subjects["USUBJID"].isin(list(measurable)).to_numpy(dtype=bool),
            died,
        )

    @property
    def counted(self) -> Codes:
        """(N, V) RECIST 1.1 responses as the rules count them: disease after a CR may be progression."""
        return best_response.counted(self.codes, self.day, self.rules, criterion=self.criterion)[0]

    @property
    def ongoing(self) -> Bools:
        """(N, V) a response only because an earlier one goes on."""
        return np.asarray(self.criterion == Criterion.RESPONSE_ONGOING)

    def best(self, confirmed: bool) -> best_response.Best:
        """Return the best response, confirmed or not."""
        if self.immune:
            rules = self.rules.changed(immune_confirmed_response=confirmed)
            return best_response.ibor(self.codes, self.day, rules, ongoing=self.ongoing)
        if not confirmed:
            return best_response.unconfirmed(self.codes, self.day, self.rules)
        return best_response.confirmed(self.codes, self.day, self.rules, criterion=self.criterion)

    def benefit(self, confirmed: bool) -> Visits:
        """Return the first visit of benefit: a response, or control of disease from the shortest time on."""
        if self.immune:
            return benefit.immune_clinical_benefit(
                self.codes, self.day, self.rules, confirmed=confirmed, ongoing=self.ongoing
            ).visit
        return benefit.clinical_benefit(
            self.codes, self.day, self.rules, confirmed=confirmed, criterion=self.criterion
        ).visit


def _codes(words: pd.Series[Any], immune: bool) -> Codes:
    names: Mapping[str, int] = {member.label: member for member in (ImmuneResponse if immune else Response)}
    missing = ImmuneResponse.MISSING if immune else Response.MISSING
    return np.array([names.get(word, missing) for word in words], dtype=np.int8)


@dataclass(frozen=True)
class _Found:
    """The visit (N,) a parameter is dated at, -1 = none, and for best responses its category as text."""

    visit: Visits
    category: NDArray[np.object_] | None = None


def _with_no_evidence(people: _People) -> _Found:
    """Return the best response with NED from the shortest time on, ranked behind non-CR/non-PD."""
    best = people.best(confirmed=False)
    late = people.no_evidence & (people.day >= people.rules.stable_min_day)
    worse = ~np.isin(best.response, (Response.CR, Response.PR, Response.SD, Response.NON_CR_NON_PD))
    chosen = worse & late.any(axis=1)
    plain = _of_best(people, best)
    assert plain.category is not None
    return _Found(
        np.where(chosen, first_visit(late), plain.visit),
        np.where(chosen, NO_EVIDENCE_OF_DISEASE, plain.category),
    )


def _of_best(people: _People, best: best_response.Best) -> _Found:
    names = ImmuneResponse if people.immune else Response
    visit = best.visit
    if people.immune:
        # As admiralonco's vignette dates it: progression began at the first iUPD of the block that iCPD confirmed.
        visit = np.where(best.response == ImmuneResponse.ICPD, _progression_confirmed(people).visit, visit)
    return _Found(visit, np.array([names(int(code)).label for code in best.response], dtype=object))


def _best_is_response(people: _People, best: best_response.Best) -> _Found:
    return _Found(np.where(np.isin(best.response, (Response.CR, Response.PR)), best.visit, -1))


def _progression_unconfirmed(people: _People) -> _Found:
    proven = (people.codes == ImmuneResponse.ICPD).any(axis=1)
    visit = best_response.ipfs_visit(people.codes, people.day, people.rules)
    return _Found(np.where(proven, -1, visit))


def _progression_confirmed(people: _People) -> _Found:
    proven = (people.codes == ImmuneResponse.ICPD).any(axis=1)
    visit = best_response.ipfs_visit(people.codes, people.day, replace(people.rules, repeated_iupd="first"))
    return _Found(np.where(proven, visit, -1))


def _benefit_or_late_progression(people: _People) -> _Found:
    late = first_visit((people.counted == Response.PD) & (people.day > people.rules.stable_min_day))
    reached = people.benefit(confirmed=True)
    # Progression ends the assessment, so none comes before a benefit.
    return _Found(np.where(reached >= 0, reached, late))


_RULES: Mapping[str, Callable[[_People], _Found]] = {
    "progression": lambda p: _Found(first_visit(p.counted == Response.PD)),
    "progression confirmed": _progression_confirmed,
    "progression unconfirmed": _progression_unconfirmed,
    "response": lambda p: _Found(p.best(confirmed=False).first_response_visit),
    "confirmed response": lambda p: _Found(p.best(confirmed=True).first_response_visit),
    "benefit": lambda p: _Found(p.benefit(confirmed=False)),
    "confirmed benefit": lambda p: _Found(p.benefit(confirmed=True)),
    "confirmed benefit or late progression": _benefit_or_late_progression,
    "best": lambda p: _of_best(p, p.best(confirmed=False)),
    "confirmed best": lambda p: _of_best(p, p.best(confirmed=True)),
    "best is response": lambda p: _best_is_response(p, p.best(confirmed=False)),
    "confirmed best is response": lambda p: _best_is_response(p, p.best(confirmed=True)),
    "best with no evidence of disease": _with_no_evidence,
}


def _parameter(
    item: Mapping[str, Any], people: _People, records: pd.DataFrame, subjects: pd.DataFrame
) -> pd.DataFrame | None:
    """Return one record a subject of one parameter, or None where nothing is known of it."""
    rule = item["rule"]
    table = pd.DataFrame({"USUBJID": subjects["USUBJID"].to_numpy(), "PARAMCD": item["paramcd"]})
    if rule == "death":
        if people.death is None:
            return None
        table["ADT"] = pd.to_datetime(subjects["DTHDT"]).to_numpy()
        return _flagged(table.assign(ANL01FL="Y"), people.death)
    if rule == "measurable disease":
        return None if people.measurable is None else _flagged(table.assign(ANL01FL="Y"), people.measurable)
    if rule == "last assessment":
        record, words = people.last, records["AVALC"].to_numpy(dtype=object)
        table["AVALC"] = np.where(record >= 0, words[np.maximum(record, 0)] if len(words) else "", "")
    else:
        found = _RULES[rule](people)
        rows = np.arange(len(table))
        width = people.row.shape[1]
        record = np.where(found.visit >= 0, people.row[rows, found.visit], -1) if width else found.visit
        if found.category is None:
            table = _flagged(table, record >= 0)
        else:
            table["AVALC"] = found.category
    source = records.reindex(record)
    for name in ("ADT", "ANL02FL", *_CARRIED):
        if name in records:
            table[name] = source[name].to_numpy()
    if item["value"] == "response":
        table["AVAL"] = table["AVALC"].map(parameters()["immune_aval" if people.immune else "aval"])
    return table.assign(ANL01FL="Y")


def _flagged(table: pd.DataFrame, yes: NDArray[np.bool_]) -> pd.DataFrame:
    return table.assign(AVALC=np.where(yes, "Y", "N"), AVAL=yes.astype(float))


def _dated(table: pd.DataFrame, progression: pd.DataFrame | None, paramcd: str) -> pd.DataFrame:
    if progression is None:
        return table
    require(progression, ("USUBJID", "ADT"), "Progression")
    dates = pd.Series(pd.to_datetime(progression["ADT"]).to_numpy(), index=progression["USUBJID"].to_numpy())
    here = (table["PARAMCD"] == paramcd) & (table["AVALC"] == "Y") & table["USUBJID"].isin(dates.index)
    table.loc[here, "ADT"] = table.loc[here, "USUBJID"].map(dates)
    return table
