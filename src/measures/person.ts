import type { QuickMeasure } from "./measure.ts";

/**
 * The grammatical person of the narration, from its pronouns without dialogue. First person if at least one pronoun in ten
 * is `I` or `we`, even if most are about somebody else.
 */
export const person: QuickMeasure = {
  name: "person",
  label: "grammatical person",
  meaning: "grammatical person of the narration, without dialogue",
  unit: "first, second or third",
  format: "text",
  version: 1,
  of({ narration }) {
    const words = narration.flat().map(({ text }) => text.toLowerCase());
    const [first, second, third] = persons.map(
      (pronouns) => words.filter((word) => pronouns.has(word)).length,
    );
    const all = first! + second! + third!;
    if (first! > 0 && first! >= all / 10) return "first";
    if (second! > 0 && second! >= all / 5) return "second";
    return "third";
  },
};

const persons = [
  "i me my mine myself we us our ours ourselves",
  "you your yours yourself yourselves",
  "he him his himself she her hers herself it its itself they them their theirs themselves",
].map((pronouns) => new Set(pronouns.split(" ")));
