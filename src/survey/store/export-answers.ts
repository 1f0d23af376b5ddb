import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import { storeFile } from "../../registration/assert-not-frozen.ts";
import type { Form, Question } from "../../study/form.ts";
import { groupedBy } from "../../study/groups.ts";
import { Judgment } from "../../study/judgment.ts";
import { counted } from "../../study/print.ts";
import { csv } from "../../tables/tables.ts";
import {
  judgmentColumns,
  judgmentRow,
  judgmentsFile,
  participantsFile,
  readForms,
  readStimuli,
  visitsFile,
} from "../../workbench/artefacts.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { checked, exists, writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { type ResponseQuality, responseQualityOf } from "../response-quality.ts";
import type { ResponseRecords } from "./records.ts";
import type { Store } from "./store.ts";

/**
 * Throws StudyError if the exported tables contain participants or answers that are not in the store and were not
 * withdrawn: an export would lose them. The store is then another one, or was restored from an older backup.
 */
export async function assertNothingWouldBeLost(study: Study, store: Store): Promise<void> {
  const missing = await missingFrom(store, study.path(judgmentsFile), study.path(participantsFile));
  if (missing.people.size + missing.answers === 0) return;
  const what = [
    ...(missing.answers > 0 ? [counted(missing.answers, "answer")] : []),
    ...(missing.people.size > 0 ? [counted(missing.people.size, "person", "people")] : []),
  ].join(" of ");
  throw new StudyError(`judgments/ contains ${what} that are not in the store`, {
    hint: `restore the store they came from (the newest backup), or move judgments/ away to continue without them`,
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

/** The rows of an exported table, one at a time; none if there is no such file. */
async function* rowsOf(path: string, needed: readonly string[]): AsyncGenerator<Record<string, string>> {
  if (!(await exists(path))) return;
  const notATable = (cause?: unknown) =>
    new StudyError(`${path} is not a table that the survey wrote, so an export might lose answers`, {
      hint: "move the file away; the next export writes it again",
      cause,
    });
  const parser = createReadStream(path).pipe(parse({ columns: true, bom: true, skip_empty_lines: true }));
  try {
    for await (const row of parser) {
      if (needed.some((column) => row[column] === undefined)) throw notATable();
      yield row;
    }
  } catch (thrown) {
    throw thrown instanceof CsvError ? notATable(thrown) : thrown;
  }
}

/** The times at which somebody looked at the results before the end of the study. */
const looksFile = "judgments/looks.csv";

/**
 * Writes all answers to `judgments/judgments.csv` and all participants to `judgments/participants.csv`, without personal
 * data. Nobody is left out for low response quality, which has its own columns; if it cannot be computed, they stay empty
 * and a warning says so. Throws StudyError if the tables there would lose answers.
 */
export async function exportAnswers(
  study: Study,
  store: Store,
  warn: (message: string) => void,
): Promise<{ judgments: number; participants: number }> {
  await assertNothingWouldBeLost(study, store);
  return writeExports(study, store, warn);
}

/** The same without that check, for a server that made it at its start. */
async function writeExports(
  study: Study,
  store: Store,
  warn: (message: string) => void,
): Promise<{ judgments: number; participants: number }> {
  const qualityOf = await qualityReader(study, store).catch((thrown: unknown) => {
    warn(`the response quality could not be computed: ${messageOf(thrown)}`);
    return () => undefined;
  });
  const people: Record<string, unknown>[] = [];
  let judgments = 0;
  const forms = await formsWithConditions(study);
  const planned = new Map(
    forms.flatMap(({ questions }) => questions.map((question) => [question.id, question] as const)),
  );
  const sources = await store.sources();
  const byForm = new Map(forms.map((form) => [form.id, form]));
  const columns = judgmentColumns(await fieldsOfResponses(store), { conditions: forms.length > 0 });
  await writeWhole(
    study.path(judgmentsFile),
    (async function* () {
      yield csv(columns, []);
      for await (const { participants, answers } of store.records.inBatches()) {
        const batch = answers.map((answer) => judgmentOf(answer, planned.get(answer.question)));
        judgments += batch.length;
        const byParticipant = groupedBy(batch, ({ participant }) => participant);
        for (const participant of participants)
          people.push({
            ...personRow(participant, qualityOf(participant, byParticipant.get(participant.id) ?? [])),
            ...conditionCells(byForm.get(participant.form)),
            recruited: sources.get(participant.id) ?? "link",
          });
        yield csv(columns, batch.map(judgmentRow), { header: false });
      }
    })(),
  );
  await writeWhole(
    study.path(participantsFile),
    csv(
      [
        ...["participant", "form", ...(forms.length > 0 ? ["condition", "deceived"] : [])],
        ...(sources.size > 0 ? ["recruited"] : []),
        ...["started", "completed", ...qualityColumns, "simulated"],
      ],
      people,
    ),
  );
  await exportLooks(study, store);
  const visits = await store.metadata.visits();
  if (visits > 0) await writeWhole(study.path(visitsFile), csv(["visits"], [{ visits }]));
  return { judgments, participants: people.length };
}

/** Writes the times of the looks to `judgments/looks.csv`. */
export async function exportLooks(study: Study, store: Store): Promise<void> {
  const looks = (await store.metadata.looks()).map((at) => ({ at }));
  if (looks.length > 0) await writeWhole(study.path(looksFile), csv(["at"], looks));
}

type Batch = Awaited<ReturnType<ResponseRecords["all"]>>;

/** All fields that occur in a response. */
async function fieldsOfResponses(store: Store): Promise<Set<string>> {
  const fields = new Set<string>();
  for await (const { answers } of store.records.inBatches())
    for (const { response } of answers)
      for (const field of Object.keys(JSON.parse(response))) fields.add(field);
  return fields;
}

/** The forms of a study with conditions; none in other studies. */
async function formsWithConditions(study: Study): Promise<readonly Form[]> {
  return (await readForms(study)).filter(({ conditions }) => conditions !== undefined);
}

/** The group of a participant (the condition, if conditions are by reader), and whether something untrue was said. */
const conditionCells = (form: Form | undefined): Record<string, unknown> =>
  form ? { condition: form.group, deceived: form.deceives ? "yes" : "no" } : {};

const judgmentOf = (row: Batch["answers"][number], asked: Question | undefined): Judgment =>
  checked(
    {
      participant: row.participant,
      form: row.form,
      question: row.question,
      task: row.task,
      stimuli: inComposedOrder(JSON.parse(row.stimuli), row.side),
      order: row.position,
      ...(row.side !== null && { side: row.side }),
      ...(asked?.condition !== undefined && { condition: asked.condition }),
      ...(asked?.told !== undefined && { told: asked.told }),
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
  quality: ResponseQuality | undefined,
): Record<string, unknown> => ({
  participant: id,
  form,
  started: iso(started),
  completed: completed === null ? "" : iso(completed),
  ...qualityCells(quality),
  simulated: simulated === 1 ? "yes" : "no",
});

/** Computes the response quality of each participant from the length of the texts and the bot signals. */
async function qualityReader(
  study: Study,
  store: Store,
): Promise<(participant: Batch["participants"][number], judgments: readonly Judgment[]) => ResponseQuality> {
  const wordsOf = new Map((await readStimuli(study)).map(({ id, words }) => [id, words]));
  const { fastest } = study.config.survey;
  const botSignals = await store.botSignals();
  return ({ id, started }, judgments) => {
    const answers = judgments.map(({ response, ms, at, ...judgment }) => ({
      ...judgment,
      answer: response.answer,
      ms,
      at: Date.parse(at),
    }));
    return responseQualityOf(started, answers, botSignals.get(id) ?? [], { wordsOf, fastest });
  };
}

const qualityColumns = [
  "fast_pages",
  "straight_lining",
  "failed_checks",
  "filled_honeypots",
  "pasted_answers",
] as const;

const qualityCells = (
  quality: ResponseQuality | undefined,
): Partial<Record<(typeof qualityColumns)[number], unknown>> =>
  quality
    ? {
        fast_pages: quality.fastPages,
        straight_lining: quality.straightLining ? "yes" : "no",
        failed_checks: quality.failedChecks,
        filled_honeypots: quality.filledHoneypots,
        pasted_answers: quality.pastedAnswers,
      }
    : {};

/** The stimuli in the form's order: `side` is the position of the second one. */
const inComposedOrder = (shown: string[], side: string | null): string[] =>
  side === "left" ? shown.reverse() : shown;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Keeps the exported tables up to date while the survey runs, because no other process may open its store. */
export class Exporter {
  readonly #study: Study;
  readonly #store: Store;
  readonly #warn: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastTook = 0;
  #warnedDeleted = false;

  constructor(study: Study, store: Store, warn: (message: string) => void) {
    this.#study = study;
    this.#store = store;
    this.#warn = warn;
  }

  /** Schedules an export in two seconds; later if exports take long, so that they take less than a tenth of the time. */
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

  /** Exports as soon as a running export has ended. After a failure it warns and tries again: the answers are safe in the store. */
  exportNow(): Promise<void> {
    return this.#inTurn("the judgments", () => this.#timed());
  }

  /** Writes `looks.csv`, before the results are shown; in turn with the exports, which write it too. */
  exportLooks(): Promise<void> {
    return this.#inTurn("the looks at the results", () => exportLooks(this.#study, this.#store));
  }

  /** Runs a last export. */
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
    if (!this.#warnedDeleted && this.#store.embedded && !(await exists(this.#study.path(storeFile)))) {
      this.#warnedDeleted = true;
      this.#warn(
        `${storeFile} was deleted while the survey is running: stop \`tinylove serve\` soon (Ctrl-C), which writes it again`,
      );
    }
    const began = performance.now();
    await writeExports(this.#study, this.#store, this.#warn);
    this.#lastTook = performance.now() - began;
  }
}
