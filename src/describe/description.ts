import type { Coded } from "../coding/coded.ts";
import type { Text } from "../coding/texts.ts";
import type { Random } from "../stats/random.ts";
import { type Finding, type Findings, sentence } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import { DescribedTexts, type DescriptionInput, numbersOf, spreadOf } from "./described.ts";
import { codes } from "./findings/codes.ts";
import { beside } from "./findings/comparison.ts";
import { dialogue } from "./findings/dialogue.ts";
import { failures } from "./findings/failures.ts";
import { lengths } from "./findings/lengths.ts";
import { narration } from "./findings/narration.ts";
import { ranges } from "./findings/ranges.ts";
import { setAside } from "./findings/set-aside.ts";
import type { Taken } from "./take.ts";

/** What the corpus is made of: distributions against the rules, human beside machine. */
export function description(
  texts: readonly Text[],
  taken: Taken,
  coded: Coded,
  rule: number,
  random: Random,
): Findings {
  const seen = { texts: new DescribedTexts(texts, taken), coded, rule, random };
  return {
    analysis: "describe",
    asks: "What are the stories made of, and how do the machine’s differ?",
    findings: [opening(seen.texts), ...parts.flatMap((part) => part(seen)), ...methods(seen.texts)],
    numbers: { ...numbers(seen.texts), agreements: coded.agreements },
  };
}

const parts: readonly ((seen: DescriptionInput) => Finding[])[] = [
  lengths,
  dialogue,
  narration,
  codes,
  beside,
  failures,
  ranges,
  setAside,
];

function opening({ human, machine, setAside }: DescribedTexts): Finding {
  const models = new Set(machine.map(({ model }) => model));
  const stories = counted(human.length, "story of a person", "stories of people");
  const texts =
    machine.length === 0
      ? `${stories}; no model has written yet`
      : `${stories} and ${counted(machine.length, "text")} that ${counted(models.size, "model")} wrote, one at each title`;
  const others =
    setAside.length === 0
      ? ""
      : ` Of several attempts at a title the chosen one counts, or else the last, and what readers are shown is cut from it; ${counted(setAside.length, "attempt")} that ${setAside.length === 1 ? "was" : "were"} set aside, which nobody reads, ${setAside.length === 1 ? "stands" : "stand"} apart at the end.`;
  const where =
    "Every text with all its measures is a row of corpus/codes.csv; tables name the texts behind each row.";
  return sentence("result", `Described are ${texts}.${others} ${where}`);
}

const methods = ({ measures }: DescribedTexts): Finding[] => [
  sentence(
    "method",
    `Measures of the texts: ${measures.map(({ name, means, unit }) => `${name}: ${means} (${unit})`).join("; ")}.`,
  ),
];

/** Every spread with full precision, by origin and by model. */
function numbers({ measures, human, machine, setAside }: DescribedTexts): Record<string, unknown> {
  const models = [...new Set(machine.map(({ model }) => model))];
  const spreads = (texts: DescribedTexts["all"]) =>
    Object.fromEntries(
      measures.flatMap(({ name }) => {
        const found = numbersOf(texts, name);
        return found.length > 0 ? [[name, spreadOf(found)]] : [];
      }),
    );
  return {
    texts: { human: human.length, machine: machine.length, setAside: setAside.length },
    human: spreads(human),
    machine: spreads(machine),
    setAside: spreads(setAside),
    models: Object.fromEntries(
      models.map((address) => [address, spreads(machine.filter(({ model }) => model === address))]),
    ),
  };
}
