import { sequentialLooks } from "../stats/sequential.ts";
import type { Data } from "./data.ts";
import { finishedReaders } from "./finished.ts";

/** A look at the data before the planned end. */
export interface Look {
  /** Who finished. */
  readonly readers: number;
  readonly planned: number;
  /** What a claim needs at this look under alpha spending; undefined where the look was not declared. */
  readonly needs: { readonly differenceP: number; readonly equivalenceP: number } | undefined;
}

/** The look that these data are; undefined at the planned end, before any answer, or where no end was planned. */
export function lookOf(data: Data): Look | undefined {
  const { choices, pairs, ratings, settings } = data;
  const planned = plannedReaders(data);
  if (planned === undefined || choices.length + pairs.length + ratings.length === 0) return undefined;
  const readers = finishedReaders(data);
  if (readers >= planned) return undefined;
  const declared = settings.stop.looks.filter((look) => look < 1).sort((one, other) => one - other);
  // The look that is due: the last declared one that has been reached.
  const due = declared.filter((look) => look <= readers / planned + 1e-9);
  const needed = (sides: 1 | 2) => sequentialLooks(due, { alpha: settings.alpha, sides }).at(-1)!.p;
  return {
    readers,
    planned,
    needs: due.length > 0 ? { differenceP: needed(2), equivalenceP: needed(1) } : undefined,
  };
}

/**
 * How many readers end the study: as registered, or as `study.yaml` says now (`analyse.stop.readers`, else
 * `survey.quota`); undefined where neither says.
 */
export const plannedReaders = ({ settings, study }: Data): number | undefined =>
  study?.registration?.frozen.frozen.readers ?? settings.stop.readers;

/**
 * The errors at which these data may claim: alpha at the planned end or where none was planned, what alpha spending
 * leaves at a declared look before it.
 */
export function errorsOf(data: Data): { readonly alpha: number; readonly equivalenceAlpha: number } {
  const { alpha } = data.settings;
  const needs = lookOf(data)?.needs;
  return { alpha: needs?.differenceP ?? alpha, equivalenceAlpha: needs?.equivalenceP ?? alpha };
}

/** Why no verdict holds yet; undefined where one may be given. */
export function whyWithheld(data: Data): string | undefined {
  const look = lookOf(data);
  if (look === undefined || look.needs) return undefined;
  return `${look.readers} of ${look.planned} planned readers have finished, and no look at the data before the planned end was declared`;
}
