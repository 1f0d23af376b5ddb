import type { Story } from "../study/story.ts";
import { dialogueWords } from "../text/dialogue.ts";
import { sadness } from "../text/sadness.ts";
import { termsOf } from "../text/words.ts";
import { StudyError } from "../workbench/errors.ts";

/** What a story should have beyond its title, by name of the control. */
export type Control = Readonly<Record<string, string | number>>;

/** Controls in study.yaml: of a list or a range such as `0..4`, each value is used in turn. */
export type ControlSettings = Readonly<Record<string, string | number | readonly (string | number)[]>>;

/**
 * A property that can be requested of a story beyond its title. An instructed model gets an instruction; a base model
 * gets matching examples and headers. With `bestOf`, the closest of several draws is chosen as well.
 */
export interface ControlKind {
  readonly name: string;
  readonly summary: string;
  /** Placeholders of a prompt that express it, besides its own name and `[[controls]]`. */
  readonly placeholders?: (control: Control) => readonly string[];
  /** What is wrong with a value; undefined if it is valid. */
  problemWith(value: string | number): string | undefined;
  /** A sentence for an instructed model. */
  instruction(value: string | number, control: Control): string;
  /** The value of a text, for the header above an example; undefined if it cannot be measured. */
  measure(text: string, context: Context): string | number | undefined;
  /** How far a text is from the requested value, from 0 (as requested) to 1; undefined if it cannot be measured. */
  distance(text: string, value: string | number, context: Context): number | undefined;
}

interface Context {
  readonly control: Control;
  /** The sadness of every training story, ascending: levels are ranks among human stories. */
  readonly sadness: readonly number[];
}

const oneOf = (values: readonly string[]) => (value: string | number) =>
  values.includes(String(value)) ? undefined : `try one of ${values.join(", ")}`;

const wholeUpTo = (most: number) => (value: string | number) =>
  Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) <= most
    ? undefined
    : `a whole number from 0 to ${most}`;

const unmeasured = { measure: () => undefined, distance: () => undefined };

const sadTones = ["bittersweet", "melancholy", "regretful", "grieving"];
const gladTones = ["celebratory", "grateful", "joyful", "content"];

/** A header of sadness expresses sad and glad tones with their strength, and no other tone. */
const sadnessPlaceholder = ({ tone: name }: Control): readonly string[] =>
  [...sadTones, ...gladTones].includes(String(name)) ? ["sadness"] : [];

const strengths = ["with no trace of it", "faintly", "moderately", "strongly", "overwhelmingly"];

const tone: ControlKind = {
  name: "tone",
  summary:
    "celebratory, grateful, joyful, content, retrospective, bittersweet, melancholy, regretful, grieving",
  placeholders: sadnessPlaceholder,
  problemWith: oneOf([...gladTones, "retrospective", ...sadTones]),
  instruction: (value, { strength }) =>
    strength === undefined
      ? `Its tone is ${value}.`
      : Number(strength) === 0
        ? `Its tone is not ${value} at all.`
        : `Its tone is ${value}, ${strengths[Number(strength)]}.`,
  measure: (text, context) =>
    rankOf(sadness(text), context.sadness) >= 0.5 ? String(context.control["tone"]) : undefined,
  distance(text, value, context) {
    const sad = sadTones.includes(String(value));
    if (!sad && !gladTones.includes(String(value))) return undefined;
    const target = Number(context.control["strength"] ?? 3) / 4;
    const rank = rankOf(sadness(text), context.sadness);
    return Math.abs((sad ? rank : 1 - rank) - target);
  },
};

const strength: ControlKind = {
  name: "strength",
  summary: "strength of the tone, from 0 (none) to 4 (overwhelming); 0..4 for all",
  placeholders: sadnessPlaceholder,
  problemWith: wholeUpTo(4),
  instruction: () => "",
  measure: (text, { sadness: levels }) => Math.round(4 * rankOf(sadness(text), levels)),
  distance: () => undefined,
};

const dialogue: ControlKind = {
  name: "dialogue",
  summary: "about how many words are dialogue",
  problemWith: wholeUpTo(100),
  instruction: (value) =>
    Number(value) === 0
      ? "Nobody speaks in it."
      : `About ${value} of its words are spoken, in quotation marks.`,
  measure: dialogueWords,
  distance: (text, value) => Math.min(1, Math.abs(dialogueWords(text) - Number(value)) / 40),
};

const kind: ControlKind = {
  name: "kind",
  summary: "romantic, parent and child, family, friendship, self, place or animal",
  problemWith: oneOf([
    "romantic",
    "parent and child",
    "family",
    "friendship",
    "self",
    "place or animal",
    "other",
  ]),
  instruction: (value) =>
    value === "self"
      ? "It is about love for oneself."
      : value === "place or animal"
        ? "It is about love for a place or an animal."
        : value === "parent and child"
          ? "It is about the love between a parent and a child."
          : `It is about ${value === "friendship" ? "the love between friends" : `${value} love`}.`,
  ...unmeasured,
};

const setting: ControlKind = {
  name: "setting",
  summary: "a country, a people or a place",
  problemWith: (value) => (String(value).trim() === "" ? "name a place" : undefined),
  instruction: (value) => `It is set in ${value}, and told by somebody at home there.`,
  measure: () => undefined,
  distance: (text, value) => (text.toLowerCase().includes(String(value).toLowerCase()) ? 0 : 1),
};

const firstPerson = new Set(["i", "me", "my", "mine", "myself", "we", "us", "our", "ours"]);
const thirdPerson = new Set(["he", "him", "his", "she", "her", "hers", "they", "them", "their"]);

const view: ControlKind = {
  name: "view",
  summary: "first or third person",
  problemWith: oneOf(["first", "third"]),
  instruction: (value) => `It is told in the ${value} person.`,
  measure: (text) => (shareOfFirst(text) >= 0.3 ? "first" : "third"),
  distance: (text, value) => (value === "first" ? 1 - shareOfFirst(text) : shareOfFirst(text)),
};

/** The share of first-person pronouns among those of the first and third person. */
function shareOfFirst(text: string): number {
  const terms = termsOf(text).map((term) => term.replace(/'.*$/, ""));
  const first = terms.filter((term) => firstPerson.has(term)).length;
  const third = terms.filter((term) => thirdPerson.has(term)).length;
  return first + third === 0 ? 0 : first / (first + third);
}

export const controls: readonly ControlKind[] = [tone, strength, dialogue, kind, setting, view];

/**
 * Every combination of the requested values: `0..4` means each whole number from 0 to 4. Throws StudyError for an
 * unknown control or value.
 */
export function controlsOf(requested: ControlSettings): Control[] {
  if (Object.hasOwn(requested, "strength") && !Object.hasOwn(requested, "tone")) {
    throw new StudyError("generate.control: strength without a tone", {
      hint: "set a tone, such as melancholy",
    });
  }
  let variants: Control[] = [{}];
  for (const [name, value] of Object.entries(requested)) {
    const known = controls.find((control) => control.name === name);
    if (!known) {
      throw new StudyError(`generate.control: unknown control ${name}`, {
        hint: `try ${controls.map((control) => control.name).join(", ")}`,
      });
    }
    const values = [value].flat().flatMap(valuesOf);
    if (values.length === 0) {
      throw new StudyError(`generate.control: ${name} ${value} is an empty range`, {
        hint: "write the lower number first, such as 0..4",
      });
    }
    for (const each of values) {
      const wrong = known.problemWith(each);
      if (wrong) throw new StudyError(`generate.control: ${name} ${each}`, { hint: wrong });
    }
    variants = variants.flatMap((variant) => values.map((each) => ({ ...variant, [name]: each })));
  }
  return variants;
}

function valuesOf(value: string | number): (string | number)[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(String(value));
  if (!range) return [/^\d+$/.test(String(value)) ? Number(value) : value];
  const [low, high] = [Number(range[1]), Number(range[2])];
  return Array.from({ length: Math.max(0, Math.min(high, low + 100) - low + 1) }, (_, at) => low + at);
}

/** The controls as sentences for an instructed model. */
export const controlSentences = (control: Control): string =>
  controls
    .flatMap(({ name, instruction }) =>
      Object.hasOwn(control, name) ? [instruction(control[name]!, control)] : [],
    )
    .filter((sentence) => sentence !== "")
    .join(" ");

/** How sad a story should be, from 0 to 4, for a header that works for sad and for glad tones. */
export function sadnessOf({ tone: name, strength: level = 3 }: Control): number {
  return gladTones.includes(String(name)) ? 4 - Number(level) : Number(level);
}

/** The values of an example for each control, for its header. */
export function headersOf(control: Control, stories: readonly Story[]): (story: Story) => Control {
  const context = contextOf(control, stories);
  return ({ text }) => {
    const entries = controls.flatMap(({ name, measure }) => {
      // A tone without a strength has the default strength.
      const applies = Object.hasOwn(control, name) || (name === "strength" && Object.hasOwn(control, "tone"));
      const value = applies ? measure(text, context) : undefined;
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(entries);
  };
}

/** Whether texts can be measured against the controls, or against one of them. */
export const measurable = (control: Control, part?: string): boolean =>
  Object.entries(control).some(([name, value]) => {
    if (part !== undefined && name !== part) return false;
    const context = { control, sadness: [] };
    return controls.find((each) => each.name === name)?.distance("", value, context) !== undefined;
  });

/** How far a text is from the controls: the mean distance over those that can be measured, from 0 to 1. */
export function distanceTo(
  control: Control,
  stories: readonly Story[],
): (text: { readonly text: string }) => number {
  const context = contextOf(control, stories);
  return ({ text }) => {
    const distances = Object.entries(control).flatMap(([name, value]) => {
      const distance = controls.find((each) => each.name === name)?.distance(text, value, context);
      return distance === undefined ? [] : [distance];
    });
    return distances.length === 0 ? 0 : distances.reduce((sum, each) => sum + each, 0) / distances.length;
  };
}

/** The controls that a prompt does not pass to the model, neither by a placeholder nor by matched examples. */
export function missingControls(
  control: Control,
  { body, examples }: { readonly body: string; readonly examples: number },
  choice: string,
): string[] {
  const placeholders = new Set(
    [...body.matchAll(/\[\[([^\]]+)\]\]/g)].map(([, placeholder]) => placeholder!),
  );
  const matches = choice === "matched" && examples > 0;
  return controls.flatMap((kind) => {
    const { name } = kind;
    if (!Object.hasOwn(control, name)) return [];
    const accepted = [name, "controls", "wishes", ...(kind.placeholders?.(control) ?? [])];
    if (accepted.some((each) => placeholders.has(each))) return [];
    // Examples matched to a tone are matched to its strength too.
    const measured = name === "strength" ? "tone" : name;
    return matches && measurable(control, measured) ? [] : [name];
  });
}

const contextOf = (control: Control, stories: readonly Story[]): Context => ({
  control,
  sadness: stories.map(({ text }) => sadness(text)).sort((one, other) => one - other),
});

/** The share of stories below a level; ties count half. */
function rankOf(level: number, levels: readonly number[]): number {
  if (levels.length === 0) return 0.5;
  const below = levels.filter((each) => each < level).length;
  const same = levels.filter((each) => each === level).length;
  return (below + same / 2) / levels.length;
}
