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

/** `tinylove withdraw`: deletes one participant's answers, also while the survey is running. */
export const withdraw = command({
  name: "withdraw",
  examples: [
    "tinylove withdraw mz4kq5vj2r7xw3c6tn2d7h4paa --study my-study",
    "tinylove withdraw 5f3c9d1e8b7a6f5e4d3c2b1a",
  ],
  parameters: [
    [
      "<who>",
      "the participant in participants.csv, their personal link, or their id at the recruiting service",
    ],
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
    hint: "use the name in judgments/participants.csv, the personal link, or the id at the recruiting service",
  });

/** Only the process that has the store open may write to it. */
async function askServer(study: Study, who: string, effects: Effects): Promise<WithdrawalResult> {
  const { url, token } = await readJson(
    study.path(controlFile),
    ControlFile,
    "the survey may still be starting: try again",
  );
  const response = await effects
    .fetch(`${url}/control/withdraw`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: String(new URLSearchParams({ who })),
      signal: effects.signal,
    })
    .catch((cause: unknown) => {
      throw serverFailed(url, "the connection broke", cause);
    });
  if (response.status === 404) throw unknownParticipant(who);
  if (!response.ok) throw serverFailed(url, String(response.status));
  return WithdrawalResult.parse(await response.json());
}

const serverFailed = (url: string, why: string, cause?: unknown): StudyError =>
  new StudyError(`the survey at ${url} withdrew nobody (${why})`, {
    hint: "try again, or stop the survey and run `tinylove withdraw` again",
    cause,
  });

/** Where the answers may still be: copies that this command cannot or does not change. */
async function remainingCopies(study: Study, hash: boolean, effects: Effects): Promise<string[]> {
  const backups = (await readdir(study.path("backups")).catch(() => [])).map((name) => `backups/${name}`);
  const made = [];
  for (const name of ["findings", "report", "package"])
    if (await exists(study.path(name))) made.push(`${name}/`);
  return [
    ...(backups.length > 0
      ? [
          `older backups still contain the answers: delete or replace ${backups.join(", ")} and copies elsewhere`,
        ]
      : ["copies of the store that you made elsewhere still contain the answers"]),
    ...(made.length > 0
      ? [
          `these were made with the answers: ${made.join(", ")}; run \`tinylove run\` and \`tinylove package\` again`,
        ]
      : []),
    "a published data package still contains them: replace it where it was published",
    ...((await storeKind(study, effects.env)) === "postgres"
      ? ["PostgreSQL keeps deleted rows in its files until it vacuums, and in its log and backups"]
      : []),
    ...(hash
      ? ["a keyed hash of the person's id stays in the store, so that the id cannot be used again"]
      : []),
  ];
}
