// ---- What a page calls --------------------------------------------------------------------------------------------

// After a dose the step of the time before is too long: a hundredth, as in the engine's courses, saves steps in vain.
const AFTER_DOSE = 0.01;
// A compartment's size may depend on the amounts that are set by way of it: a few rounds settle that.
const ROUNDS = 3;

function give(dose) {
  const w = WORK;
  let amount = dose.amount;
  if (dose.multiplyBy >= 0) amount *= w[PARAMETER + dose.multiplyBy];
  if (dose.divideBy >= 0) amount /= w[PARAMETER + dose.divideBy];
  if (!(amount >= 0 && amount < Infinity)) {
    throw new Error(`${dose.field}: the amount becomes ${amount} by multiplyBy or divideBy; expected a finite number not below 0.`);
  }
  w[STATE + dose.index] += amount;
}

// The patient at the start: what the model computes there, but for what is given.
function begin({ from, parameters: own, initial }) {
  const w = WORK;
  for (let i = 0; i < parameters.length; i++) w[PARAMETER + i] = parameters[i].value;
  for (let i = 0; i < STATES; i++) w[STATE + i] = species[i].initial;
  for (const { index, value } of own) w[PARAMETER + index] = value;
  w[TIME] = from;
  w[STEP] = 0;
  const given = new Set([...own.map((item) => item.name), ...initial.map((item) => species[item.index].name)]);
  const computed = INITIAL.filter((item) => !given.has(item.name));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { compute } of computed) compute();
    const amounts = initial.map(({ value, volume }) => (volume === null ? value : (volume(), value * w[RESULT])));
    initial.forEach(({ index }, k) => (w[STATE + index] = amounts[k]));
  }
  for (const { compute } of computed) compute();
  prepare();
  jumps();
}

// To a stop, by way of the moments of events and the times at which the equations jump.
function travel(stop, rtol, maxSteps, counts) {
  const w = WORK;
  while (w[TIME] < stop) {
    let next = Math.min(stop, nextDue());
    let before = -Infinity;
    let after = Infinity;
    for (let k = 0; k < JUMPS; k++) {
      const jump = w[JUMP + k];
      if (jump <= w[TIME] && jump > before) before = jump;
      if (jump > w[TIME] && jump < after) after = jump;
    }
    // What holds between two jumps and at neither is seen half-way.
    const middle = 0.5 * (before + after);
    next = Math.min(next, w[TIME] < middle ? middle : after);
    let status = advance(next, rtol, maxSteps, counts);
    if (status === EVENT || (status === OK && next < stop)) status = settle();
    if (status !== OK) return status;
  }
  return OK;
}

// The whole course. `look` is called with the state at the start, after every stop and at the end.
function run(request, rtol, look) {
  const w = WORK;
  const { from, until, times, maxSteps, doses, changes, wanted } = request;
  const computed = wanted.some((item) => item.place >= OBSERVABLE && item.place < OBSERVABLE + observables.length);
  const columns = wanted.map(() => new Float64Array(times.length).fill(NaN));
  const counts = new Int32Array(2);
  const stops = Float64Array.from(
    new Set([from, ...times, until, ...[...doses, ...changes].map((item) => item.time)]),
  )
    .sort()
    .filter((time) => time <= until);
  let output = 0;
  let dose = 0;
  let change = 0;
  let status = OK;
  begin(request);
  beginEvents(from, until, request.patient);
  look();
  for (const stop of stops) {
    status = travel(stop, rtol, maxSteps, counts);
    if (status !== OK) break;
    const treated = stop < until && (doses[dose]?.time === stop || changes[change]?.time === stop);
    // With a dose at this moment the events wait for it; without, the output is of the time after them.
    if (!treated) {
      status = settle();
      if (status !== OK) break;
    }
    if (times[output] === stop) {
      if (computed) observe();
      for (let k = 0; k < columns.length; k++) columns[k][output] = w[wanted[k].place];
      output++;
    }
    if (treated) {
      for (; change < changes.length && changes[change].time === stop; change++) {
        w[PARAMETER + changes[change].index] = changes[change].value;
      }
      prepare();
      jumps();
      for (; dose < doses.length && doses[dose].time === stop; dose++) give(doses[dose]);
      w[STEP] *= AFTER_DOSE;
      status = settle();
      if (status !== OK) break;
    }
    look();
  }
  look();
  return {
    status: STATUSES[status].name,
    reason: STATUSES[status].reason,
    reached: w[TIME],
    outputs: output,
    steps: counts[0],
    rejected: counts[1],
    times,
    observables: Object.fromEntries(wanted.map((item, k) => [item.name, columns[k]])),
    state: Object.fromEntries(species.map((item, i) => [item.name, w[STATE + i]])),
  };
}

/** One patient through time; see the .d.ts file or docs/javascript.md. Wrong input throws an Error, a patient who
 * cannot be integrated has a status other than "OK" and NaN from there on. */
export function simulate(options) {
  const request = readOptions(options);
  findTolerances(request);
  return run(request, request.rtol, () => {});
}

function place(values, index, start, field) {
  const numbers = list(values, field);
  if (numbers.length !== index.size) {
    throw new Error(`${field} has ${numbers.length} numbers; expected ${index.size}.`);
  }
  numbers.forEach((value, i) => (WORK[start + i] = real(value, `${field}[${i}]`)));
}

/** Rates of change dy/dt, in order of `species`, at any state, parameters (in order of `parameters`) and time. */
export function rightHandSide(state, parameterValues, time = 0) {
  place(state, SPECIES_INDEX, TRIAL, "state");
  place(parameterValues, PARAMETER_INDEX, PARAMETER, "parameters");
  WORK[STAGE_TIME] = real(time, "time");
  prepare();
  rates();
  return WORK.slice(RATE, RATE + STATES);
}

/** Non-zero entries of the Jacobian: values[k] is d rate[rows[k]] / d state[columns[k]]. */
export function jacobian(state, parameterValues, time = 0) {
  place(state, SPECIES_INDEX, STATE, "state");
  place(parameterValues, PARAMETER_INDEX, PARAMETER, "parameters");
  WORK[TIME] = real(time, "time");
  prepare();
  linearise();
  return {
    rows: JACOBIAN_ROWS.slice(),
    columns: JACOBIAN_COLUMNS.slice(),
    values: WORK.slice(JACOBIAN, JACOBIAN + JACOBIAN_ROWS.length),
  };
}
