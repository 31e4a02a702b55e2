"""A virtual randomised trial in ten lines: run it, read it, write it, compare two schedules."""

import tempfile

import unmask

result = unmask.run_trial("oak", patients=100, seed=1)
for arm, figures in result.summary["arms"].items():
    months = figures["os_months"]["median"]
    print(f"{arm}: response rate {figures['orr']:.0%}, median survival {months:.1f} months")
print("hazard ratio of death:", round(result.summary["comparisons"]["os"]["hr"], 2))
patients = result.tables["patients"]  # one row per patient and arm, a pandas table
print("pseudoprogressions:", int(patients["pseudoprogression"].sum()))
print("report:", result.write(tempfile.mkdtemp(prefix="unmask-")) / "report.html")

longer = unmask.run_trial(
    "oak", patients=100, seed=1, settings=("arms.atezolizumab.beyond_progression.doses=12",)
)
change = (
    longer.summary["arms"]["atezolizumab"]["os_rate"]["12"]
    - result.summary["arms"]["atezolizumab"]["os_rate"]["12"]
)
print(f"alive at 12 months with twelve doses beyond progression instead of three: {change:+.1%}")
