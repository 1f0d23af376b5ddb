import { basename } from "node:path";
import { type Coder, Coding, cuesCoder } from "../study/coding.ts";
import { csv, readTable } from "../tables/tables.ts";
import { StudyError } from "../workbench/errors.ts";
import { checked, filesUnder, writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { Codebook } from "./codebook.ts";
import { type CodedText, codedByCues } from "./cue-words.ts";
import { checkedCoder, type TextSet, textSetOf } from "./text-sets.ts";

/** Codes of kind of love, tone and cultural setting, whoever gave them: a file a coder, all in one form. */
export const codingsFolder = "corpus/codings";
export const cuesFile = `${codingsFolder}/${cuesCoder}.csv`;

/** The coders in order of name. Throws StudyError for a row that is no coding, or a text that one coder coded twice. */
export async function readCoders(study: Study): Promise<Coder[]> {
  const coders: Coder[] = [];
  for (const file of await codingFiles(study)) {
    const where = `${codingsFolder}/${basename(file)}`;
    const rows = await readTable(file);
    const codings = rows.map((row, at) => checked(row, Coding, `${where}, row ${at + 1}`));
    refuseDoubles(codings, where);
    const [first] = codings;
    if (first) coders.push({ name: basename(file, ".csv"), kind: first.kind, codings });
  }
  return coders;
}

const codingFiles = async (study: Study): Promise<string[]> =>
  (await filesUnder(study.path(codingsFolder))).filter((file) => file.endsWith(".csv"));

/**
 * All who code these texts of a lot: people and models with what they coded of them, and the cue words last. Those are
 * asked anew, for their file tells of the texts that the corpus is described by.
 */
export async function codersOf(
  study: Study,
  lot: TextSet,
  texts: readonly CodedText[],
  codebook: Codebook,
): Promise<Coder[]> {
  const ids = new Set(texts.map(({ id }) => id));
  const others = (await readCoders(study)).filter(({ name }) => name !== cuesCoder);
  return [
    ...overBothLots(others, lot).map((coder) => ({
      ...coder,
      codings: coder.codings.filter(({ text }) => ids.has(text)),
    })),
    { name: cuesCoder, kind: "cues", codings: codedByCues(texts, codebook) },
  ];
}

/**
 * Coders by their own names, whose files may be two: a story behind the factorial is a text of the study as well, and
 * whoever coded it twice agrees with nobody but themselves. The code that they gave it in this lot is theirs.
 */
function overBothLots(files: readonly Coder[], lot: TextSet): Coder[] {
  const coders = new Map<string, Coder & { readonly codings: Coding[] }>();
  const isOfLot = ({ name }: Coder) => textSetOf(name).lot === lot;
  for (const { name: file, kind, codings } of [
    ...files.filter(isOfLot),
    ...files.filter((other) => !isOfLot(other)),
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

/** What codes depend on beside the texts, inside the study: what people and models coded, and a codebook of its own. */
export async function codingInputs(study: Study): Promise<string[]> {
  const files = (await codingFiles(study)).map((file) => `${codingsFolder}/${basename(file)}`);
  return [...files.filter((file) => file !== cuesFile), "codebook"];
}

/** The same texts for every coder: in seeded order, people's and machine's by turns for as long as there are both. */
export function drawnTexts<Text extends { readonly origin: "human" | "machine" }>(
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

/** Writes all that a coder coded, in place of what was there. Throws StudyError for a name that is no file's. */
export async function writeCoder(study: Study, { name, codings }: Coder): Promise<void> {
  await writeWhole(study.path(codingsFolder, `${checkedCoder(name)}.csv`), codingsCsv(codings));
}

export const codingsCsv = (codings: readonly Coding[]): string =>
  csv(["text", "variable", "code", "kind"], codings);

function refuseDoubles(codings: readonly Coding[], where: string): void {
  const seen = new Set<string>();
  for (const coding of codings) {
    const key = nameOfCoding(coding);
    if (seen.has(key)) {
      throw new StudyError(`${where}: ${coding.text} has two codes of ${coding.variable}`, {
        hint: "keep one of them",
      });
    }
    seen.add(key);
  }
}
