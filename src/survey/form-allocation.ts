import type { Random } from "../stats/random.ts";
import { groupedBy } from "../study/groups.ts";

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
 * Chooses the form for the next participant: of the group of forms (a condition) with the fewest completed responses and
 * active reservations, the form with the fewest, at random if several have the fewest. Refuses the participant if the quota
 * needs no further response.
 */
export function allocateForm(
  loads: ReadonlyMap<string, FormLoad>,
  quota: number | undefined,
  random: Random,
  groupOf: (form: string) => string | undefined = () => undefined,
): FormAllocation {
  const all = [...loads.values()];
  const sum = (of: (load: FormLoad) => number) => all.reduce((total, load) => total + of(load), 0);
  if (quota !== undefined) {
    if (sum(({ completed }) => completed) >= quota) return { refused: "closed" };
    if (sum(placesTaken) >= quota) return { refused: "full" };
  }
  const groups = [...groupedBy(loads, ([form]) => groupOf(form)).values()];
  const group = random.pick(
    withFewest(groups, (forms) => forms.reduce((total, [, load]) => total + placesTaken(load), 0)),
  );
  const [form] = random.pick(withFewest(group, ([, load]) => placesTaken(load)));
  return { form };
}

function withFewest<One>(all: readonly One[], countOf: (one: One) => number): One[] {
  const fewest = Math.min(...all.map(countOf));
  return all.filter((one) => countOf(one) === fewest);
}

const placesTaken = ({ completed, reserved }: FormLoad): number => completed + reserved;
