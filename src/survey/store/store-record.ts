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

/** Where a study says which store holds its answers, so that no other store is taken for it. */
export const storeRecordFile = "survey.json";

const StoreRecord = z.strictObject({
  /** `survey.sqlite` in the study's folder, or a PostgreSQL database. */
  store: z.enum(["embedded", "postgres"]),
  /** The study's random id; the store holds the same one. */
  id: z.string().regex(/^[a-z2-7]{26}$/),
  /** The schema of the PostgreSQL database. */
  schema: z
    .string()
    .regex(/^tinylove_[a-z0-9_]{1,54}$/)
    .optional(),
  /** Whether the store has been made. From then on a missing store is an error, and no new one is made for it. */
  made: z.boolean(),
  /** Tells the study's folder from a copy of it. Only for a database, which a copy would share without being asked. */
  folder: z.string().optional(),
});
export type StoreRecord = Readonly<z.infer<typeof StoreRecord>>;

/** What the study says of its store; undefined before its first opening, and in studies made by version 0.1. */
export async function readStoreRecord(study: Study): Promise<StoreRecord | undefined> {
  const path = study.path(storeRecordFile);
  if (!(await exists(path))) return undefined;
  return readJson(
    path,
    StoreRecord,
    "bring back the file as it was, or remove it if the store is still here",
  );
}

/**
 * Which store holds a study's answers. The study's own record decides, not the environment. Throws StudyError where they
 * are in a database whose address is missing.
 */
export async function storeKind(study: Study, env: Environment): Promise<StoreRecord["store"]> {
  const record = await readStoreRecord(study);
  if (!record) return env[databaseVariable] && !(await isSimulated(study)) ? "postgres" : "embedded";
  if (record.store === "postgres" && !env[databaseVariable]) {
    throw new StudyError(
      `the answers of this study are in a PostgreSQL database, and ${databaseVariable} is not set`,
      { hint: `set ${databaseVariable} to the address of that database and try again` },
    );
  }
  return record.store;
}

/** Throws StudyError where the environment names a database and the answers are in the study's folder. */
export async function assertStoreIsMeant(study: Study, env: Environment): Promise<void> {
  const record = await readStoreRecord(study);
  if (record?.store !== "embedded" || !env[databaseVariable]) return;
  throw new StudyError(`the answers of this study are in ${storeFile}, but ${databaseVariable} is set`, {
    hint: `unset ${databaseVariable}; to begin anew in the database, move ${storeFile}, ${storeRecordFile} and judgments/ away`,
  });
}

/** A simulated copy of version 0.1 has its answers in its folder, whatever the environment names. */
async function isSimulated(study: Study): Promise<boolean> {
  if (!(await exists(study.path(storeFile)))) return false;
  const told = await readJudgments(study);
  return told.length > 0 && told.every(({ simulated }) => simulated);
}

/** Records a store that is about to be made. Of several processes that begin together all get the same record. */
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

/** A record that a power cut could take back would leave a store without one. Where folders cannot be opened, nothing. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** Records that the store is there. */
export async function recordStore(study: Study, record: StoreRecord): Promise<void> {
  const path = study.path(storeRecordFile);
  const now = await readStoreRecord(study);
  if (JSON.stringify(now) !== JSON.stringify(record)) await writeWhole(path, jsonOf(record));
}

const jsonOf = (record: StoreRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** A schema of the study's own: two studies of one name share nothing. PostgreSQL cuts names off after 63 letters. */
const newSchemaName = (study: Study, id: string): string =>
  `${schemaOf01(study).slice(0, 40)}_${id.slice(0, 16)}`;

/** The schema that version 0.1 used: by the study's name alone. */
export const schemaOf01 = ({ config }: Study): string =>
  `tinylove_${config.name.replaceAll("-", "_")}`.slice(0, 63);

/** Stays the same when a folder is renamed, and differs in a copy: it is of the folder's inode. */
export async function folderId(study: Study): Promise<string> {
  const { ino } = await stat(study.folder);
  return base32(createHash("sha256").update(`folder ${ino}`).digest().subarray(0, 10));
}

/**
 * Throws StudyError where a new store would be made although the study has answers already, by `answersIn`: their store
 * is missing, and the next export would empty the tables.
 */
export async function assertNoAnswersYet(
  study: Study,
  store: string,
  answersIn: (study: Study) => Promise<string | undefined> = responsesSoFar,
): Promise<void> {
  const answers = await answersIn(study);
  if (answers === undefined) return;
  throw new StudyError(
    `the study has answers (${answers}), but ${store}, which they are to be in, has none`,
    {
      hint: `restore ${storeFile} from a backup, or set ${databaseVariable} if they are in a database; to begin anew, move judgments/ and ${storeFile} away`,
    },
  );
}
