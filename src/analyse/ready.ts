import { type Finding, sentence } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import type { Data } from "./data.ts";

/** The state of the study before the first judgment. */
export function noJudgmentsFinding({ forms, study }: Data): Finding {
  const human = forms.reduce((sum, form) => sum + form.stories.human, 0);
  const machine = forms.reduce((sum, form) => sum + form.stories.machine, 0);
  const ready =
    study && forms.length > 0
      ? ` ${counted(forms.length, "form")} with ${counted(human, "human story", "human stories")} and ${counted(machine, "machine story", "machine stories")} ${forms.length === 1 ? "is" : "are"} ready.`
      : "";
  return sentence("result", `Nobody has judged a story yet.${ready}`);
}

/** Unusable rows by reason; nothing if all could be used. */
export const leftOutFindings = ({ leftOut }: Data): Finding[] =>
  Object.entries(leftOut).map(([reason, rows]) =>
    sentence("detail", `${counted(rows, "row")} ${rows === 1 ? "was" : "were"} left out: ${reason}.`),
  );
