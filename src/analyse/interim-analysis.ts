import { sequentialLooks } from "../stats/sequential.ts";
import type { Data } from "./data.ts";
import { finishedReaders } from "./finished.ts";

/** An analysis of the data before the planned end. */
export interface InterimAnalysis {
  /** Number of readers who finished. */
  readonly readers: number;
  readonly planned: number;
  /** The p-values that alpha spending requires here; undefined if the interim analysis was not declared. */
  readonly needs: { readonly differenceP: number; readonly equivalenceP: number } | undefined;
}

/** The interim analysis of these data; undefined at the planned end, before any answer, or without a planned end. */
export function interimAnalysisOf(data: Data): InterimAnalysis | undefined {
  const { choices, pairs, ratings, picks = [], preferences = [] } = data;
  const planned = plannedReaders(data);
  const answers = choices.length + pairs.length + ratings.length + picks.length + preferences.length;
  if (planned === undefined || answers === 0) return undefined;
  const readers = finishedReaders(data);
  if (readers >= planned) return undefined;
  // Alpha is spent at all declared looks reached so far.
  const reached = interimFractions(data).filter((look) => look <= readers / planned + 1e-9);
  return { readers, planned, needs: reached.length > 0 ? requiredPValues(reached, data) : undefined };
}

/** The declared interim analyses as shares of the planned readers, rising. */
const interimFractions = ({ settings }: Data): number[] =>
  [...new Set(settings.stop.looks)].filter((look) => look < 1).sort((one, other) => one - other);

/** The p-values that a claim needs at the last of the looks. */
function requiredPValues(
  looks: readonly number[],
  { settings: { alpha } }: Data,
): NonNullable<InterimAnalysis["needs"]> {
  const cacheKey = JSON.stringify([looks, alpha]);
  const known = boundaries.get(cacheKey);
  if (known) return known;
  const needed = (sides: 1 | 2) => sequentialLooks(looks, { alpha, sides }).at(-1)!.p;
  const found = { differenceP: needed(2), equivalenceP: needed(1) };
  boundaries.set(cacheKey, found);
  return found;
}

/** Cached boundaries: every analysis needs them, and they take numerical integration. */
const boundaries = new Map<string, NonNullable<InterimAnalysis["needs"]>>();

/**
 * The planned number of readers: as registered, else as `study.yaml` says now (`analyse.stop.readers`, else
 * `survey.quota`); undefined if nothing is planned.
 */
export const plannedReaders = ({ settings, study }: Data): number | undefined =>
  study?.registration?.frozen.frozen.readers ?? settings.stop.readers;

/**
 * The alpha levels of the tests: alpha without declared interim analyses, else what alpha spending leaves. At the planned
 * end this is less than alpha if there were interim analyses before.
 */
export function alphaLevelsOf(data: Data): { readonly alpha: number; readonly equivalenceAlpha: number } {
  const { alpha } = data.settings;
  const look = interimAnalysisOf(data);
  const before = interimFractions(data);
  const ended = look === undefined && plannedReaders(data) !== undefined && before.length > 0;
  const needs = ended ? requiredPValues([...before, 1], data) : look?.needs;
  return { alpha: needs?.differenceP ?? alpha, equivalenceAlpha: needs?.equivalenceP ?? alpha };
}

/** Why there is no verdict yet; undefined if there may be one. */
export function whyWithheld(data: Data): string | undefined {
  const look = interimAnalysisOf(data);
  if (look === undefined || look.needs) return undefined;
  return `${look.readers} of ${look.planned} planned readers have finished, and no interim analysis was declared`;
}
