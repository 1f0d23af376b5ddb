import type { ComposeSettings } from "../study/settings/compose.ts";
import { sharesOf } from "../tasks/asked.ts";

/** How many titles the forms need, as `layOut` assigns them. */
export function titlesNeeded(settings: ComposeSettings): number {
  const { forms, pairs: made } = settings;
  const { alone, pairs } = sharesOf(settings);
  // With a single form, a title's other version cannot be used.
  const apart = ({ human, machine }: typeof alone) =>
    forms === 1 ? human + machine : forms * Math.max(human, machine);
  return apart(alone) + (made === "title" ? forms * pairs : apart({ human: pairs, machine: pairs }));
}
