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
