import type { Coded } from "../coding/coded.ts";
import type { Text } from "../coding/texts.ts";
import { measureLabel } from "../measures/measure.ts";
import type { Random } from "../stats/random.ts";
import { type Finding, type Findings, sentence, table } from "../study/finding.ts";
import { shortConditions } from "../study/generation.ts";
import { counted, listed } from "../study/print.ts";
import { DescribedTexts, type FindingInput, numbersOf, spreadOf } from "./described.ts";
import { codes } from "./findings/codes.ts";
import { comparison } from "./findings/comparison.ts";
import { dialogue } from "./findings/dialogue.ts";
import { failures } from "./findings/failures.ts";
import { lengths } from "./findings/lengths.ts";
import { narration } from "./findings/narration.ts";
import { ranges } from "./findings/ranges.ts";
import { setAside } from "./findings/set-aside.ts";
import type { Measurements } from "./measure-texts.ts";

/** The findings about the texts: distributions, and human compared with machine texts. */
export function description(
  texts: readonly Text[],
  measurements: Measurements,
  coded: Coded,
  wordLimit: number,
  random: Random,
): Findings {
  const input = { texts: new DescribedTexts(texts, measurements), coded, wordLimit, random };
  return {
    analysis: "describe",
    question: "What are the stories like, and how do human and machine stories differ?",
    findings: [introduction(input.texts), ...parts.flatMap((part) => part(input)), ...methods(input.texts)],
    numbers: { ...numbers(input.texts), agreements: coded.agreements },
  };
}

const parts: readonly ((input: FindingInput) => Finding[])[] = [
  lengths,
  dialogue,
  narration,
  codes,
  comparison,
  failures,
  ranges,
  setAside,
];

function introduction({ human, machine, setAside }: DescribedTexts): Finding {
  const conditions = [...new Set(machine.map(({ model }) => model))];
  const stories = counted(human.length, "human story", "human stories");
  const texts =
    machine.length === 0
      ? `${stories}; there are no machine texts yet`
      : `${stories} and ${counted(machine.length, "machine text")} by ${listed(conditions.map(shortConditions(conditions)))}, one per title`;
  const others =
    setAside.length === 0
      ? ""
      : ` Of several attempts at a title the chosen one counts, or else the last; readers are shown a part of it. ${counted(setAside.length, "attempt")} set aside and never shown ${setAside.length === 1 ? "is" : "are"} described separately at the end.`;
  const where =
    "corpus/codes.csv has a row with all measures for every text; the tables name the texts of each row.";
  return sentence("result", `The texts are ${texts}.${others} ${where}`);
}

const methods = ({ measures }: DescribedTexts): Finding[] => [
  table("detail", "The measures of the texts, and their columns in corpus/codes.csv", {
    columns: [
      { key: "measure", label: "measure", format: "text" },
      { key: "meaning", label: "definition", format: "text" },
      { key: "unit", label: "unit", format: "text" },
      { key: "name", label: "column", format: "text" },
    ],
    rows: measures.map((measure) => ({
      measure: measureLabel(measure),
      meaning: measure.meaning,
      unit: measure.unit,
      name: measure.name,
    })),
  }),
];

/** Means and standard deviations with full precision, by origin and by model. */
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
