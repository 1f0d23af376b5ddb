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
import { descriptorOf, type PackageFile, type PackageInfo } from "./descriptor.ts";
import { readVerdict } from "./in-verdict.ts";
import { type PackageData, readPackageData } from "./package-data.ts";
import { documentsOf } from "./package-documents.ts";
import { parquetOf } from "./parquet-file.ts";
import { closedQuestions, countUniqueProfiles } from "./participants-table.ts";
import { writeSqlite } from "./sqlite-file.ts";
import { tablesOf } from "./study-tables.ts";
import { csvOf, type Table, withCodebook, withoutDanglingReferences } from "./table.ts";
import { textChoices } from "./text-licences.ts";

/** `tinylove package`: writes the study's data for others to use, ready for OSF or Zenodo, without personal data. */
export const packageStudy = command({
  name: "package",
  examples: [
    "tinylove package --study my-study --licence CC-BY-4.0 --author 'A. Reader' 'B. Writer'",
    "tinylove package --texts none --demographics none --to elsewhere/data",
  ],
  flags: [
    ["--to <folder>", "where to write; replaces an existing package (default: package/ in the study)"],
    ["--texts <which>", "licensed: texts that may be shared; all; none (default: licensed)"],
    ["--demographics <which>", "closed: answers from fixed choices only; all; none (default: closed)"],
    ["--own-words", "also what participants wrote in their own words, which may identify them"],
    ["--licence <name>", "licence of the data, by its SPDX name: CC0-1.0, CC-BY-4.0 ..."],
    ["--author <names...>", "authors to cite"],
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
    const unlock = await fileLock(study.path(".tinylove/locks/package"));
    if (!unlock) {
      throw new StudyError("another process is packaging this study", {
        hint: "wait until it has finished, or stop it",
      });
    }
    try {
      await removeLeftovers(target);
      await assertReplaceable(target);
      const published = await readPackageData(study, await readVerdict(study, effects.log));
      const secret = await secretOf(study);
      const tables = withCodebook(withoutDanglingReferences(tablesOf(study, published, choices, secret)));
      const info: PackageInfo = {
        name: study.config.name,
        title: study.config.title,
        description: "Readers' judgments of very short stories, written by people and by language models.",
        licence,
        authors: author,
      };
      const documents = documentsOf(study, published, info, tables, choices);
      await replaceFolder(target, (temporary) => writePackage(temporary, tables, documents, info, effects));
      logContents(study, published, tables, info, effects);
    } finally {
      unlock();
    }
    effects.print(target);
  },
});

/** The secret for the participants' new names; stored in the study, so that the same study gives the same package. */
async function secretOf(study: Study): Promise<string> {
  const path = study.path(".tinylove/package-key");
  if (!(await exists(path))) await writeWhole(path, `${randomId()}${randomId()}\n`, 0o600);
  return (await readText(path)).trim();
}

async function writePackage(
  folder: string,
  tables: readonly Table[],
  documents: ReadonlyMap<string, string>,
  info: PackageInfo,
  { signal }: Effects,
): Promise<void> {
  const files: PackageFile[] = [];
  const addFile = async (path: string, content?: string | Uint8Array, table?: Table): Promise<void> => {
    signal.throwIfAborted();
    if (content !== undefined) await writeWhole(join(folder, path), content);
    const bytes = await readFile(join(folder, path));
    files.push({ path, bytes: bytes.length, sha256: sha256(bytes), ...(table && { table }) });
  };

  for (const table of tables) {
    const names = table.columns.map(({ name }) => name);
    await addFile(`csv/${table.name}.csv`, csvOf(table), table);
    await addFile(
      `jsonl/${table.name}.jsonl`,
      jsonLines(table.rows.map((row) => ordered(row, names))),
      table,
    );
    await addFile(`parquet/${table.name}.parquet`, parquetOf(table), table);
  }
  writeSqlite(join(folder, "study.sqlite"), tables);
  await addFile("study.sqlite");
  for (const [path, content] of documents) await addFile(path, content);
  const descriptor = `${JSON.stringify(descriptorOf(info, files), null, 2)}\n`;
  await addFile("datapackage.json", descriptor);
  await writeWhole(
    join(folder, checksumFile),
    files
      .map((file) => `${file.sha256}  ${file.path}\n`)
      .sort()
      .join(""),
  );
}

/** A row with every column in the table's order; missing values are null. */
const ordered = (row: Table["rows"][number], names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

function logContents(
  study: Study,
  { coders, forms }: PackageData,
  tables: readonly Table[],
  { licence, authors }: PackageInfo,
  effects: Effects,
): void {
  const rowsOf = (name: string) => tables.find((table) => table.name === name)?.rows ?? [];
  const withheld = rowsOf("stimuli").filter((row) => row["withheld"]).length;
  effects.log(
    `${counted(rowsOf("judgments").length, "judgment")} of ${counted(rowsOf("participants").length, "participant")}; ${withheld} of ${rowsOf("stimuli").length} texts left out`,
  );
  const codes = rowsOf("codings").length;
  const leftOut = coders.reduce((sum, { codings }) => sum + codings.length, 0) - codes;
  if (codes + leftOut > 0)
    effects.log(
      `${counted(codes, "code")}${leftOut > 0 ? `; ${leftOut} left out, of texts that are no longer in the study` : ""}`,
    );
  const unique = countUniqueProfiles(
    tables.find(({ name }) => name === "participants")!,
    closedQuestions(study, forms),
  );
  if (unique > 0) {
    effects.warn(
      `${unique === 1 ? "1 participant has" : `${unique} participants have`} a unique combination of demographic answers and could be recognised (--demographics none leaves these answers out)`,
    );
  }
  if (!licence) effects.log("no licence: add one with --licence before you publish");
  if (authors.length === 0) effects.log("no authors: add them with --author before you publish");
}

// ---- Replaced as a whole or not at all

const checksumFile = "SHA256SUMS";

/** Writes a folder next to the target and renames it when it is complete. */
async function replaceFolder(target: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const mark = randomBytes(4).toString("hex");
  const temporary = `${target}.${mark}.partial`;
  try {
    await write(temporary);
    // The former folder is renamed first, because a folder cannot replace another; a kill in between leaves both.
    const former = `${target}.${mark}.former`;
    if (await exists(target)) await rename(target, former);
    await rename(temporary, target);
    await rm(former, { recursive: true, force: true });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Removes what a killed run left next to the target: partial folders are deleted, and a former package is moved back if
 * nothing replaced it.
 */
async function removeLeftovers(target: string): Promise<void> {
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

/** Throws StudyError if the target is not a package, or a package that somebody has changed. */
async function assertReplaceable(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (!found) return;
  const hint = "move it away, or name another folder with --to";
  if (!found.isDirectory()) throw new StudyError(`${target} is a file`, { hint });
  if ((await readdir(target)).length === 0) return;
  const listed = await readFile(join(target, checksumFile), "utf8").catch(() => undefined);
  if (listed === undefined) throw new StudyError(`${target} is not a package`, { hint });
  const known = new Map(listed.split("\n").map((line) => [line.slice(66), line.slice(0, 64)]));
  for (const file of await filesUnder(target)) {
    const path = relative(target, file).replaceAll("\\", "/");
    if (path === checksumFile || known.get(path) === sha256(await readFile(file))) continue;
    throw new StudyError(`${join(target, path)} has changed since the package was written`, { hint });
  }
}
