import type { Random } from "../stats/random.ts";

/** How many have completed a form, and how many hold a place on it that has not expired. */
export interface FormLoad {
  readonly completed: number;
  readonly reserved: number;
}

export type FormAllocation =
  | { readonly form: string }
  /** `full` may open again when a reservation expires; `closed` has all the responses that were asked for. */
  | { readonly refused: "full" | "closed" };

/**
 * The form for the next participant: the one that the fewest have completed or are answering now, by chance among
 * equals. With a quota the study refuses who cannot be needed.
 */
export function allocateForm(
  loads: ReadonlyMap<string, FormLoad>,
  quota: number | undefined,
  random: Random,
): FormAllocation {
  const all = [...loads.values()];
  const sum = (of: (load: FormLoad) => number) => all.reduce((total, load) => total + of(load), 0);
  if (quota !== undefined) {
    if (sum(({ completed }) => completed) >= quota) return { refused: "closed" };
    if (sum(placesTaken) >= quota) return { refused: "full" };
  }
  const least = Math.min(...all.map(placesTaken));
  const leastLoaded = [...loads].filter(([, load]) => placesTaken(load) === least).map(([form]) => form);
  return { form: random.pick(leastLoaded) };
}

const placesTaken = ({ completed, reserved }: FormLoad): number => completed + reserved;
