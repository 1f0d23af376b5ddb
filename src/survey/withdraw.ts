import { readdir } from "node:fs/promises";
import { z } from "zod";
import { counted } from "../study/print.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { ControlFile, controlFile } from "./running-survey.ts";
import { openUnlessInUse } from "./store/database.ts";
import { exportAnswers } from "./store/export-answers.ts";
import { Store } from "./store/store.ts";
import { storeKind } from "./store/store-record.ts";
import { WithdrawalResult, withdrawParticipant } from "./withdraw-participant.ts";

/** `tinylove withdraw`: deletes one participant's answers, also while the survey is being served. */
export const withdraw = command({
  name: "withdraw",
  summary: "Delete what one participant told, also while the survey is being served",
  examples: [
    "tinylove withdraw mz4kq5vj2r7xw3c6tn2d7h4paa --study my-study",
    "tinylove withdraw 5f3c9d1e8b7a6f5e4d3c2b1a",
  ],
  parameters: [
    ["<who>", "their name in participants.csv, their personal link, or their id at the recruiting service"],
  ],
  options: z.object({ who: z.string().trim().min(1) }),
  async run(folder, { who }, effects) {
    const study = await openStudy(folder);
    const { participant, answers, hash } = await withdrawFromStudy(study, who, effects);
    effects.log(`${participant}: ${counted(answers, "answer")} deleted from the store and from judgments/`);
    for (const line of await remainingCopies(study, hash, effects)) effects.log(line);
  },
});

async function withdrawFromStudy(study: Study, who: string, effects: Effects): Promise<WithdrawalResult> {
  const database = await openUnlessInUse(study, effects.env);
  if (!database) return askServer(study, who, effects);
  const store = new Store(database);
  try {
    const done = await withdrawParticipant(store, who, effects.now());
    if (!done) throw unknownParticipant(who);
    await exportAnswers(study, store, effects.warn);
    return done;
  } finally {
    await store.close();
  }
}

const unknownParticipant = (who: string): StudyError =>
  new StudyError(`no participant ${who}`, {
    hint: "name them as in judgments/participants.csv, or by their personal link or their id at the service",
  });

/** The process that has the store open is the only one that may write to it. */
async function askServer(study: Study, who: string, effects: Effects): Promise<WithdrawalResult> {
  const { url, token } = await readJson(
    study.path(controlFile),
    ControlFile,
    "is the survey just starting? try again",
  );
  const response = await effects
    .fetch(`${url}/study/withdraw`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: String(new URLSearchParams({ who })),
      signal: effects.signal,
    })
    .catch((cause: unknown) => {
      throw serverFailed(url, "it broke off", cause);
    });
  if (response.status === 404) throw unknownParticipant(who);
  if (!response.ok) throw serverFailed(url, String(response.status));
  return WithdrawalResult.parse(await response.json());
}

const serverFailed = (url: string, why: string, cause?: unknown): StudyError =>
  new StudyError(`the survey at ${url} did not withdraw anybody (${why})`, {
    hint: "try again, or end it and withdraw then",
    cause,
  });

/** Where the person's answers may still be, which no command can reach or nobody asked it to. */
async function remainingCopies(study: Study, hash: boolean, effects: Effects): Promise<string[]> {
  const backups = (await readdir(study.path("backups")).catch(() => [])).map((name) => `backups/${name}`);
  const made = [];
  for (const name of ["findings", "report", "package"])
    if (await exists(study.path(name))) made.push(`${name}/`);
  return [
    ...(backups.length > 0
      ? [
          `older backups still have the answers: delete or replace ${backups.join(", ")}, and copies elsewhere`,
        ]
      : ["copies of the store that you made elsewhere still have the answers"]),
    ...(made.length > 0
      ? [
          `made before, with the answers counted: ${made.join(", ")}; \`tinylove run\` and \`tinylove package\` make them anew`,
        ]
      : []),
    "a data package that has been published keeps them: replace it where it was published",
    ...((await storeKind(study, effects.env)) === "postgres"
      ? ["PostgreSQL keeps deleted rows in its files until it vacuums, and in its own log and backups"]
      : []),
    ...(hash
      ? ["a keyed hash of the person's id stays in the store, so that the id cannot take part again"]
      : []),
  ];
}
