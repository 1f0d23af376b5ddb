import { createHash, randomBytes } from "node:crypto";
import { link, open, rm, stat } from "node:fs/promises";
import { z } from "zod";
import { responsesSoFar, storeFile } from "../../registration/assert-not-frozen.ts";
import { readJudgments } from "../../workbench/artefacts.ts";
import { codeOf, StudyError } from "../../workbench/errors.ts";
import { exists, readJson, writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { base32, randomId } from "../ids.ts";

/** The environment variable that names a PostgreSQL database instead of the embedded store. */
export const databaseVariable = "TINYLOVE_DATABASE";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The file in which a study records its store, so that no other store is mistaken for it. */
export const storeRecordFile = "survey.json";

const StoreRecord = z.strictObject({
  /** `survey.sqlite` in the study's folder, or a PostgreSQL database. */
  store: z.enum(["embedded", "postgres"]),
  /** The study's random id, which its store has too. */
  id: z.string().regex(/^[a-z2-7]{26}$/),
  /** The schema of the PostgreSQL database. */
  schema: z
    .string()
    .regex(/^tinylove_[a-z0-9_]{1,54}$/)
    .optional(),
  /** Whether the store has been made. From then on a missing store is an error and is not replaced by a new one. */
  made: z.boolean(),
  /** Distinguishes the study's folder from copies of it. Only for PostgreSQL, where a copy would share the answers. */
  folder: z.string().optional(),
});
export type StoreRecord = Readonly<z.infer<typeof StoreRecord>>;

/** The study's record of its store; undefined before the store is first opened, and in studies made by version 0.1. */
export async function readStoreRecord(study: Study): Promise<StoreRecord | undefined> {
  const path = study.path(storeRecordFile);
  if (!(await exists(path))) return undefined;
  return readJson(path, StoreRecord, "restore the file, or remove it if the store is still here");
}

/**
 * Which store has a study's answers. The study's record decides, not the environment. Throws StudyError if they are in a
 * database whose address is not set.
 */
export async function storeKind(study: Study, env: Environment): Promise<StoreRecord["store"]> {
  const record = await readStoreRecord(study);
  if (!record) return env[databaseVariable] && !(await isSimulated(study)) ? "postgres" : "embedded";
  if (record.store === "postgres" && !env[databaseVariable]) {
    throw new StudyError(
      `the answers of this study are in a PostgreSQL database, but ${databaseVariable} is not set`,
      { hint: `set ${databaseVariable} to the address of that database` },
    );
  }
  return record.store;
}

/** Throws StudyError if the environment names a database but the answers are in the study's folder. */
export async function assertStoreIsMeant(study: Study, env: Environment): Promise<void> {
  const record = await readStoreRecord(study);
  if (record?.store !== "embedded" || !env[databaseVariable]) return;
  throw new StudyError(`the answers of this study are in ${storeFile}, but ${databaseVariable} is set`, {
    hint: `unset ${databaseVariable}; to start again in the database, move ${storeFile}, ${storeRecordFile} and judgments/ away`,
  });
}

/** A simulated copy made by version 0.1 has its answers in its folder, whatever the environment says. */
async function isSimulated(study: Study): Promise<boolean> {
  if (!(await exists(study.path(storeFile)))) return false;
  const judgments = await readJudgments(study);
  return judgments.length > 0 && judgments.every(({ simulated }) => simulated);
}

/** Records a store that is about to be made. Processes that start together all get the same record. */
export async function beginStoreRecord(
  study: Study,
  store: StoreRecord["store"],
  schema?: string,
): Promise<StoreRecord> {
  const id = randomId();
  const record: StoreRecord = {
    store,
    id,
    ...(store === "postgres" && { schema: schema ?? newSchemaName(study, id) }),
    made: false,
    ...(store === "postgres" && { folder: await folderId(study) }),
  };
  const path = study.path(storeRecordFile);
  const own = `${path}.${randomBytes(4).toString("hex")}.partial`;
  try {
    await writeWhole(own, jsonOf(record));
    await link(own, path);
    await syncFolder(study.folder);
    return record;
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
    return (await readStoreRecord(study))!;
  } finally {
    await rm(own, { force: true });
  }
}

/** Syncs the folder, so that a power cut cannot lose the record of a store. Does nothing where folders cannot be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** Writes the record if it has changed. */
export async function recordStore(study: Study, record: StoreRecord): Promise<void> {
  const path = study.path(storeRecordFile);
  const now = await readStoreRecord(study);
  if (JSON.stringify(now) !== JSON.stringify(record)) await writeWhole(path, jsonOf(record));
}

const jsonOf = (record: StoreRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** A schema for this study alone, also if two studies have the same name. PostgreSQL truncates names after 63 letters. */
const newSchemaName = (study: Study, id: string): string =>
  `${schemaOf01(study).slice(0, 40)}_${id.slice(0, 16)}`;

/** The schema that version 0.1 used: the study's name alone. */
export const schemaOf01 = ({ config }: Study): string =>
  `tinylove_${config.name.replaceAll("-", "_")}`.slice(0, 63);

/** Identifies a folder by its inode: the same after a rename, different in a copy. */
export async function folderId(study: Study): Promise<string> {
  const { ino } = await stat(study.folder);
  return base32(createHash("sha256").update(`folder ${ino}`).digest().subarray(0, 10));
}

/**
 * Throws StudyError if the study already has answers (according to `answersIn`), so their store is missing: with a new
 * store the next export would empty the tables.
 */
export async function assertNoAnswersYet(
  study: Study,
  store: string,
  answersIn: (study: Study) => Promise<string | undefined> = responsesSoFar,
): Promise<void> {
  const answers = await answersIn(study);
  if (answers === undefined) return;
  throw new StudyError(`the study has answers (${answers}), but its store ${store} has none`, {
    hint: `restore ${storeFile} from a backup, or set ${databaseVariable} if they are in a database; to start again, move judgments/ and ${storeFile} away`,
  });
}
