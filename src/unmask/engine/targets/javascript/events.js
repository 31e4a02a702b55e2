// ---- Events: what happens at once when a condition becomes true (SBML Level 3 version 2 core, section 4.11) --------

// What has fired and waits for its moment: {event, due, values, order}.
let waiting = [];
let fired = 0;
let carriedOut = 0;
let milestone = -Infinity;
let span = 0;
let slow = 0;
let patientNumber = 0;
// The smallest distance of a trigger from changing: at the state just looked at, and at the start of the step.
let margin = 0;
let startMargin = 0;
// The search for a moment inside a step, in lengths of steps from its start.
const search = { low: 0, high: 0, lowMargin: 0, highMargin: 0, side: 0, trials: 0, fullStep: 0, width: 0 };

function beginEvents(from, until, patient) {
  EVENTS.forEach((event, e) => (WORK[WAS + e] = event.initially ? 1 : 0));
  waiting = [];
  fired = carriedOut = 0;
  milestone = from;
  span = until - from;
  slow = 0;
  patientNumber = patient;
}

// Triggers at TRIAL and STAGE_TIME: whether any is not what it was.
function differs() {
  const w = WORK;
  triggers();
  let changed = false;
  for (let e = 0; e < EVENTS.length; e++) {
    const held = w[WAS + e] !== 0;
    if ((w[TRIGGER + e] !== 0) !== held) changed = true;
    const own = held ? w[MARGIN + e] : -w[MARGIN + e];
    if (e === 0 || own < margin) margin = own;
  }
  return changed;
}

function differsNow() {
  const w = WORK;
  for (let i = 0; i < STATES; i++) w[TRIAL + i] = w[STATE + i];
  w[STAGE_TIME] = w[TIME];
  return differs();
}

// After an accepted step of length h: 0 to take it, -1 to take it and stop there for an event, or the length to try
// from the same start instead, until the shortest after which a trigger has changed and the longest after which none
// has are a few units in the last place of the time apart. Secant rule in its Illinois form, every third a bisection.
function watch(searching, h, after, following) {
  const w = WORK;
  const s = search;
  w[STAGE_TIME] = after;
  const changed = differs();
  if (!searching) {
    if (!changed) {
      startMargin = margin;
      return 0;
    }
    s.lowMargin = startMargin;
    s.low = s.side = s.trials = 0;
    s.fullStep = following;
  }
  if (changed) {
    s.high = h;
    s.highMargin = margin;
    if (s.side === 1) s.lowMargin *= 0.5; // the end that stays twice counts half
    s.side = 1;
    const last = Math.abs(w[TIME]) > Math.abs(after) ? Math.abs(w[TIME]) : Math.abs(after);
    s.width = Math.max(last * SMALLEST_RELATIVE_STEP, SMALLEST_STEP);
  } else {
    s.low = h;
    s.lowMargin = margin;
    if (s.side === -1) s.highMargin *= 0.5;
    s.side = -1;
  }
  const gap = s.high - s.low;
  const narrow = gap <= s.width;
  if (narrow && changed) {
    w[STEP] = s.fullStep * AFTER_JUMP;
    return -1;
  }
  s.trials = (s.trials + 1) % 3;
  if (narrow) return s.high;
  const least = s.low + s.width * 0.5;
  const most = s.high - s.width * 0.5;
  let guess = s.low + gap * (s.lowMargin / (s.lowMargin - s.highMargin));
  guess = guess < least ? least : guess;
  guess = guess > most ? most : guess;
  return s.trials === 0 || Number.isNaN(guess) ? s.low + gap * 0.5 : guess;
}

function nextDue() {
  let due = Infinity;
  for (const line of waiting) if (line.due < due) due = line.due;
  return due;
}

// Fires and carries out everything that is due now; what one does may set off or withdraw others.
function settle() {
  if (differsNow() || nextDue() <= WORK[TIME]) {
    for (;;) {
      const status = fire();
      const line = nextLine();
      if (line === null) {
        if (status !== OK) return status;
        break;
      }
      assign(line);
      carriedOut++;
      if (carriedOut % MANY_EVENTS === 0) {
        const gone = WORK[TIME] - milestone;
        slow = gone < SLOW_SHARE * span ? slow + 1 : 0;
        if (gone < SHORTEST_SHARE * span || slow >= PATIENCE) return ENDLESS_EVENTS;
        milestone = WORK[TIME];
      }
      if (status !== OK) return status;
    }
  }
  startMargin = margin;
  return OK;
}

function results(compute, count) {
  compute();
  return WORK.slice(RESULT, RESULT + count);
}

function fire() {
  const w = WORK;
  let status = OK;
  differsNow();
  EVENTS.forEach((event, e) => {
    const held = w[WAS + e] !== 0;
    const holds = w[TRIGGER + e] !== 0;
    w[WAS + e] = holds ? 1 : 0;
    if (held && !holds && !event.persistent) waiting = waiting.filter((line) => line.event !== e);
    if (held || !holds) return;
    const delay = event.delay === null ? 0 : results(event.delay, 1)[0];
    if (!(delay >= 0)) {
      status = BAD_DELAY;
      return;
    }
    const values = event.atTrigger ? results(event.values, event.targets.length) : null;
    waiting.push({ event: e, due: w[TIME] + delay, values, order: fired++ });
  });
  return status;
}

// Of the lines that are due the one with the highest priority; among equals by chance, but always the same.
function nextLine() {
  const due = waiting.filter((line) => line.due <= WORK[TIME]);
  if (due.length < 2) return due.length ? due[0] : null;
  const ranked = due.map((line) => {
    const compute = EVENTS[line.event].priority;
    const found = compute === null ? -Infinity : results(compute, 1)[0];
    const chance = scramble(patientNumber, line.event, carriedOut);
    return { line, priority: Number.isNaN(found) ? -Infinity : found, chance };
  });
  const before = (a, b) => {
    if (a.priority !== b.priority) return a.priority > b.priority;
    return a.chance !== b.chance ? a.chance < b.chance : a.line.order < b.line.order;
  };
  return ranked.reduce((best, item) => (before(item, best) ? item : best)).line;
}

function assign(line) {
  const w = WORK;
  const event = EVENTS[line.event];
  const count = event.targets.length;
  const values = line.values ?? results(event.values, count);
  const sizes = event.sizes === null ? null : results(event.sizes, count);
  event.targets.forEach((target, k) => (w[STATE + target] = sizes === null ? values[k] : values[k] * sizes[k]));
  w[STEP] *= AFTER_EVENT;
  waiting = waiting.filter((other) => other !== line);
}

// A number that looks random for each combination of keys: the finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA
// 2014) after each key.
function scramble(...keys) {
  const whole = (value) => BigInt.asUintN(64, value);
  let mixed = 0n;
  for (const key of keys) {
    mixed = whole(mixed + BigInt(key) + 0x9e3779b97f4a7c15n);
    mixed = whole((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = whole((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    mixed ^= mixed >> 31n;
  }
  return mixed;
}
