"""When tumours of OAK first shrink by 30 %, by how one counts and by form of disease.

`python benchmarks/response_timing.py` prints a table.

Claim C7 reads the lumped form, counted as the published lesions are. This shows how far counting decides, and what
lesions that are tumours of their own change: one target of each patient, drawn at random, as the published data show
one lesion per patient (Laleh 2022). 1,000 patients, seed 1, as in C7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.patients.cohort import screen
from unmask.patients.random_streams import RandomStreams
from unmask.response.codes import Response
from unmask.trial.conduct import ArmRecord, conduct_arm
from unmask.trial.disease import model_of
from unmask.trial.run import plan_trial

PATIENTS, SEED = 1_000, 1
WEEKS = (13, 16, 20, 26)
AFTER_PROGRESSION = {"up to progression": 0, "one scan more (C7)": 1, "two scans more": 2, "every scan": 99}
PUBLISHED = {"atezolizumab": "31 29 21 14", "docetaxel": "24 22 12 6"}


def first_shrinkage(record: ArmRecord, streams: RandomStreams, more: int) -> NDArray[np.float64]:
    """Return the week in which one target of each patient is first 30 % below baseline, of those with three readings.

    ``more`` is the number of scans after the first progression that count.
    """
    readings, baseline = record.readings, record.baseline_lesions
    progressed = np.cumsum(readings.overall == Response.PD, axis=1)
    shift = min(1 + more, progressed.shape[1])
    earlier = np.zeros_like(progressed)
    earlier[:, shift:] = progressed[:, : progressed.shape[1] - shift]
    end = np.minimum(record.death_day, record.censor_day)
    valid = readings.scanned & (earlier == 0) & (readings.day <= end[:, None]) & record.assessed[:, None]
    chosen = np.floor(streams.uniform("lesion shown", record.cohort.patients) * record.lesion_count).astype(
        int
    )
    rows = np.arange(len(baseline))
    size = np.where(valid, readings.lesions[rows, :, chosen].astype(float), np.nan)
    small = (size <= 0.7 * baseline[rows, chosen][:, None]) & (valid.sum(axis=1) >= 2)[:, None]
    days = np.broadcast_to(readings.day, size.shape)[rows, small.argmax(axis=1)]
    return np.asarray(days[small.any(axis=1)] / 7.0, dtype=np.float64)


def main() -> None:
    """Print the table of docs/claims.md."""
    print(
        "| form | arm | counted | shrink | after week 13 | 16 | 20 | 26 |\n|---|---|---|---|---|---|---|---|"
    )
    for form in ("lumped", "lesions"):
        plan = plan_trial("oak", patients=PATIENTS, seed=SEED, settings=(f"disease.form={form}",))
        model, streams = model_of(form, plan.tumour_type.model), RandomStreams(SEED)
        cohort = screen(plan.tumour_type, model, streams, np.arange(PATIENTS + PATIENTS // 2)).first(PATIENTS)
        for arm in plan.protocol.arms:
            record = conduct_arm(plan.protocol, arm, plan.tumour_type, model, cohort, streams)
            for words, more in AFTER_PROGRESSION.items():
                weeks = first_shrinkage(record, streams, more)
                shares = " | ".join(f"{100 * np.mean(weeks > week):.0f}" for week in WEEKS)
                print(f"| {form} | {arm} | {words} | {weeks.size} | {shares} |", flush=True)
    for arm, figures in PUBLISHED.items():
        print(f"| published lesions | {arm} | | | {figures.replace(' ', ' | ')} |")


if __name__ == "__main__":
    main()
