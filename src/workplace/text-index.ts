import { open, readFile, stat } from "node:fs/promises";
import { conditionName, Generation, isPreferred, modelName, shortConditions } from "../study/generation.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { readTable } from "../tables/tables.ts";
import { countWords } from "../text/words.ts";
import {
  codesFile,
  generationsFolder,
  keyFile,
  readKey,
  readStimuli,
  readStories,
  stimuliFile,
  storiesFile,
} from "../workbench/artefacts.ts";
import { exists, filesUnder, parseJson } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/** The condition of a person's story in the matrix. */
export const human = "human";

/** What the list of stories knows about a text; everything else of a generation is read when it is shown. */
export interface IndexedText {
  readonly id: string;
  /** `human`, or the condition's short name. */
  readonly condition: string;
  readonly model: string;
  readonly prompt: string;
  readonly outcome: string;
  /** Why it was or should be drawn again; empty for none. */
  readonly fault: string;
  /** The tone that was asked for, else the one that was coded; empty for none. */
  readonly tone: string;
  readonly words: number;
  readonly text: string;
  /** The text in lower case, for the search. */
  readonly lower: string;
  readonly attempt: number;
  /** The first example that the model was shown. */
  readonly example: string;
  /** Where its line is in a file of generations. */
  readonly line?: { readonly file: string; readonly start: number; readonly end: number };
}

/** The versions of a title: the person's story, then the attempts of each condition, the one that counts first. */
export interface IndexedTitle {
  readonly story: string;
  readonly title: string;
  readonly split: string;
  readonly texts: readonly IndexedText[];
}

export interface TextIndex {
  readonly titles: readonly IndexedTitle[];
  /** The conditions in the order of the files. */
  readonly conditions: readonly string[];
  /** What readers see, by the id of the story or generation it was made from. */
  readonly stimuli: ReadonlyMap<string, Stimulus>;
  readonly authors: ReadonlyMap<string, string>;
}

/** Keeps the index of a study's texts until one of its files changes. */
export class TextIndexes {
  #key = "";
  #index: Promise<TextIndex> | undefined;

  async of(study: Study): Promise<TextIndex> {
    const key = await stateOf(study);
    if (key !== this.#key || !this.#index) {
      this.#key = key;
      this.#index = indexOf(study);
      this.#index.catch(() => {
        this.#index = undefined;
      });
    }
    return this.#index;
  }
}

/** Changes whenever a file changes that the index is made from. */
async function stateOf(study: Study): Promise<string> {
  const files = [
    ...[storiesFile, stimuliFile, keyFile, codesFile].map((file) => study.path(file)),
    ...(await filesUnder(study.path(generationsFolder))),
  ];
  const states = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return `${file} ${found?.mtimeMs} ${found?.size}`;
    }),
  );
  return [study.folder, ...states].join("\n");
}

async function indexOf(study: Study): Promise<TextIndex> {
  const stories = (await exists(study.path(storiesFile))) ? await readStories(study) : [];
  const tones = await codedTones(study);
  const generations = await indexedGenerations(study, tones);
  const conditions = [...new Set(generations.map(({ condition }) => condition))];
  const short = shortConditions(conditions);
  const byStory = new Map<string, (IndexedText & Order)[]>();
  for (const generation of generations) {
    const own = byStory.get(generation.story);
    const text = { ...generation, condition: short(generation.condition) };
    if (own) own.push(text);
    else byStory.set(generation.story, [text]);
  }
  const names = conditions.map(short);
  const titles = stories.map(({ id, title, text, words, split }): IndexedTitle => {
    const machine = (byStory.get(id) ?? []).sort(
      (one, other) => names.indexOf(one.condition) - names.indexOf(other.condition) || inOrder(one, other),
    );
    return {
      story: id,
      title,
      split,
      texts: [
        {
          ...{ id, condition: human, model: human, prompt: "", outcome: "text", fault: "", attempt: 1 },
          ...{ tone: tones.get(id) ?? "", words, text, lower: text.toLowerCase(), example: "" },
        },
        ...machine,
      ],
    };
  });
  return {
    titles,
    conditions: names,
    stimuli: await stimuliBySource(study),
    authors: new Map(
      stories.map(({ id, origin }) => [id, origin.by === "human" ? origin.author || "unknown author" : ""]),
    ),
  };
}

type Order = { readonly story: string; readonly chosen: boolean | undefined };

const inOrder = (one: IndexedText & Order, other: IndexedText & Order): number =>
  isPreferred(one, other) ? -1 : 1;

/** Every attempt, read line by line: a study's generations are many times as large as their texts. */
async function indexedGenerations(
  study: Study,
  tones: ReadonlyMap<string, string>,
): Promise<(IndexedText & Order)[]> {
  const found: (IndexedText & Order)[] = [];
  const files = (await filesUnder(study.path(generationsFolder))).filter((file) => file.endsWith(".jsonl"));
  for (const file of files) {
    const content = await readFile(file);
    for (let start = 0, number = 1; start < content.length; number++) {
      const newline = content.indexOf(10, start);
      const end = newline < 0 ? content.length : newline;
      if (end > start) {
        const line = content.toString("utf8", start, end);
        const generation = parseJson(line, Generation, `${file}, line ${number}`);
        found.push({ ...summaryOf(generation, tones), line: { file, start, end } });
      }
      start = end + 1;
      // Other requests are answered meanwhile.
      if (number % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return found;
}

function summaryOf(generation: Generation, tones: ReadonlyMap<string, string>): IndexedText & Order {
  const { id, story, outcome, reason, control, attempt, chosen, examples } = generation;
  // A copy: a part of a parsed string would keep the whole line in memory.
  const text = Buffer.from(generation.text).toString();
  return {
    ...{ id, story, outcome, attempt, chosen, text },
    condition: conditionName(generation),
    model: modelName(generation),
    prompt: generation.prompt.template,
    fault: reason ?? "",
    tone: String(control?.["tone"] ?? tones.get(id) ?? ""),
    words: countWords(text),
    lower: text.toLowerCase(),
    example: examples[0] ?? "",
  };
}

async function codedTones(study: Study): Promise<ReadonlyMap<string, string>> {
  if (!(await exists(study.path(codesFile)))) return new Map();
  const rows = await readTable(study.path(codesFile));
  return new Map(rows.flatMap(({ id, tone }) => (id && tone ? [[id, tone] as const] : [])));
}

async function stimuliBySource(study: Study): Promise<ReadonlyMap<string, Stimulus>> {
  if (!(await exists(study.path(stimuliFile))) || !(await exists(study.path(keyFile)))) return new Map();
  const stimuli = new Map((await readStimuli(study)).map((stimulus) => [stimulus.id, stimulus]));
  return new Map(
    [...(await readKey(study))].flatMap(([id, { story, generation }]) => {
      const stimulus = stimuli.get(id);
      return stimulus ? [[generation || story, stimulus] as const] : [];
    }),
  );
}

/** The whole record of a generation. */
export async function readGeneration({ line }: IndexedText): Promise<Generation | undefined> {
  if (!line) return undefined;
  const file = await open(line.file);
  try {
    const bytes = Buffer.alloc(line.end - line.start);
    await file.read(bytes, 0, bytes.length, line.start);
    return parseJson(bytes.toString("utf8"), Generation, line.file);
  } finally {
    await file.close();
  }
}

/** What the list of stories is filtered by; an empty value means any. */
export interface TextFilter {
  readonly search: string;
  /** `test` for titles of the survey, `all` for every story, or a part of the split. Default: titles with machine texts. */
  readonly split: string;
  readonly model: string;
  readonly prompt: string;
  readonly outcome: string;
  readonly fault: string;
  readonly tone: string;
  readonly least: number;
  readonly most: number;
}

/** Whether one version of a title fits the filter. */
export function fits(
  { text, lower, ...own }: IndexedText,
  { search, model, prompt, outcome, fault, tone, least, most }: TextFilter,
): boolean {
  return (
    (search === "" || lower.includes(search)) &&
    (model === "" || own.model === model) &&
    (prompt === "" || own.prompt === prompt) &&
    (outcome === "" || own.outcome === outcome) &&
    (fault === "" ||
      (fault === "any"
        ? own.fault !== ""
        : fault === "none"
          ? own.fault === ""
          : kindOfFault(own.fault) === fault)) &&
    (tone === "" || own.tone === tone) &&
    own.words >= least &&
    own.words <= most
  );
}

/** A fault without its numbers and quotations, so that equal kinds have equal names. */
export const kindOfFault = (fault: string): string =>
  fault
    .replace(/[“"].*[”"]/, "…")
    .replace(/:.*$/, "")
    .replace(/\d+/g, "N")
    .trim();

/** The titles with a version that fits, and which versions do. */
export function filtered(
  { titles }: TextIndex,
  filter: TextFilter,
): { readonly title: IndexedTitle; readonly fitting: ReadonlySet<IndexedText> }[] {
  const anyMachine = titles.some(({ texts }) => texts.length > 1);
  const inSplit = ({ split, texts }: IndexedTitle): boolean =>
    filter.split === "all" ||
    (filter.split === "" ? !anyMachine || texts.length > 1 : split === filter.split);
  return titles.flatMap((title) => {
    if (!inSplit(title)) return [];
    const inTitle = filter.search !== "" && title.title.toLowerCase().includes(filter.search);
    const fitting = title.texts.filter((text) => fits(text, inTitle ? { ...filter, search: "" } : filter));
    return fitting.length > 0 ? [{ title, fitting: new Set(fitting) }] : [];
  });
}
