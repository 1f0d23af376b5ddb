import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import { storeFile } from "../../registration/assert-not-frozen.ts";
import { groupedBy } from "../../study/groups.ts";
import { Judgment } from "../../study/judgment.ts";
import { counted } from "../../study/print.ts";
import { csv } from "../../tables/tables.ts";
import { judgmentColumns, judgmentRow, judgmentsFile, readStimuli } from "../../workbench/artefacts.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { checked, exists, writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { type ResponseQuality, responseQualityOf } from "../response-quality.ts";
import type { ResponseRecords } from "./records.ts";
import type { Store } from "./store.ts";

/**
 * Throws StudyError where the exported tables hold people or answers that the store neither has nor records as withdrawn:
 * an export would lose them. It is another store then, or one that was restored from a backup.
 */
export async function assertNothingWouldBeLost(study: Study, store: Store): Promise<void> {
  const missing = await missingFrom(store, study.path(judgmentsFile), study.path(participantsFile));
  if (missing.people.size + missing.answers === 0) return;
  const what = [
    ...(missing.answers > 0 ? [counted(missing.answers, "answer")] : []),
    ...(missing.people.size > 0 ? [counted(missing.people.size, "person", "people")] : []),
  ].join(" of ");
  throw new StudyError(`judgments/ has ${what} that the store does not have`, {
    hint: `bring back the store they came from (the newest backup), or move judgments/ away to go on without them`,
  });
}

async function missingFrom(store: Store, judgments: string, participants: string) {
  const missing = { people: new Set<string>(), answers: 0 };
  const checkPerson = async (participant: string, questions: ReadonlySet<string>) => {
    const known = await store.byId(participant);
    if (known?.withdrawn !== undefined) return;
    const answers = known && (await store.answers(participant));
    const lost = [...questions].filter((question) => !answers?.has(question)).length;
    missing.answers += lost;
    if (!known || lost > 0) missing.people.add(participant);
  };
  let current = "";
  let questions = new Set<string>();
  for await (const { participant, question } of rowsOf(judgments, ["participant", "question"])) {
    if (participant !== current && current !== "") await checkPerson(current, questions);
    if (participant !== current) questions = new Set();
    current = participant!;
    questions.add(question!);
  }
  if (current !== "") await checkPerson(current, questions);
  for await (const { participant } of rowsOf(participants, ["participant"]))
    await checkPerson(participant!, new Set());
  return missing;
}

/** The rows of an exported table, one after the other; none where there is no such file. */
async function* rowsOf(path: string, needed: readonly string[]): AsyncGenerator<Record<string, string>> {
  if (!(await exists(path))) return;
  const unread = (cause?: unknown) =>
    new StudyError(
      `${path} is not as the survey writes it, so whether an export would lose answers is unknown`,
      {
        hint: "move the file away; the next export writes it anew",
        cause,
      },
    );
  const parser = createReadStream(path).pipe(parse({ columns: true, bom: true, skip_empty_lines: true }));
  try {
    for await (const row of parser) {
      if (needed.some((column) => row[column] === undefined)) throw unread();
      yield row;
    }
  } catch (thrown) {
    throw thrown instanceof CsvError ? unread(thrown) : thrown;
  }
}

/** When somebody looked at the results before the end of the study. */
const looksFile = "judgments/looks.csv";

export const participantsFile = "judgments/participants.csv";

/**
 * Writes every answer to `judgments/judgments.csv` and every participant to `judgments/participants.csv`, without
 * personal data. Throws StudyError where the files there would lose answers by it. Whoever answered is there, however they answered; how is told in columns of its own, which stay empty,
 * with a warning, where it cannot be told.
 */
export async function exportAnswers(
  study: Study,
  store: Store,
  warn: (message: string) => void,
): Promise<{ judgments: number; participants: number }> {
  await assertNothingWouldBeLost(study, store);
  return writeExports(study, store, warn);
}

/** The same without looking at what is there: for a server that has looked at its start. */
async function writeExports(
  study: Study,
  store: Store,
  warn: (message: string) => void,
): Promise<{ judgments: number; participants: number }> {
  const conduct = await qualityReader(study, store).catch((thrown: unknown) => {
    warn(`how people answered could not be told: ${messageOf(thrown)}`);
    return () => undefined;
  });
  const people: Record<string, unknown>[] = [];
  let judgments = 0;
  const columns = judgmentColumns(await fieldsOfResponses(store));
  await writeWhole(
    study.path(judgmentsFile),
    (async function* () {
      yield csv(columns, []);
      for await (const { participants, answers } of store.records.inBatches()) {
        const batch = answers.map(judgmentOf);
        judgments += batch.length;
        const byParticipant = groupedBy(batch, ({ participant }) => participant);
        for (const participant of participants)
          people.push(personRow(participant, conduct(participant, byParticipant.get(participant.id) ?? [])));
        yield csv(columns, batch.map(judgmentRow), { header: false });
      }
    })(),
  );
  await writeWhole(
    study.path(participantsFile),
    csv(["participant", "form", "started", "completed", ...qualityColumns, "simulated"], people),
  );
  await exportLooks(study, store);
  return { judgments, participants: people.length };
}

async function exportLooks(study: Study, store: Store): Promise<void> {
  const looks = (await store.metadata.looks()).map((at) => ({ at }));
  if (looks.length > 0) await writeWhole(study.path(looksFile), csv(["at"], looks));
}

type Batch = Awaited<ReturnType<ResponseRecords["all"]>>;

/** The fields that any response has. */
async function fieldsOfResponses(store: Store): Promise<Set<string>> {
  const fields = new Set<string>();
  for await (const { answers } of store.records.inBatches())
    for (const { response } of answers)
      for (const field of Object.keys(JSON.parse(response))) fields.add(field);
  return fields;
}

const judgmentOf = (row: Batch["answers"][number]): Judgment =>
  checked(
    {
      participant: row.participant,
      form: row.form,
      question: row.question,
      task: row.task,
      stimuli: inComposedOrder(JSON.parse(row.stimuli), row.side),
      order: row.position,
      ...(row.side !== null && { side: row.side }),
      ...(row.ms !== null && { ms: row.ms }),
      at: iso(row.at),
      simulated: row.simulated === 1,
      response: JSON.parse(row.response),
    },
    Judgment,
    "the survey store, answer",
  );

const personRow = (
  { id, form, started, completed, simulated }: Batch["participants"][number],
  conduct: ResponseQuality | undefined,
): Record<string, unknown> => ({
  participant: id,
  form,
  started: iso(started),
  completed: completed === null ? "" : iso(completed),
  ...qualityCells(conduct),
  simulated: simulated === 1 ? "yes" : "no",
});

/** Tells how somebody answered, by the texts that they read and the signs that their pages gave. */
async function qualityReader(
  study: Study,
  store: Store,
): Promise<(participant: Batch["participants"][number], judgments: readonly Judgment[]) => ResponseQuality> {
  const wordsOf = new Map((await readStimuli(study)).map(({ id, words }) => [id, words]));
  const { fastest } = study.config.survey;
  const signs = await store.botSignals();
  return ({ id, started }, judgments) => {
    const answers = judgments.map(({ response, ms, at, ...judgment }) => ({
      ...judgment,
      answer: response.answer,
      ms,
      at: Date.parse(at),
    }));
    return responseQualityOf(started, answers, signs.get(id) ?? [], { wordsOf, fastest });
  };
}

const qualityColumns = [
  "fast_pages",
  "straight_lining",
  "failed_checks",
  "filled_traps",
  "pasted_answers",
] as const;

const qualityCells = (
  conduct: ResponseQuality | undefined,
): Partial<Record<(typeof qualityColumns)[number], unknown>> =>
  conduct
    ? {
        fast_pages: conduct.fastPages,
        straight_lining: conduct.straightLining ? "yes" : "no",
        failed_checks: conduct.failedChecks,
        filled_traps: conduct.filledTraps,
        pasted_answers: conduct.pastedAnswers,
      }
    : {};

/** The texts in the form's own order: `side` says where the second one stood. */
const inComposedOrder = (shown: string[], side: string | null): string[] =>
  side === "left" ? shown.reverse() : shown;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Keeps the exported tables up to date while the survey runs, for no other process may open its store. */
export class Exporter {
  readonly #study: Study;
  readonly #store: Store;
  readonly #warn: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastTook = 0;
  #missed = false;

  constructor(study: Study, store: Store, warn: (message: string) => void) {
    this.#study = study;
    this.#store = store;
    this.#warn = warn;
  }

  /** Asks for an export within two seconds; later where an export takes long, so that it never takes a tenth of the time. */
  schedule(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.exportNow();
      },
      Math.max(2000, 10 * this.#lastTook),
    );
    this.#timer.unref();
  }

  /** Exports after any export that is under way. A failure is told and tried again: the answers are safe in the store. */
  exportNow(): Promise<void> {
    return this.#inTurn("the judgments", () => this.#timed());
  }

  /** Writes down who looked at the results, before they are shown; in turn with the exports, which write it too. */
  exportLooks(): Promise<void> {
    return this.#inTurn("who looked at the results", () => exportLooks(this.#study, this.#store));
  }

  /** A last export. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.exportNow();
    clearTimeout(this.#timer);
  }

  #inTurn(what: string, write: () => Promise<void>): Promise<void> {
    this.#running = this.#running.then(write).catch((thrown: unknown) => {
      this.#warn(`${what} could not be exported: ${messageOf(thrown)}`);
      this.schedule();
    });
    return this.#running;
  }

  async #timed(): Promise<void> {
    if (!this.#missed && this.#store.embedded && !(await exists(this.#study.path(storeFile)))) {
      this.#missed = true;
      this.#warn(
        `${storeFile} was deleted while the survey is open: end \`tinylove serve\` (Ctrl-C) soon, which writes it anew`,
      );
    }
    const began = performance.now();
    await writeExports(this.#study, this.#store, this.#warn);
    this.#lastTook = performance.now() - began;
  }
}
