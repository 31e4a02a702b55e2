// ---- What a page calls --------------------------------------------------------------------------------------------

// The largest number of outputs: more are asked for by mistake.
const MOST_OUTPUTS = 1000000;
// After a dose the step of the time before is too long: a fifth saves steps tried in vain.
const AFTER_DOSE = 0.2;

const PARAMETER_INDEX = new Map(parameters.map((item, index) => [item.name, index]));
const SPECIES_INDEX = new Map(species.map((item, index) => [item.name, index]));
const OBSERVABLE_INDEX = new Map(observables.map((item, index) => [item.name, index]));
const OPTIONS = ["parameters", "initial", "doses", "changes", "from", "until", "outputEvery", "times",
  "observables", "rtol", "maxSteps"];

// How many letters have to be changed, added or left out to make one word of the other.
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

function nearest(name, known) {
  let best = "";
  let least = Infinity;
  for (const candidate of known) {
    const d = distance(String(name), candidate);
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

function found(name, index, field, what) {
  const place = index.get(name);
  if (place !== undefined) return place;
  const hint = index.size ? ` The nearest name is '${nearest(name, index.keys())}'.` : "";
  throw new Error(`${field}: '${String(name)}' is not ${what} of model '${MODEL_NAME}'.${hint}`);
}

function real(value, field, least = -Infinity) {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`${field} is ${shown(value)}; expected a finite number.`);
  }
  if (value < least) throw new Error(`${field} is ${value}; expected a number not below ${least}.`);
  return value;
}

function shown(value) {
  return typeof value === "string" ? `the text '${value}'` : Array.isArray(value) ? "a list" : String(value);
}

function list(value, field) {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value);
  throw new Error(`${field} is ${shown(value)}; expected a list.`);
}

function record(value, field) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  throw new Error(`${field} is ${shown(value)}; expected an object {name: value}.`);
}

function onlyKeys(object, known, field) {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) {
      throw new Error(`${field}: '${key}' is not an option. The nearest name is '${nearest(key, known)}'.`);
    }
  }
}

function parameterIndex(name, field) {
  return found(name, PARAMETER_INDEX, field, "a parameter");
}

function checkedParameter(index, value, field) {
  return real(value, field, parameters[index].low >= 0 ? 0 : -Infinity);
}

function setParameters(values) {
  for (let i = 0; i < parameters.length; i++) WORK[PARAMETER + i] = parameters[i].value;
  for (const [name, value] of Object.entries(record(values, "parameters"))) {
    const index = parameterIndex(name, "parameters");
    WORK[PARAMETER + index] = checkedParameter(index, value, `parameters.${name}`);
  }
}

function setStates(values) {
  for (let i = 0; i < STATES; i++) WORK[STATE + i] = species[i].initial;
  for (const [name, value] of Object.entries(record(values, "initial"))) {
    const index = found(name, SPECIES_INDEX, "initial", "a species");
    WORK[STATE + index] = real(value, `initial.${name}`, species[index].nonnegative ? 0 : -Infinity);
  }
}

// All doses, one entry for each time.
function readDoses(doses, from) {
  const all = [];
  list(doses, "doses").forEach((dose, number) => {
    const field = `doses[${number}]`;
    onlyKeys(record(dose, field), ["species", "amount", "times", "multiplyBy", "divideBy"], field);
    const index = found(dose.species, SPECIES_INDEX, `${field}.species`, "a species");
    const amount = real(dose.amount, `${field}.amount`, 0);
    const by = (key) => (dose[key] === undefined ? -1 : parameterIndex(dose[key], `${field}.${key}`));
    const multiplyBy = by("multiplyBy");
    const divideBy = by("divideBy");
    list(dose.times, `${field}.times`).forEach((time, position) => {
      real(time, `${field}.times[${position}]`, from);
      all.push({ time, field, index, amount, multiplyBy, divideBy });
    });
  });
  return all;
}

function readChanges(changes, from) {
  return list(changes, "changes").map((change, number) => {
    const field = `changes[${number}]`;
    onlyKeys(record(change, field), ["parameter", "value", "time"], field);
    const index = parameterIndex(change.parameter, `${field}.parameter`);
    const value = checkedParameter(index, change.value, `${field}.value`);
    return { time: real(change.time, `${field}.time`, from), index, value };
  });
}

function outputTimes(options, from) {
  if (options.times !== undefined) {
    if (options.outputEvery !== undefined) throw new Error("times and outputEvery exclude each other: give one.");
    const times = list(options.times, "times");
    if (!times.length) throw new Error("times is empty; expected at least one time.");
    times.forEach((time, i) => {
      real(time, `times[${i}]`, from);
      if (i && !(time > times[i - 1])) throw new Error(`times[${i}] is ${time}; expected times that increase.`);
    });
    const until = options.until === undefined ? times[times.length - 1] : real(options.until, "until", from);
    if (until < times[times.length - 1]) {
      throw new Error(`until is ${until}, before the last of times (${times[times.length - 1]}).`);
    }
    return { times: Float64Array.from(times), until };
  }
  const until = real(options.until, "until", from);
  const every = options.outputEvery === undefined ? until - from || 1 : real(options.outputEvery, "outputEvery");
  if (!(every > 0)) throw new Error(`outputEvery is ${every}; expected a number above 0.`);
  const whole = Math.floor((until - from) / every);
  if (!(whole < MOST_OUTPUTS)) throw new Error(`outputEvery is ${every}: more than ${MOST_OUTPUTS} outputs until ${until}.`);
  const times = Array.from({ length: whole + 1 }, (_, i) => from + i * every).filter((time) => time < until);
  return { times: Float64Array.from([...times, until]), until };
}

// Where to read each quantity that is reported: its name and its place in the workspace.
function readObservables(names) {
  return list(names, "observables").map((name, number) => {
    if (OBSERVABLE_INDEX.has(name)) return { name, place: OBSERVABLE + OBSERVABLE_INDEX.get(name) };
    if (SPECIES_INDEX.has(name)) return { name, place: STATE + SPECIES_INDEX.get(name) };
    const known = new Map([...OBSERVABLE_INDEX, ...SPECIES_INDEX]);
    return found(name, known, `observables[${number}]`, "an observable or species");
  });
}

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

/** One patient through time; see the .d.ts file or docs/javascript.md. Wrong input throws an Error, a patient who
 * cannot be integrated has a status other than "OK" and NaN from there on. */
export function simulate(options) {
  onlyKeys(record(options, "simulate"), OPTIONS, "simulate");
  const w = WORK;
  const from = options.from === undefined ? 0 : real(options.from, "from");
  const rtol = options.rtol === undefined ? 1e-4 : real(options.rtol, "rtol");
  if (!(rtol >= 1e-13 && rtol <= 1)) throw new Error(`rtol is ${rtol}; expected a number from 1e-13 to 1.`);
  const maxSteps = options.maxSteps === undefined ? 20000 : real(options.maxSteps, "maxSteps", 1);
  const { times, until } = outputTimes(options, from);
  const doses = readDoses(options.doses ?? [], from);
  const changes = readChanges(options.changes ?? [], from);
  const wanted = readObservables(options.observables ?? observables.map((item) => item.name));
  const computed = wanted.some((item) => item.place >= OBSERVABLE && item.place < OBSERVABLE + observables.length);
  setStates(options.initial ?? {});
  setParameters(options.parameters ?? {});
  prepare();

  const columns = wanted.map(() => new Float64Array(times.length).fill(NaN));
  const counts = new Int32Array(2);
  const stops = Float64Array.from(new Set([...times, until, ...[...doses, ...changes].map((item) => item.time)]))
    .sort()
    .filter((time) => time <= until);
  const bySchedule = (a, b) => a.time - b.time;
  doses.sort(bySchedule);
  changes.sort(bySchedule);
  let output = 0;
  let dose = 0;
  let change = 0;
  let status = OK;
  w[TIME] = from;
  w[STEP] = 0;
  for (const stop of stops) {
    if (stop > w[TIME]) {
      status = advance(stop, rtol, maxSteps, counts);
      if (status !== OK) break;
    }
    if (times[output] === stop) {
      if (computed) observe();
      for (let k = 0; k < columns.length; k++) columns[k][output] = w[wanted[k].place];
      output++;
    }
    if (stop === until) break;
    const before = dose + change;
    for (; change < changes.length && changes[change].time === stop; change++) {
      w[PARAMETER + changes[change].index] = changes[change].value;
    }
    if (dose + change > before) prepare();
    for (; dose < doses.length && doses[dose].time === stop; dose++) give(doses[dose]);
    if (dose + change > before) w[STEP] *= AFTER_DOSE;
  }
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
