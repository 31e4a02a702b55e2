"""A virtual randomised trial in ten lines: run it, read it, write it, compare two schedules."""

import tempfile

import unmask

result = unmask.run_trial("oak", patients=300, seed=1)
for arm, figures in result.summary["arms"].items():
    months = figures["os_months"]["median"]
    print(f"{arm}: response rate {figures['orr']:.0%}, median survival {months:.1f} months")
print("hazard ratio of death:", round(result.summary["comparisons"]["os"]["hr"], 2))
patients = result.tables["patients"]  # one row per patient and arm, a pandas table
print("pseudoprogressions:", int(patients["pseudoprogression"].sum()))
print("report:", result.write(tempfile.mkdtemp(prefix="unmask-")) / "report.html")

# What if every patient on atezolizumab went on beyond progression, instead of four in ten?
everyone = unmask.run_trial(
    "oak", patients=300, seed=1, settings=("arms.atezolizumab.beyond_progression.share=1.0",)
)
alive = [run.summary["arms"]["atezolizumab"]["os_rate"]["12"] for run in (result, everyone)]
print(f"alive at 12 months: {alive[0]:.1%} as in OAK, {alive[1]:.1%} if all go on beyond progression")
