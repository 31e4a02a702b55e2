// ---- Tolerances: found for each patient ---------------------------------------------------------------------------

// An amount this far below the largest that a species reaches is as good as nothing.
const NEGLIGIBLE_SHARE = 1e-9;
const SMALLEST_TOLERANCE = 1e-140;
const PILOT_RTOL = 1e-4;
const DECLARED_TOLERANCES = WORK.slice(TOLERANCE, TOLERANCE + STATES);

// Absolute tolerances from a first run: a billionth of the largest that each species reaches, or less where an event
// compares it with something small (cells by the billion with the last one).
function findTolerances(request) {
  const largest = new Float64Array(STATES);
  const sides = WATCHED.map(() => [0, 0]);
  WORK.set(DECLARED_TOLERANCES, TOLERANCE);
  const done = run(request, PILOT_RTOL, () => {
    WATCHED.forEach(({ compute }, k) => {
      compute();
      for (const side of [0, 1]) {
        const size = Math.abs(WORK[RESULT + side]);
        if (size > sides[k][side] && size < Infinity) sides[k][side] = size;
      }
    });
    for (let i = 0; i < STATES; i++) {
      const size = Math.abs(WORK[STATE + i]);
      if (size > largest[i] && size < Infinity) largest[i] = size;
    }
  });
  if (done.status !== "OK") return; // on the way into a singularity a state may have been of any size
  const shares = new Float64Array(STATES).fill(NEGLIGIBLE_SHARE);
  WATCHED.forEach(({ states }, k) => {
    for (const [own, other] of [[0, 1], [1, 0]]) {
      const share = NEGLIGIBLE_SHARE * (sides[k][other] / sides[k][own]);
      if (sides[k][other] > 0) for (const i of states[own]) shares[i] = Math.min(shares[i], share);
    }
  });
  for (let i = 0; i < STATES; i++) {
    if (largest[i] > 0) WORK[TOLERANCE + i] = Math.max(shares[i] * largest[i], SMALLEST_TOLERANCE);
  }
}
