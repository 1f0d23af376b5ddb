import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { APIError, toFile } from "openai";
import { z } from "zod";
import { tokenLimit } from "../llm/served/dialect.ts";
import { answerOf } from "../llm/served/reply.ts";
import { isTemporary, TransientError, withRetries } from "../llm/served/retry.ts";
import type { Server } from "../llm/served/server.ts";
import { serverMessage } from "../llm/served/server-message.ts";
import type { ServedSettings } from "../study/settings/models.ts";
import { sha256 } from "../text/hash.ts";
import { type Effects, timestamp } from "../workbench/effects.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { exists, jsonLines, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { CostBudget } from "./cost-budget.ts";
import type { Reply, Request } from "./model.ts";

export interface BatchJob {
  readonly server: Server;
  readonly settings: ServedSettings;
  readonly study: Study;
  readonly effects: Effects;
  readonly budget: CostBudget;
  /** Settings that change a reply besides the request itself. */
  readonly variant: string | undefined;
}

/**
 * Sends all requests as one job of the Batch API: uploads a file, starts a job, polls it until it ends, and fetches
 * the results. The job's id is saved as soon as there is one, so that a run that is killed while it waits returns to
 * the same job and pays for nothing twice.
 */
export async function writeMany(requests: readonly Request[], job: BatchJob): Promise<Reply[]> {
  const { server, settings, effects, budget, variant } = job;
  const started = effects.now();
  const about = [settings.address, server.base, server.dialect.api, ...(variant ? [variant] : []), requests];
  const key = sha256(JSON.stringify(about));
  const before = await openJob(key, job);
  // The run that started a job has reserved its cost.
  const reserved = before
    ? undefined
    : await budget.reserveJob(requests, (request) => tokenLimit(server.body(request)));
  const id = before ?? (await startJob(key, requests, job));
  const results = await resultsOf(id, requests.length, job);
  await recordJob(job, { key, id: null });
  const replies: Reply[] = [];
  for (const [at, request] of requests.entries()) {
    const reply = replyOf(results.get(String(at)), request, job, effects.now() - started);
    const own = reserved?.[at];
    if ("failed" in reply) await own?.release();
    else await own?.pay(reply.tokens);
    replies.push(reply);
  }
  return replies;
}

const journalOf = (study: Study): string => study.path(".tinylove", "batches.jsonl");

const Entry = z.object({ key: z.string(), id: z.string().nullable() });

/** The id of a job for the same requests that was started and not fetched. */
async function openJob(key: string, { study }: BatchJob): Promise<string | undefined> {
  if (!(await exists(journalOf(study)))) return undefined;
  let id: string | null = null;
  for (const line of (await readText(journalOf(study))).split("\n")) {
    const entry = parsed(line, Entry);
    if (entry?.key === key) id = entry.id;
  }
  return id ?? undefined;
}

async function recordJob({ study }: BatchJob, entry: z.infer<typeof Entry>): Promise<void> {
  await mkdir(dirname(journalOf(study)), { recursive: true });
  await appendFile(journalOf(study), `${JSON.stringify(entry)}\n`, { flush: true });
}

async function startJob(key: string, requests: readonly Request[], job: BatchJob): Promise<string> {
  const { client, dialect, body } = job.server;
  const endpoint = dialect.api === "chat" ? "/v1/chat/completions" : "/v1/completions";
  const lines = requests.map((request, at) => ({
    custom_id: String(at),
    method: "POST",
    url: endpoint,
    body: body(request),
  }));
  const file = await toFile(Buffer.from(jsonLines(lines)), "requests.jsonl");
  const sent = await callApi(job, (signal) => client.files.create({ file, purpose: "batch" }, { signal }));
  const batch = await callApi(job, (signal) =>
    client.batches.create({ input_file_id: sent.id, endpoint, completion_window: "24h" }, { signal }),
  );
  await recordJob(job, { key, id: batch.id });
  return batch.id;
}

const longestWait = 60_000;

async function resultsOf(
  id: string,
  count: number,
  job: BatchJob,
): Promise<Map<string, z.infer<typeof Line>>> {
  const { settings, effects } = job;
  const { client } = job.server;
  const progress = effects.progress(`${settings.address}, job ${id}`, count);
  let wait = Math.max(1, 1000 * settings.wait);
  try {
    for (;;) {
      const batch = await callApi(job, (signal) => client.batches.retrieve(id, { signal }));
      const { completed = 0, failed = 0 } = batch.request_counts ?? {};
      progress.to(completed + failed, batch.status);
      if (batch.status === "completed" || batch.status === "expired" || batch.status === "cancelled") {
        const files = [batch.output_file_id, batch.error_file_id].filter(
          (file) => file !== undefined && file !== null,
        );
        return linesOf(await Promise.all(files.map((file) => contentOf(file, job))));
      }
      if (batch.status === "failed") {
        const why = batch.errors?.data?.[0]?.message ?? "no reason given";
        throw new StudyError(`${settings.address}: the server refused the job ${id}: ${why}`, {
          hint: "fix the cause, or set `batch: false`",
        });
      }
      await sleep(wait, undefined, { signal: effects.signal });
      wait = Math.min(longestWait, 2 * wait);
    }
  } finally {
    progress.end();
  }
}

const contentOf = (file: string, job: BatchJob): Promise<string> =>
  callApi(job, async (signal) => (await job.server.client.files.content(file, { signal })).text());

const Line = z.looseObject({
  custom_id: z.string(),
  response: z.looseObject({ status_code: z.number(), body: z.unknown() }).nullish(),
  error: z.looseObject({ message: z.string().nullish() }).nullish(),
});

/** Results by index of their request; the file may have any order. */
function linesOf(contents: readonly string[]): Map<string, z.infer<typeof Line>> {
  const lines = contents
    .flatMap((content) => content.split("\n"))
    .flatMap((line) => parsed(line, Line) ?? []);
  return new Map(lines.map((line) => [line.custom_id, line]));
}

function replyOf(
  line: z.infer<typeof Line> | undefined,
  request: Request,
  { server, effects }: BatchJob,
  ms: number,
): Reply {
  const at = timestamp(effects);
  if (!line?.response) return { failed: line?.error?.message ?? "the job has no result for it", ms, at };
  const { status_code: status, body } = line.response;
  if (status >= 400) {
    const reason = serverMessage(body)?.message;
    return { failed: `${status}${reason ? ` ${reason}` : ""}`, permanent: !isTemporary(status), ms, at };
  }
  try {
    const record = server.recordOf(request, server.body(request));
    return { ...answerOf(body, server.dialect, request.prompt.text), ...record, ms, at };
  } catch (thrown) {
    if (thrown instanceof TransientError) return { failed: thrown.message, ms, at };
    throw thrown;
  }
}

function parsed<T>(line: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** A call of the API, repeated after temporary errors. */
async function callApi<T>(
  { settings, effects }: BatchJob,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const task = async () => {
    try {
      return await call(AbortSignal.any([effects.signal, AbortSignal.timeout(1000 * settings.timeout)]));
    } catch (cause) {
      effects.signal.throwIfAborted();
      const status = cause instanceof APIError ? cause.status : undefined;
      if (status === undefined || status === 429 || status >= 500) {
        throw new TransientError(messageOf(cause), { cause });
      }
      throw new StudyError(`${settings.address}: the Batch API refused: ${messageOf(cause)}`, {
        hint: "correct the key or the model, or set `batch: false`",
        cause,
      });
    }
  };
  try {
    return await withRetries(task, {
      retries: settings.retries,
      wait: 1000 * settings.wait,
      seed: 0,
      effects,
    });
  } catch (thrown) {
    if (!(thrown instanceof TransientError)) throw thrown;
    throw new StudyError(`${settings.address}: the Batch API does not answer: ${thrown.message}`, {
      hint: "run it again later; a started job continues on the server",
      cause: thrown,
    });
  }
}
