import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { counted } from "../study/print.ts";
import { randomId } from "../survey/ids.ts";
import { sha256 } from "../text/hash.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { fileLock } from "../workbench/file-lock.ts";
import { exists, filesUnder, jsonLines, readText, writeWhole } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { type About, descriptorOf, type PackedFile } from "./descriptor.ts";
import { readVerdict } from "./in-verdict.ts";
import { papersOf } from "./papers.ts";
import { parquetOf } from "./parquet-file.ts";
import { aloneWithTheirAnswers, closedQuestions } from "./participants-table.ts";
import { type Published, readPublished } from "./published.ts";
import { writeSqlite } from "./sqlite-file.ts";
import { tablesOf } from "./study-tables.ts";
import { csvOf, type Table, withCodebook, withReferencesKept } from "./table.ts";
import { textChoices } from "./texts.ts";

/** `tinylove package`: the study as data that others can use, ready for OSF or Zenodo, without personal data. */
export const packageStudy = command({
  name: "package",
  summary:
    "Write the study's data for others, without personal data: CSV, JSONL, Parquet, SQLite, a codebook",
  examples: [
    "tinylove package --study my-study --licence CC-BY-4.0 --author 'A. Reader' 'B. Writer'",
    "tinylove package --texts none --demographics none --to elsewhere/data",
  ],
  flags: [
    ["--to <folder>", "where; a package that lies there is written anew (default: package/ in the study)"],
    ["--texts <which>", "licensed: those that may be passed on; all; none (default: licensed)"],
    ["--demographics <which>", "closed: answers from fixed choices; all; none (default: closed)"],
    ["--own-words", "also what participants wrote in their own words, which may say who they are"],
    ["--licence <name>", "of the data, by its SPDX name: CC0-1.0, CC-BY-4.0 ..."],
    ["--author <names...>", "who is to be cited"],
  ],
  options: z.object({
    to: z.string().min(1).optional(),
    texts: z.enum(textChoices).default("licensed"),
    demographics: z.enum(["closed", "none", "all"]).default("closed"),
    ownWords: z.boolean().default(false),
    licence: z
      .string()
      .regex(/^[A-Za-z0-9.+-]{1,60}$/, "an SPDX name such as CC-BY-4.0")
      .optional(),
    author: z.array(z.string().trim().min(1).max(200)).default([]),
  }),
  async run(folder, { to, licence, author, ...choices }, effects) {
    const study = await openStudy(folder);
    const target = to === undefined ? study.path("package") : resolve(to);
    const letGo = await fileLock(study.path(".tinylove/held/package"));
    if (!letGo) {
      throw new StudyError("another process is packaging this study", {
        hint: "wait until it has ended, or end it",
      });
    }
    try {
      await clearLeftovers(target);
      await assertReplaceable(target);
      const published = await readPublished(study, await readVerdict(study, effects.log));
      const secret = await secretOf(study);
      const tables = withCodebook(withReferencesKept(tablesOf(study, published, choices, secret)));
      const about: About = {
        name: study.config.name,
        title: study.config.title,
        description: "Readers' judgments of very short stories, written by people and by language models.",
        licence,
        authors: author,
      };
      const papers = papersOf(study, published, about, tables, choices);
      await replaced(target, (aside) => writePackage(aside, tables, papers, about, effects));
      tellWhatItHolds(study, published, tables, about, effects);
    } finally {
      letGo();
    }
    effects.print(target);
  },
});

/** Makes the participants' new names; kept in the study, so that the same study gives the same package. */
async function secretOf(study: Study): Promise<string> {
  const path = study.path(".tinylove/package-key");
  if (!(await exists(path))) await writeWhole(path, `${randomId()}${randomId()}\n`, 0o600);
  return (await readText(path)).trim();
}

async function writePackage(
  folder: string,
  tables: readonly Table[],
  papers: ReadonlyMap<string, string>,
  about: About,
  { signal }: Effects,
): Promise<void> {
  const files: PackedFile[] = [];
  const packed = async (path: string, content?: string | Uint8Array, table?: Table): Promise<void> => {
    signal.throwIfAborted();
    if (content !== undefined) await writeWhole(join(folder, path), content);
    const bytes = await readFile(join(folder, path));
    files.push({ path, bytes: bytes.length, sha256: sha256(bytes), ...(table && { table }) });
  };

  for (const table of tables) {
    const names = table.columns.map(({ name }) => name);
    await packed(`csv/${table.name}.csv`, csvOf(table), table);
    await packed(`jsonl/${table.name}.jsonl`, jsonLines(table.rows.map((row) => ordered(row, names))), table);
    await packed(`parquet/${table.name}.parquet`, parquetOf(table), table);
  }
  writeSqlite(join(folder, "study.sqlite"), tables);
  await packed("study.sqlite");
  for (const [path, content] of papers) await packed(path, content);
  const descriptor = `${JSON.stringify(descriptorOf(about, files), null, 2)}\n`;
  await packed("datapackage.json", descriptor);
  await writeWhole(
    join(folder, sums),
    files
      .map((file) => `${file.sha256}  ${file.path}\n`)
      .sort()
      .join(""),
  );
}

/** Every column in every line, in the table's order: what is missing is null. */
const ordered = (row: Table["rows"][number], names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

function tellWhatItHolds(
  study: Study,
  { coders, forms }: Published,
  tables: readonly Table[],
  { licence, authors }: About,
  effects: Effects,
): void {
  const rowsOf = (name: string) => tables.find((table) => table.name === name)?.rows ?? [];
  const withheld = rowsOf("stimuli").filter((row) => row["withheld"]).length;
  effects.log(
    `${counted(rowsOf("judgments").length, "judgment")} of ${counted(rowsOf("participants").length, "participant")}; ${withheld} of ${rowsOf("stimuli").length} texts left out`,
  );
  const codes = rowsOf("codings").length;
  const gone = coders.reduce((sum, { codings }) => sum + codings.length, 0) - codes;
  if (codes + gone > 0)
    effects.log(
      `${codes} codes${gone > 0 ? `; left out are ${gone} of texts that are not in the study` : ""}`,
    );
  const alone = aloneWithTheirAnswers(
    tables.find(({ name }) => name === "participants")!,
    closedQuestions(study, forms),
  );
  if (alone > 0) {
    effects.warn(
      `${alone === 1 ? "1 participant is" : `${alone} participants are`} alone with what they told about themselves: who knows them may find them (--demographics none leaves it out)`,
    );
  }
  if (!licence) effects.log("no licence: name one with --licence before you publish");
  if (authors.length === 0) effects.log("no authors: name them with --author before you publish");
}

// ---- Whole or not at all

const sums = "SHA256SUMS";

/** Writes a folder beside its place and brings it there when it is complete. */
async function replaced(target: string, write: (aside: string) => Promise<void>): Promise<void> {
  const mark = randomBytes(4).toString("hex");
  const aside = `${target}.${mark}.partial`;
  try {
    await write(aside);
    // What was there goes aside first, for no folder is renamed over another; a kill between leaves both.
    const former = `${target}.${mark}.former`;
    if (await exists(target)) await rename(target, former);
    await rename(aside, target);
    await rm(former, { recursive: true, force: true });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * A packaging that was killed leaves folders next to its place. What was half written goes; a package that had been moved
 * aside comes back where nothing took its place.
 */
async function clearLeftovers(target: string): Promise<void> {
  const folder = dirname(target);
  const left = (await readdir(folder).catch(() => [])).filter(
    (name) =>
      name.startsWith(`${basename(target)}.`) &&
      /^\.[0-9a-f]{8}\.(partial|former)$/.test(name.slice(basename(target).length)),
  );
  for (const name of left.filter((one) => one.endsWith(".former")))
    if (!(await exists(target))) await rename(join(folder, name), target);
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** Throws StudyError where something lies at the place that is no package, or one that somebody has changed. */
async function assertReplaceable(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (!found) return;
  const hint = "move it away, or name another folder with --to";
  if (!found.isDirectory()) throw new StudyError(`${target} is a file`, { hint });
  if ((await readdir(target)).length === 0) return;
  const listed = await readFile(join(target, sums), "utf8").catch(() => undefined);
  if (listed === undefined) throw new StudyError(`${target} holds something else than a package`, { hint });
  const known = new Map(listed.split("\n").map((line) => [line.slice(66), line.slice(0, 64)]));
  for (const file of await filesUnder(target)) {
    const path = relative(target, file).replaceAll("\\", "/");
    if (path === sums || known.get(path) === sha256(await readFile(file))) continue;
    throw new StudyError(`${join(target, path)} was changed since the package was written`, { hint });
  }
}
