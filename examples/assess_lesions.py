"""Response of measured lesions: a small CSV file in, verdicts per visit and per patient out."""

import tempfile
from pathlib import Path

import unmask

LESIONS = """patient,day,lesion,diameter_mm
anna,0,A,30
anna,0,B,20
anna,42,A,38
anna,42,B,24
anna,84,A,20
anna,84,B,12
anna,126,A,18
anna,126,B,11
carlo,0,A,40
carlo,42,A,26
carlo,84,A,25
carlo,126,A,41
"""

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "lesions.csv"
    file.write_text(LESIONS)
    result = unmask.assess(file)
print(result.visits[["patient", "day", "overall_response", "irecist_response"]].to_string(index=False))
print(
    result.patients.filter(
        ["patient", "best_response", "irecist_best_response", "pseudoprogression"]
    ).to_string(index=False)
)
