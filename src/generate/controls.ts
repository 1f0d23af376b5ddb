import type { Story } from "../study/story.ts";
import { dialogueWords } from "../text/dialogue.ts";
import { sadness } from "../text/sad-and-glad.ts";
import { termsOf } from "../text/words.ts";
import { StudyError } from "../workbench/errors.ts";

/** What is asked for beyond the title, by the name of the control. */
export type Control = Readonly<Record<string, string | number>>;

/** What study.yaml asks for: a list, and a range such as `0..4`, is each of its values in turn. */
export type Asked = Readonly<Record<string, string | number | readonly (string | number)[]>>;

/**
 * What may be asked of a story beyond its title. An instructed model is told in words; a base model is led by
 * examples that are near to what is wanted and by headers. Choosing among several draws comes on top (`bestOf`).
 */
export interface ControlKind {
  readonly name: string;
  readonly summary: string;
  /** Which brackets of a prompt tell a model about it, besides its own name and `[[wishes]]`. */
  readonly places?: (control: Control) => readonly string[];
  /** What is wrong with a value; undefined when it will do. */
  refuses(value: string | number): string | undefined;
  /** A sentence to an instructed model. */
  instruction(value: string | number, control: Control): string;
  /** What a text has of it, for the header above an example; undefined where that cannot be told from the text. */
  measure(text: string, context: Context): string | number | undefined;
  /** How far a text is from what is wanted: 0 as wanted, 1 as far as can be; undefined where it cannot be told. */
  distance(text: string, value: string | number, context: Context): number | undefined;
}

interface Context {
  readonly control: Control;
  /** The sadness of every training story, ascending: levels are places among people's stories. */
  readonly sadness: readonly number[];
}

const oneOf = (values: readonly string[]) => (value: string | number) =>
  values.includes(String(value)) ? undefined : `try one of ${values.join(", ")}`;

const wholeUpTo = (most: number) => (value: string | number) =>
  Number.isInteger(Number(value)) && Number(value) >= 0 && Number(value) <= most
    ? undefined
    : `a whole number from 0 to ${most}`;

const untellable = { measure: () => undefined, distance: () => undefined };

const sadTones = ["bittersweet", "melancholy", "regretful", "grieving"];
const gladTones = ["celebratory", "grateful", "joyful", "content"];

/** A header of sadness tells a tone that is sad or glad, with its strength; it tells no other. */
const sadnessHole = ({ tone: name }: Control): readonly string[] =>
  [...sadTones, ...gladTones].includes(String(name)) ? ["sadness"] : [];

const strengths = ["with no trace of it", "faintly", "moderately", "strongly", "overwhelmingly"];

const tone: ControlKind = {
  name: "tone",
  summary:
    "celebratory, grateful, joyful, content, retrospective, bittersweet, melancholy, regretful, grieving",
  places: sadnessHole,
  refuses: oneOf([...gladTones, "retrospective", ...sadTones]),
  instruction: (value, { strength }) =>
    strength === undefined
      ? `Its tone is ${value}.`
      : Number(strength) === 0
        ? `Its tone is not ${value} at all.`
        : `Its tone is ${value}, ${strengths[Number(strength)]}.`,
  measure: (text, context) =>
    placeOf(sadness(text), context.sadness) >= 0.5 ? String(context.control["tone"]) : undefined,
  distance(text, value, context) {
    const sad = sadTones.includes(String(value));
    if (!sad && !gladTones.includes(String(value))) return undefined;
    const wanted = Number(context.control["strength"] ?? 3) / 4;
    const place = placeOf(sadness(text), context.sadness);
    return Math.abs((sad ? place : 1 - place) - wanted);
  },
};

const strength: ControlKind = {
  name: "strength",
  summary: "of the tone: 0 none, 4 overwhelming; 0..4 for all of them",
  places: sadnessHole,
  refuses: wholeUpTo(4),
  instruction: () => "",
  measure: (text, { sadness: levels }) => Math.round(4 * placeOf(sadness(text), levels)),
  distance: () => undefined,
};

const dialogue: ControlKind = {
  name: "dialogue",
  summary: "about how many words are spoken",
  refuses: wholeUpTo(100),
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
  refuses: oneOf([
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
  ...untellable,
};

const setting: ControlKind = {
  name: "setting",
  summary: "a country, a people or a place",
  refuses: (value) => (String(value).trim() === "" ? "name a place" : undefined),
  instruction: (value) => `It is set in ${value}, and told by somebody at home there.`,
  measure: () => undefined,
  distance: (text, value) => (text.toLowerCase().includes(String(value).toLowerCase()) ? 0 : 1),
};

const firstPerson = new Set(["i", "me", "my", "mine", "myself", "we", "us", "our", "ours"]);
const thirdPerson = new Set(["he", "him", "his", "she", "her", "hers", "they", "them", "their"]);

const view: ControlKind = {
  name: "view",
  summary: "first or third person",
  refuses: oneOf(["first", "third"]),
  instruction: (value) => `It is told in the ${value} person.`,
  measure: (text) => (shareOfFirst(text) >= 0.3 ? "first" : "third"),
  distance: (text, value) => (value === "first" ? 1 - shareOfFirst(text) : shareOfFirst(text)),
};

/** Of its pronouns of the first and third person, the share of the first. */
function shareOfFirst(text: string): number {
  const terms = termsOf(text).map((term) => term.replace(/'.*$/, ""));
  const first = terms.filter((term) => firstPerson.has(term)).length;
  const third = terms.filter((term) => thirdPerson.has(term)).length;
  return first + third === 0 ? 0 : first / (first + third);
}

export const controls: readonly ControlKind[] = [tone, strength, dialogue, kind, setting, view];

/**
 * Every combination of what is asked for: a value such as `0..4` stands for each whole number from 0 to 4. Throws
 * StudyError for a control or a value that there is not.
 */
export function controlsOf(asked: Asked): Control[] {
  if (Object.hasOwn(asked, "strength") && !Object.hasOwn(asked, "tone")) {
    throw new StudyError("generate.control: a strength of no tone", {
      hint: "set a tone, such as melancholy",
    });
  }
  let variants: Control[] = [{}];
  for (const [name, value] of Object.entries(asked)) {
    const known = controls.find((control) => control.name === name);
    if (!known) {
      throw new StudyError(`generate.control: unknown control ${name}`, {
        hint: `try ${controls.map((control) => control.name).join(", ")}`,
      });
    }
    const values = [value].flat().flatMap(valuesOf);
    if (values.length === 0) {
      throw new StudyError(`generate.control: ${name} ${value} holds no number`, {
        hint: "write the lower number first, such as 0..4",
      });
    }
    for (const each of values) {
      const wrong = known.refuses(each);
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

/** What is asked for, in sentences for an instructed model. */
export const wishesOf = (control: Control): string =>
  controls
    .flatMap(({ name, instruction }) =>
      Object.hasOwn(control, name) ? [instruction(control[name]!, control)] : [],
    )
    .filter((sentence) => sentence !== "")
    .join(" ");

/** How sad a story is to be, 0 to 4, for a header that tells it of sad and of glad tones alike. */
export function sadnessOf({ tone: name, strength: level = 3 }: Control): number {
  return gladTones.includes(String(name)) ? 4 - Number(level) : Number(level);
}

/** What an example has of each control, for its header. */
export function headersOf(control: Control, stories: readonly Story[]): (story: Story) => Control {
  const context = contextOf(control, stories);
  return ({ text }) => {
    const entries = controls.flatMap(({ name, measure }) => {
      // A tone without a strength has one all the same: the usual.
      const asked = Object.hasOwn(control, name) || (name === "strength" && Object.hasOwn(control, "tone"));
      const value = asked ? measure(text, context) : undefined;
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(entries);
  };
}

/** Whether a text can be measured against what is asked for, or against one part of it. */
export const measurable = (control: Control, part?: string): boolean =>
  Object.entries(control).some(([name, value]) => {
    if (part !== undefined && name !== part) return false;
    const context = { control, sadness: [] };
    return controls.find((each) => each.name === name)?.distance("", value, context) !== undefined;
  });

/** How far a text is from all that is asked for: the mean over what can be told from the text, 0 to 1. */
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

/**
 * Which of what is asked for a prompt does not tell the model: neither in its own words nor by examples that are
 * matched to it.
 */
export function missingControls(
  control: Control,
  { body, examples }: { readonly body: string; readonly examples: number },
  choice: string,
): string[] {
  const told = new Set([...body.matchAll(/\[\[([^\]]+)\]\]/g)].map(([, hole]) => hole!));
  const matches = choice === "matched" && examples > 0;
  return controls.flatMap((kind) => {
    const { name } = kind;
    if (!Object.hasOwn(control, name)) return [];
    const places = [name, "wishes", ...(kind.places?.(control) ?? [])];
    if (places.some((place) => told.has(place))) return [];
    // Examples that are matched to a tone are matched to its strength.
    const measured = name === "strength" ? "tone" : name;
    return matches && measurable(control, measured) ? [] : [name];
  });
}

const contextOf = (control: Control, stories: readonly Story[]): Context => ({
  control,
  sadness: stories.map(({ text }) => sadness(text)).sort((one, other) => one - other),
});

/** The share of the stories that are below a level, those at it counted half. */
function placeOf(level: number, levels: readonly number[]): number {
  if (levels.length === 0) return 0.5;
  const below = levels.filter((each) => each < level).length;
  const same = levels.filter((each) => each === level).length;
  return (below + same / 2) / levels.length;
}
