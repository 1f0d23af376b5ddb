import type { Random } from "../stats/random.ts";

/** How many participants have completed a form, and how many have a reservation on it that has not expired. */
export interface FormLoad {
  readonly completed: number;
  readonly reserved: number;
}

export type FormAllocation =
  | { readonly form: string }
  /** `full`: a place may become free when a reservation expires. `closed`: the quota has been reached. */
  | { readonly refused: "full" | "closed" };

/**
 * Chooses the form for the next participant: the one with the fewest completed responses and active reservations, at
 * random if several have the fewest. Refuses the participant if the quota needs no further response.
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
