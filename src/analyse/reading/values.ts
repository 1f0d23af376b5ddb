import { StudyError } from "../../workbench/errors.ts";
import type { Origin } from "../data.ts";

/** The meaning of a value: an origin, a side of a pair, or no answer. */
export type Meaning = Origin | "left" | "right" | "missing";

const meanings: readonly Meaning[] = ["human", "machine", "left", "right", "missing"];

/** Meanings of values, for one of our columns (`origin`) or for all (the empty name). */
export type Values = ReadonlyMap<string, ReadonlyMap<string, Meaning>>;

/** Parses `--values human=0 machine=1 origin.human=2`; a meaning may have several values. */
export function valuesOf(pairs: readonly string[]): Values {
  const values = new Map<string, Map<string, Meaning>>();
  for (const pair of pairs) {
    const [, column = "", meaning, value] = /^(?:(\w+)\.)?(\w+)=(.*)$/s.exec(pair) ?? [];
    if (value === undefined || !(meanings as string[]).includes(meaning!)) {
      throw new StudyError(`--values ${pair}: not understood`, {
        hint: `write MEANING=VALUE, as in human=0 machine=1, or origin.human=0 for one column; meanings are ${meanings.join(", ")}`,
      });
    }
    const known = values.get(column) ?? new Map<string, Meaning>();
    values.set(column, known.set(plainValue(value), meaning as Meaning));
  }
  return values;
}

const plainValue = (value: string): string => value.trim().toLowerCase();

const missingWords = new Set([
  "",
  "na",
  "n/a",
  "nan",
  "null",
  "none",
  "nil",
  "#n/a",
  "<na>",
  ".",
  "-",
  "--",
  "undefined",
]);

/** Whether a cell is missing: empty, `NA`, or a value given as `--values missing=`. */
export function isMissing(cell: string, column: string, values: Values): boolean {
  const plain = plainValue(cell);
  const given = values.get(column)?.get(plain) ?? values.get("")?.get(plain);
  return given === undefined ? missingWords.has(plain) : given === "missing";
}

const humanWords = new Set(
  "h,human,humans,human being,person,people,real,real person,real human,man,human author,author,writer,mensch,menschen".split(
    ",",
  ),
);
const machineWords = new Set(
  "m,machine,ai,a.i.,a i,model,llm,lm,language model,large language model,generated,fake,synthetic,artificial,artificial intelligence,bot,chatbot,robot,computer,computer program,algorithm,program,software,maschine,ki,künstliche intelligenz".split(
    ",",
  ),
);
const modelNames =
  /^(?:chat ?gpt|gpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|phi \d|bard|copilot|grok|palm|bloom|text davinci|davinci|o[134](?: |$)|command r|falcon|vicuna|alpaca|pythia|olmo|t5|bert)/;

const undecided =
  /^(?:(?:i am |i'm )?(?:not sure|unsure|undecided|uncertain)|(?:i )?(?:don'?t|do not) know|(?:i )?(?:can'?t|cannot) (?:tell|say|decide)|neither|both|skip(?:ped)?|no answer|prefer not to (?:say|answer)|other|weiß nicht|unsicher)\W*$/;

/** Whether an answer means that the reader did not decide. */
export const isUndecided = (text: string): boolean => undecided.test(plainValue(text));

/** A value without common additions: `Definitely AI-generated` is `ai`. */
function withoutAdditions(text: string): string {
  let plain = plainValue(text)
    .replace(/[-_]+/g, " ")
    .replace(/^[("'“‘]+|[)"'”’.!]+$/g, "")
    .trim();
  for (let before = ""; before !== plain; ) {
    before = plain;
    plain = plain
      .replace(
        /^(?:definitely|probably|certainly|almost certainly|surely|mostly|most likely|more likely|very likely|likely|somewhat|slightly|possibly|clearly|i think|i believe|it (?:was|is)|this (?:was|is)|was|is|by|from|an?|the|ein|eine|einem|einer)\s+/,
        "",
      )
      .replace(
        /^(?:written|generated|made|created|produced|authored|composed|geschrieben)\s+(?:by|von)\s+/,
        "",
      )
      .replace(/\s+(?:written|generated|made|created|produced|authored|composed|text|story)$/, "");
  }
  return plain;
}

/** The meaning of yes in a yes/no column, from the column's name: `is_human`. */
function yesMeaning(theirs: string): Origin | undefined {
  if (/^(?:is|judged) human$|^human written$/.test(theirs)) return "human";
  return /^(?:is (?:ai|machine|generated)|judged (?:ai|machine)|(?:ai|machine) generated)$/.test(theirs)
    ? "machine"
    : undefined;
}

/**
 * The origin that a value means; undefined if it is not understood. `theirs` is the plain name of the table's column.
 */
export function originOf(text: string, column: string, theirs: string, values: Values): Origin | undefined {
  const plain = plainValue(text);
  const given = values.get(column)?.get(plain) ?? values.get("")?.get(plain);
  if (given === "human" || given === "machine") return given;
  const yes = yesMeaning(theirs);
  if (yes !== undefined) {
    if (/^(?:1|1\.0|true|yes|y|t)$/.test(plain)) return yes;
    if (/^(?:0|0\.0|false|no|n|f)$/.test(plain)) return yes === "human" ? "machine" : "human";
  }
  const bare = withoutAdditions(text);
  if (humanWords.has(plain) || humanWords.has(bare)) return "human";
  if (machineWords.has(plain) || machineWords.has(bare) || modelNames.test(bare)) return "machine";
  return undefined;
}

/** Whether a value names a model, which means machine. */
export const namesAModel = (text: string): boolean => modelNames.test(withoutAdditions(text));

/** The side that a value means. */
export function sideOf(text: string, column: string, values: Values): "left" | "right" | undefined {
  const plain = plainValue(text);
  const given = values.get(column)?.get(plain) ?? values.get("")?.get(plain);
  if (given === "left" || given === "right") return given;
  const bare = withoutAdditions(text).replace(/^(?:text|story|option|side) /, "");
  if (/^(?:l|left|a|first|links)$/.test(bare)) return "left";
  return /^(?:r|right|b|second|rechts)$/.test(bare) ? "right" : undefined;
}

/** Whether an answer was right, in a table with correctness instead of answers. */
export function correctnessOf(text: string): boolean | undefined {
  const plain = plainValue(text);
  if (/^(?:1|1\.0|true|yes|y|t|correct|right|hit)$/.test(plain)) return true;
  return /^(?:0|0\.0|false|no|n|f|incorrect|wrong|miss)$/.test(plain) ? false : undefined;
}

/** A number in a table; a decimal comma is accepted. */
export function numberIn(text: string): number | undefined {
  const plain = text.trim();
  if (plain === "") return undefined;
  const value = Number(/^[+-]?\d+,\d+$/.test(plain) ? plain.replace(",", ".") : plain);
  return Number.isFinite(value) ? value : undefined;
}

/** The accepted values of an origin, for a message. */
export function originsAccepted(text: string): string {
  if (/^\d+(?:\.0)?$/.test(text.trim()))
    return `say which number is human: --values human=${text.trim()} machine=OTHER, or vice versa`;
  return "human is also read as h, person, people, real; machine as m, AI, model, generated, fake, or a model's name; define others with --values human=VALUE machine=VALUE";
}

export const sidesAccepted =
  "left is also read as l, a, first; right as r, b, second; define others with --values left=VALUE right=VALUE";
