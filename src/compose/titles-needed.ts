import type { ComposeSettings } from "../study/settings/compose.ts";
import { storySharesOf } from "../tasks/task-settings.ts";

/** How many titles the forms need, as `layOut` assigns them. */
export function titlesNeeded(settings: ComposeSettings): number {
  const { forms, pairs: made } = settings;
  const { single, pairs } = storySharesOf(settings);
  // With a single form, a title's other version cannot be used.
  const apart = ({ human, machine }: typeof single) =>
    forms === 1 ? human + machine : forms * Math.max(human, machine);
  return apart(single) + (made === "title" ? forms * pairs : apart({ human: pairs, machine: pairs }));
}
