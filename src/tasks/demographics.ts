import type { Field } from "../study/settings/survey.ts";
import type { Item } from "./items.ts";
import { defineTask } from "./task.ts";

/** The researcher's questions about the participants themselves: the fields of `survey.demographics`, on one page. */
export const demographics = defineTask({
  name: "demographics",
  kind: "about",
  phrases: {},
  items: (_, fields) => fields.map(itemOf),
});

function itemOf({ name, ask, options, number, required }: Field): Item {
  if (!options) return { kind: "line", name, ask, number, required };
  return {
    kind: "choice",
    name,
    ask,
    options: options.map((option) => [option, option]),
    required,
    small: true,
  };
}
