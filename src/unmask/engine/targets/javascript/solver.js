// ---- Step-size control: the same for every model ------------------------------------------------------------------

// x ** y as C has it, given log|x|: negative x with a whole exponent included, NaN where it is undefined.
function power(x, y, logOfMagnitude) {
  if (y === 0) return 1;
  const magnitude = Math.exp(y * logOfMagnitude);
  if (!(x < 0)) return magnitude;
  if (Math.floor(y) !== y) return NaN;
  return y % 2 === 0 ? magnitude : -magnitude;
}

// A first step in which states change by about 1 % (Hairer, Norsett & Wanner, Solving ODEs I, II.4, first half).
function firstStep(span, rtol) {
  const w = WORK;
  w[STAGE_TIME] = w[TIME];
  for (let i = 0; i < STATES; i++) w[TRIAL + i] = w[STATE + i];
  rates();
  let size = 0;
  let speed = 0;
  for (let i = 0; i < STATES; i++) {
    const scale = w[TOLERANCE + i] + rtol * Math.abs(w[STATE + i]);
    size += (w[STATE + i] / scale) ** 2;
    speed += (w[RATE + i] / scale) ** 2;
  }
  size = Math.sqrt(size);
  const guess = (0.01 * (size > 1 ? size : 1)) / Math.sqrt(speed);
  return guess < span ? guess : span;
}

function singular() {
  for (let i = 0; i < STATES; i++) if (Math.abs(WORK[RECIPROCAL + i]) === Infinity) return true;
  return false;
}

// The end of an interval: states below their floor become 0. One that is below zero by more than its allowance and
// NEGLIGIBLE times rtol of the largest value it had in the interval is no rounding of the solver's.
function arrive(rtol) {
  const w = WORK;
  for (let i = 0; i < STATES; i++) {
    if (w[STATE + i] < -(w[PEAK + i] * rtol * NEGLIGIBLE + ALLOWANCES[i])) return NEGATIVE;
  }
  for (let i = 0; i < STATES; i++) if (w[STATE + i] < FLOORS[i]) w[STATE + i] = 0;
  return OK;
}

// From w[TIME] to end, where states below their floor become 0. Returns a status (an index of STATUSES); w[TIME] is
// the time reached and w[STEP] a first step for the next interval, 0 after a failure. EVENT: a trigger has just changed.
function advance(end, rtol, maxSteps, counts) {
  const w = WORK;
  if (!(w[STEP] > 0)) w[STEP] = firstStep(end - w[TIME], rtol);
  let wanted = w[STEP];
  for (let i = 0; i < STATES; i++) w[PEAK + i] = 0;
  let rejectedLast = false;
  let searching = false;
  for (let steps = 1; ; steps++) {
    const time = w[TIME];
    const left = end - time;
    const last = wanted >= left;
    // Two equal steps rather than one full step and a sliver; the search for a moment knows which step it wants.
    const near = !searching && wanted * 2 > left;
    const h = last ? left : near ? left * 0.5 : wanted;
    const error = attempt(h, rtol);
    const finite = error < 1e300;
    const accepted = error <= 1;
    let factor = SAFETY * Math.exp(Math.log(error > 1e-20 ? error : 1e-20) * EXPONENT);
    const most = rejectedLast ? 1 : GROW;
    factor = finite ? (factor > most ? most : factor < SHRINK ? SHRINK : factor) : AFTER_NAN;
    const following = h * factor;
    counts[0]++;
    if (accepted) {
      rejectedLast = false;
      // A step cut short by the end of the interval says little about how long the next may be.
      if (!((last || near) && wanted > following)) wanted = following;
      const after = last ? end : time + h;
      const instead = watch(searching, h, after, wanted);
      searching = instead > 0;
      if (searching) {
        wanted = instead;
      } else {
        for (let i = 0; i < STATES; i++) w[STATE + i] = w[TRIAL + i];
        w[TIME] = after;
        if (instead < 0) return EVENT;
      }
      if (last && !searching) {
        const status = arrive(rtol);
        w[STEP] = status === OK ? wanted : 0;
        return status;
      }
    } else {
      counts[1]++;
      rejectedLast = true;
      searching = false;
      wanted = following;
      const smallest = Math.abs(time) * SMALLEST_RELATIVE_STEP;
      if (following <= (smallest > SMALLEST_STEP ? smallest : SMALLEST_STEP)) {
        w[STEP] = 0;
        return finite ? STEP_TOO_SMALL : singular() ? SINGULAR : NOT_FINITE;
      }
    }
    if (steps >= maxSteps) {
      w[STEP] = 0;
      return OUT_OF_STEPS;
    }
  }
}
