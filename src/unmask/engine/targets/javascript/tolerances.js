// ---- Tolerances: found for each patient ---------------------------------------------------------------------------

// An amount this far below the largest that a species reaches is as good as nothing.
const NEGLIGIBLE_SHARE = 1e-9;
const SMALLEST_TOLERANCE = 1e-290;
const PILOT_RTOL = 1e-4;
const DECLARED_TOLERANCES = WORK.slice(TOLERANCE, TOLERANCE + STATES);

// Absolute tolerances from a first run: a billionth of the largest that each species reaches.
function findTolerances(request) {
  const largest = new Float64Array(STATES);
  WORK.set(DECLARED_TOLERANCES, TOLERANCE);
  run(request, PILOT_RTOL, () => {
    for (let i = 0; i < STATES; i++) {
      const size = Math.abs(WORK[STATE + i]);
      if (size > largest[i] && size < Infinity) largest[i] = size;
    }
  });
  for (let i = 0; i < STATES; i++) {
    if (largest[i] > 0) WORK[TOLERANCE + i] = Math.max(NEGLIGIBLE_SHARE * largest[i], SMALLEST_TOLERANCE);
  }
}
