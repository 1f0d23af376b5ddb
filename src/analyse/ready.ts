import { type Finding, sentence } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import type { Data } from "./data.ts";

/** What there is to say before anybody has answered. */
export function saysWhatIsReady({ forms, study }: Data): Finding {
  const human = forms.reduce((sum, form) => sum + form.stories.human, 0);
  const machine = forms.reduce((sum, form) => sum + form.stories.machine, 0);
  const ready =
    study && forms.length > 0
      ? ` Ready to be read are ${counted(forms.length, "form")} with ${counted(human, "human story", "human stories")} and ${counted(machine, "machine story", "machine stories")}.`
      : "";
  return sentence("result", `Nobody has judged a story yet.${ready}`);
}

/** Rows that could not be used, by reason; nothing where all could. */
export const saysWhatIsLeftOut = ({ leftOut }: Data): Finding[] =>
  Object.entries(leftOut).map(([reason, rows]) =>
    sentence("detail", `${counted(rows, "row")} ${rows === 1 ? "was" : "were"} left out: ${reason}.`),
  );
