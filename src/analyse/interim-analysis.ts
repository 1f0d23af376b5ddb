import { sequentialLooks } from "../stats/sequential.ts";
import type { Data } from "./data.ts";
import { finishedReaders } from "./finished.ts";

/** A look at the data before the planned end. */
export interface InterimAnalysis {
  /** Who finished. */
  readonly readers: number;
  readonly planned: number;
  /** What a claim needs at this look under alpha spending; undefined where the look was not declared. */
  readonly needs: { readonly differenceP: number; readonly equivalenceP: number } | undefined;
}

/** The look that these data are; undefined at the planned end, before any answer, or where no end was planned. */
export function lookOf(data: Data): InterimAnalysis | undefined {
  const { choices, pairs, ratings } = data;
  const planned = plannedReaders(data);
  const answers = choices.length + pairs.length + ratings.length;
  if (planned === undefined || answers === 0) return undefined;
  const readers = finishedReaders(data);
  if (readers >= planned) return undefined;
  // The look that is due: the last declared one that has been reached.
  const due = looksBefore(data).filter((look) => look <= readers / planned + 1e-9);
  return { readers, planned, needs: due.length > 0 ? neededAt(due, data) : undefined };
}

/** Declared shares of the planned readers at which one looks before the end, rising. */
const looksBefore = ({ settings }: Data): number[] =>
  [...new Set(settings.stop.looks)].filter((look) => look < 1).sort((one, other) => one - other);

/** The p-values that a claim needs at the last of some looks. */
function neededAt(
  looks: readonly number[],
  { settings: { alpha } }: Data,
): NonNullable<InterimAnalysis["needs"]> {
  const name = JSON.stringify([looks, alpha]);
  const known = boundaries.get(name);
  if (known) return known;
  const needed = (sides: 1 | 2) => sequentialLooks(looks, { alpha, sides }).at(-1)!.p;
  const found = { differenceP: needed(2), equivalenceP: needed(1) };
  boundaries.set(name, found);
  return found;
}

/** What was integrated once, for every analysis asks. */
const boundaries = new Map<string, NonNullable<InterimAnalysis["needs"]>>();

/**
 * How many readers end the study: as registered, or as `study.yaml` says now (`analyse.stop.readers`, else
 * `survey.quota`); undefined where neither says.
 */
export const plannedReaders = ({ settings, study }: Data): number | undefined =>
  study?.registration?.frozen.frozen.readers ?? settings.stop.readers;

/**
 * The errors at which these data may claim: alpha where no end or no look was declared, else what alpha spending leaves
 * at the look that they are. At the planned end that is less than alpha, for the looks before it have spent their part.
 */
export function errorsOf(data: Data): { readonly alpha: number; readonly equivalenceAlpha: number } {
  const { alpha } = data.settings;
  const look = lookOf(data);
  const before = looksBefore(data);
  const ended = look === undefined && plannedReaders(data) !== undefined && before.length > 0;
  const needs = ended ? neededAt([...before, 1], data) : look?.needs;
  return { alpha: needs?.differenceP ?? alpha, equivalenceAlpha: needs?.equivalenceP ?? alpha };
}

/** Why no verdict holds yet; undefined where one may be given. */
export function whyWithheld(data: Data): string | undefined {
  const look = lookOf(data);
  if (look === undefined || look.needs) return undefined;
  return `${look.readers} of ${look.planned} planned readers have finished, and no look at the data before the planned end was declared`;
}
