import pLimit from "p-limit";
import { sha256 } from "../text/hash.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Journal } from "./generation-journal.ts";
import type { Model, Reply, Request } from "./model.ts";

/** Replies from the journal, or from the model if the journal has none. Temporary failures are requested again. */
export async function repliesTo(
  requests: readonly Request[],
  model: Model,
  journal: Journal,
  label: string,
  effects: Effects,
): Promise<Reply[]> {
  const batches = batchesOf(requests, model.batchSize);
  const due = batches.filter((batch) => !journal.entries.get(keyOf(model, batch)));
  if (due.length > 0) await model.prepare?.(due.flat());
  const many = await asOneJob(due.flat(), model, journal);
  const progress = effects.progress(label, requests.length);
  const rate = rateOf(effects);
  const limited = pLimit(model.maxConcurrency);
  // After a first error nothing new starts, but requests under way are awaited: they may still write to the journal.
  let failure: { readonly thrown: unknown } | undefined;
  let done = 0;
  // A batch of a big model takes many minutes, so tokens written so far count as part of it.
  const reportPart = (batch: readonly Request[], tokens: number) => {
    const most = batch.reduce((sum, { sampling }) => sum + sampling.mostTokens, 0);
    progress.to(done + Math.floor((batch.length * tokens) / most), rate.text(tokens));
  };
  const answer = async (batch: readonly Request[]) => {
    if (failure) throw failure.thrown;
    try {
      const cached = journal.entries.get(keyOf(model, batch)) ?? many.get(batch[0]!);
      if (!cached) effects.signal.throwIfAborted();
      const replies =
        cached ?? (await model.write(batch, { onTokens: (tokens) => reportPart(batch, tokens) }));
      if (!cached) {
        rate.add(replies);
        if (!replies.some(isTemporary)) await journal.put(keyOf(model, batch), replies);
      }
      done += replies.length;
      progress.to(done, rate.text());
      return replies;
    } catch (thrown) {
      failure ??= { thrown };
      throw thrown;
    }
  };
  const answers = await Promise.allSettled(batches.map((batch) => limited(answer, batch)));
  progress.end();
  if (failure) throw failure.thrown;
  return answers.flatMap((settled) => (settled.status === "fulfilled" ? settled.value : []));
}

/** A temporary failure is not kept as an answer. */
const isTemporary = (reply: Reply): boolean => "failed" in reply && !reply.permanent;

/** Sends all requests as one job; its replies are in the journal. Returns the failed ones, by request. */
async function asOneJob(
  due: readonly Request[],
  model: Model,
  journal: Journal,
): Promise<ReadonlyMap<Request, readonly Reply[]>> {
  if (!model.writeMany || due.length === 0) return new Map();
  const replies = await model.writeMany(due);
  const failed = new Map<Request, readonly Reply[]>();
  for (const [at, request] of due.entries()) {
    const reply = replies[at]!;
    if (isTemporary(reply)) failed.set(request, [reply]);
    else await journal.put(keyOf(model, [request]), [reply]);
  }
  return failed;
}

/** Everything that determines the replies to a batch. */
const keyOf = ({ address, hash, variant }: Model, batch: readonly Request[]): string =>
  sha256(JSON.stringify([address, hash, ...(variant ? [variant] : []), batch]));

function batchesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

/** Tokens per second since the start. */
function rateOf(effects: Effects) {
  const started = effects.now();
  let tokens = 0;
  return {
    add(replies: readonly Reply[]) {
      for (const reply of replies) if (!("failed" in reply)) tokens += reply.tokens.generated;
    },
    text(underWay = 0) {
      const written = tokens + underWay;
      const seconds = Math.max(1, effects.now() - started) / 1000;
      return written === 0 ? "" : `${(written / seconds).toFixed(1)} tokens/s`;
    },
  };
}
