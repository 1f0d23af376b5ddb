import type { Random } from "../stats/random.ts";

/** How many have completed a form, and how many hold a place on it that has not expired. */
export interface Load {
  readonly completed: number;
  readonly reserved: number;
}

export type Allocation =
  | { readonly form: string }
  /** `full` may open again when a reservation expires; `closed` has all the responses that were asked for. */
  | { readonly refused: "full" | "closed" };

/**
 * The form for the next participant: the one that the fewest have completed or are answering now, by chance among
 * equals. With a quota the study refuses who cannot be needed.
 */
export function allocate(
  loads: ReadonlyMap<string, Load>,
  quota: number | undefined,
  random: Random,
): Allocation {
  const all = [...loads.values()];
  const sum = (of: (load: Load) => number) => all.reduce((total, load) => total + of(load), 0);
  if (quota !== undefined) {
    if (sum(({ completed }) => completed) >= quota) return { refused: "closed" };
    if (sum(heavy) >= quota) return { refused: "full" };
  }
  const least = Math.min(...all.map(heavy));
  const lightest = [...loads].filter(([, load]) => heavy(load) === least).map(([form]) => form);
  return { form: random.pick(lightest) };
}

const heavy = ({ completed, reserved }: Load): number => completed + reserved;
