import { basename } from "node:path";
import type { Origin } from "../stats/judgments.ts";
import { type Coder, Coding, cuesCoder } from "../study/coding.ts";
import { csv, readTable } from "../tables/tables.ts";
import { StudyError } from "../workbench/errors.ts";
import { checked, filesUnder, writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { Codebook } from "./codebook.ts";
import { type CodedText, codedByCues } from "./cue-words.ts";
import { checkedCoder, type TextSet, textSetOf } from "./text-sets.ts";

/** Codes of kind of love, tone and cultural setting: one file per coder, all in one format. */
export const codingsFolder = "corpus/codings";
export const cuesFile = `${codingsFolder}/${cuesCoder}.csv`;

/** The coders in order of name. Throws StudyError for a malformed row, or a text that one coder coded twice. */
export async function readCoders(study: Study): Promise<Coder[]> {
  const coders: Coder[] = [];
  for (const file of await codingFiles(study)) {
    const where = `${codingsFolder}/${basename(file)}`;
    const rows = await readTable(file);
    const codings = rows.map((row, at) => checked(row, Coding, `${where}, row ${at + 1}`));
    assertNoDuplicates(codings, where);
    const [first] = codings;
    if (first) coders.push({ name: basename(file, ".csv"), kind: first.kind, codings });
  }
  return coders;
}

const codingFiles = async (study: Study): Promise<string[]> =>
  (await filesUnder(study.path(codingsFolder))).filter((file) => file.endsWith(".csv"));

/**
 * All coders of these texts: people and models first, then the cue lists. The cue lists code these texts again, because
 * their file is about the texts of the description.
 */
export async function codersOf(
  study: Study,
  textSet: TextSet,
  texts: readonly CodedText[],
  codebook: Codebook,
): Promise<Coder[]> {
  const ids = new Set(texts.map(({ id }) => id));
  const others = (await readCoders(study)).filter(({ name }) => name !== cuesCoder);
  return [
    ...mergedCoders(others, textSet).map((coder) => ({
      ...coder,
      codings: coder.codings.filter(({ text }) => ids.has(text)),
    })),
    { name: cuesCoder, kind: "cues", codings: codedByCues(texts, codebook) },
  ];
}

/**
 * One coder per name. A coder may have two files, since a story in the factorial is also a text of the study; counted
 * twice, the coder would agree with themselves. The code given in this text set counts.
 */
function mergedCoders(files: readonly Coder[], textSet: TextSet): Coder[] {
  const coders = new Map<string, Coder & { readonly codings: Coding[] }>();
  const isOfSet = ({ name }: Coder) => textSetOf(name).textSet === textSet;
  for (const { name: file, kind, codings } of [
    ...files.filter(isOfSet),
    ...files.filter((other) => !isOfSet(other)),
  ]) {
    const { name } = textSetOf(file);
    const coder = coders.get(`${kind} ${name}`) ?? { name, kind, codings: [] };
    const known = new Set(coder.codings.map(nameOfCoding));
    coder.codings.push(...codings.filter((coding) => !known.has(nameOfCoding(coding))));
    coders.set(`${kind} ${name}`, coder);
  }
  return [...coders.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

const nameOfCoding = ({ text, variable }: Coding): string => JSON.stringify([text, variable]);

/** The files that codes depend on, besides the texts: what people and models coded, and the study's own codebook. */
export async function codingInputs(study: Study): Promise<string[]> {
  const files = (await codingFiles(study)).map((file) => `${codingsFolder}/${basename(file)}`);
  return [...files.filter((file) => file !== cuesFile), "codebook"];
}

/** The same texts for every coder, in seeded order; human and machine texts alternate while there are both. */
export function drawnTexts<Text extends { readonly origin: Origin }>(
  study: Study,
  texts: readonly Text[],
  count = texts.length,
): readonly Text[] {
  const shuffled = study.random("code", "texts").shuffle(texts);
  const [human, machine] = (["human", "machine"] as const).map((by) =>
    shuffled.filter(({ origin }) => origin === by),
  );
  const turns = Array.from({ length: texts.length }, (_, at) => [human![at], machine![at]]).flat();
  return turns.filter((text) => text !== undefined).slice(0, count);
}

/** Writes all codes of a coder and replaces earlier ones. Throws StudyError for a name that cannot be a file's. */
export async function writeCoder(study: Study, { name, codings }: Coder): Promise<void> {
  await writeWhole(study.path(codingsFolder, `${checkedCoder(name)}.csv`), codingsCsv(codings));
}

export const codingsCsv = (codings: readonly Coding[]): string =>
  csv(["text", "variable", "code", "kind"], codings);

function assertNoDuplicates(codings: readonly Coding[], where: string): void {
  const seen = new Set<string>();
  for (const coding of codings) {
    const key = nameOfCoding(coding);
    if (seen.has(key)) {
      throw new StudyError(`${where}: ${coding.text} has two codes of ${coding.variable}`, {
        hint: "keep only one",
      });
    }
    seen.add(key);
  }
}
