// Simulated patients, for research and teaching, never for treatment decisions.

export type ParameterName = "PARAMETER NAMES";
export type SpeciesName = "SPECIES NAMES";
/** Substances whose name means a concentration, or that are called otherwise than the species that holds them. */
export type SubstanceName = "SUBSTANCE NAMES";
export type ObservableName = "OBSERVABLE NAMES";
export type Status = "STATUS NAMES";
type Numbers = readonly number[] | Float64Array;

export const MODEL_NAME: string;
/** Hash of the model: the one that Unmask writes into its results. */
export const MODEL_HASH: string;
/** Hash of the generated functions of this file. */
export const EQUATIONS_HASH: string;
/** Unit of every time. */
export const TIME_UNIT: string;

export interface Parameter {
  readonly name: ParameterName;
  readonly unit: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly description: string;
}
export interface Species {
  readonly name: SpeciesName;
  readonly unit: string;
  readonly initial: number;
  readonly nonnegative: boolean;
  readonly extinctBelow: number;
  readonly description: string;
}
export interface Observable {
  readonly name: ObservableName;
  readonly unit: string;
  readonly description: string;
}
export const parameters: readonly Parameter[];
export const species: readonly Species[];
export const observables: readonly Observable[];

export interface Dose {
  species: SpeciesName | SubstanceName;
  /** In the unit of the species (of a substance: of its amount), times `multiplyBy`, divided by `divideBy`. */
  amount: number;
  times: Numbers;
  multiplyBy?: ParameterName;
  divideBy?: ParameterName;
}
export interface Change {
  parameter: ParameterName;
  value: number;
  time: number;
}
export interface Options {
  parameters?: Partial<Record<ParameterName, number>>;
  /** Amounts of species; of a substance what its name means, maybe a concentration. */
  initial?: Partial<Record<SpeciesName | SubstanceName, number>>;
  doses?: readonly Dose[];
  /** Parameters that take another value at a time. */
  changes?: readonly Change[];
  /** Time of the start, 0 by default. */
  from?: number;
  /** Time of the end; not needed with `times`. */
  until?: number;
  /** Outputs at from, from + outputEvery, ..., and until. */
  outputEvery?: number;
  /** Outputs at these times instead. */
  times?: Numbers;
  /** What to report: observables of the model (all of them by default) or species. */
  observables?: readonly (ObservableName | SpeciesName)[];
  /** Relative tolerance, 1e-4 by default. */
  rtol?: number;
  /** Steps after which one interval between outputs or doses ends with OUT_OF_STEPS; 20,000 by default. */
  maxSteps?: number;
  /** Number of the patient, 0 by default: it decides in which order events of one moment and priority go. */
  patient?: number;
}
export interface Result {
  /** "OK", or why the patient could not be integrated to the end. */
  status: Status;
  /** The status as a sentence. */
  reason: string;
  /** Time reached. */
  reached: number;
  /** How many of `times` were reached; observables are NaN at the others. */
  outputs: number;
  /** Steps tried, and steps rejected. */
  steps: number;
  rejected: number;
  times: Float64Array;
  /** Values at `times`, before the doses of the same moment, after its events if there is no dose. */
  observables: Record<string, Float64Array>;
  /** State at the time reached; may be the `initial` of another call. */
  state: Record<SpeciesName, number>;
}
/** One patient through time. Throws an Error that names the field for wrong input. */
export function simulate(options: Options): Result;
/** Rates of change in order of `species`. */
export function rightHandSide(state: Numbers, parameterValues: Numbers, time?: number): Float64Array;
/** Non-zero entries of the Jacobian: values[k] is d rate[rows[k]] / d state[columns[k]]. */
export function jacobian(
  state: Numbers,
  parameterValues: Numbers,
  time?: number,
): { rows: Int32Array; columns: Int32Array; values: Float64Array };
