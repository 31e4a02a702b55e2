// ---- What a page says ---------------------------------------------------------------------------------------------

// The largest number of outputs: more are asked for by mistake.
const MOST_OUTPUTS = 1000000;

const PARAMETER_INDEX = new Map(parameters.map((item, index) => [item.name, index]));
const SPECIES_INDEX = new Map(species.map((item, index) => [item.name, index]));
const OBSERVABLE_INDEX = new Map(observables.map((item, index) => [item.name, index]));
const OPTIONS = ["parameters", "initial", "doses", "changes", "from", "until", "outputEvery", "times",
  "observables", "rtol", "maxSteps", "patient"];

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

// Where the amount of a species stands, or of a substance whose name means a concentration: {index, volume}.
function contentOf(name, field) {
  const content = CONTENTS.get(name);
  if (content !== undefined) return content;
  if (SPECIES_INDEX.has(name)) return { index: SPECIES_INDEX.get(name), volume: null };
  return found(name, new Map([...CONTENTS, ...SPECIES_INDEX]), field, "a species");
}

function readParameters(values) {
  return Object.entries(record(values, "parameters")).map(([name, value]) => {
    const index = parameterIndex(name, "parameters");
    return { name, index, value: checkedParameter(index, value, `parameters.${name}`) };
  });
}

function readInitial(values) {
  return Object.entries(record(values, "initial")).map(([name, value]) => {
    const { index, volume } = contentOf(name, "initial");
    return { index, volume, value: real(value, `initial.${name}`, species[index].nonnegative ? 0 : -Infinity) };
  });
}

// All doses, one entry for each time.
function readDoses(doses, from) {
  const all = [];
  list(doses, "doses").forEach((dose, number) => {
    const field = `doses[${number}]`;
    onlyKeys(record(dose, field), ["species", "amount", "times", "multiplyBy", "divideBy"], field);
    const { index } = contentOf(dose.species, `${field}.species`);
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

// All options, checked; doses and changes in order of their times.
function readOptions(options) {
  onlyKeys(record(options, "simulate"), OPTIONS, "simulate");
  const from = options.from === undefined ? 0 : real(options.from, "from");
  const rtol = options.rtol === undefined ? 1e-4 : real(options.rtol, "rtol");
  if (!(rtol >= 1e-13 && rtol <= 1)) throw new Error(`rtol is ${rtol}; expected a number from 1e-13 to 1.`);
  const maxSteps = options.maxSteps === undefined ? 20000 : real(options.maxSteps, "maxSteps", 1);
  const patient = options.patient === undefined ? 0 : real(options.patient, "patient", 0);
  if (!Number.isSafeInteger(patient)) throw new Error(`patient is ${patient}; expected a whole number.`);
  const { times, until } = outputTimes(options, from);
  const bySchedule = (a, b) => a.time - b.time;
  const doses = readDoses(options.doses ?? [], from).sort(bySchedule);
  const changes = readChanges(options.changes ?? [], from).sort(bySchedule);
  const wanted = readObservables(options.observables ?? observables.map((item) => item.name));
  const initial = readInitial(options.initial ?? {});
  const own = readParameters(options.parameters ?? {});
  return { from, until, times, rtol, maxSteps, patient, doses, changes, wanted, initial, parameters: own };
}
