import pLimit from "p-limit";
import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import { sha256 } from "../text/hash.ts";
import { untilNextTitle } from "../text/stop.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import { distanceTo, farFromWish, measurable } from "./controls.ts";
import type { FaultFinder } from "./faults.ts";
import type { Journal } from "./journal.ts";
import type { Model, Reply, Request, Written } from "./model.ts";
import type { Planned, Series } from "./plan.ts";

/** One attempt at a title, ready to be asked. */
export interface Attempt {
  readonly planned: Planned;
  readonly number: number;
  readonly request: Request;
}

/** What all series of a run have in common. */
export interface Writing {
  readonly study: Study;
  readonly journal: Journal;
  readonly faults: FaultFinder;
  /** People's stories that levels of tone are places among. */
  readonly training: readonly Story[];
  readonly effects: Effects;
}

/**
 * Writes a story to every title of a series, and again to those whose text has a fault, up to the declared number
 * of attempts. Under `bestOf` every title is drawn so many times, and the text nearest to what is asked for is
 * chosen. All attempts are kept, in the order of the titles.
 */
export async function writeSeries(
  series: Series,
  model: Model,
  { study, journal, faults, training, effects }: Writing,
): Promise<Generation[]> {
  const kept = new Map<string, Generation[]>(series.titles.map(({ story }) => [story.id, []]));
  const toBeMeasured = measurable(series.control);
  const distance = toBeMeasured ? distanceTo(series.control, training) : undefined;
  const draws = toBeMeasured ? (study.config.generate.bestOf ?? 1) : 1;
  let due: readonly Planned[] = series.titles;
  const attempts = Math.max(draws, study.config.generate.attempts);
  for (let number = 1; number <= attempts && due.length > 0; number++) {
    const asked = due.map((planned) => attemptOf(planned, number, series, study));
    const label = `${series.name}${number > 1 ? `, attempt ${number}` : ""}`;
    const requests = asked.map(({ request }) => request);
    const replies = await answered(requests, model, journal, label, effects);
    asked.forEach((attempt, at) => {
      const generation = generationOf(attempt, replies[at]!, series, model);
      kept.get(attempt.planned.story.id)!.push(judged(generation, faults, distance));
    });
    if (number >= draws) due = due.filter(({ story }) => kept.get(story.id)!.every(faulty));
  }
  return [...kept.values()].flatMap((tried) => (draws > 1 ? withChoice(tried) : tried));
}

/** Whatever ends with a reason has a fault. */
const faulty = ({ reason }: Generation): boolean => reason !== undefined;

/** Marks the text that is nearest to what was asked for: of those without another fault, while there are any. */
function withChoice(tried: readonly Generation[]): Generation[] {
  const worse = ({ text, reason, distance = 1 }: Generation): number =>
    distance + (text === "" ? 4 : reason === undefined || reason.startsWith(far) ? 0 : 2);
  const nearest = tried.reduce((best, next) => (worse(next) < worse(best) ? next : best));
  return tried.map((generation) => ({ ...generation, chosen: generation === nearest }));
}

const far = "far from what was asked for";

function judged(
  generation: Generation,
  faults: FaultFinder,
  distanceOf?: (text: { text: string }) => number,
): Generation {
  if (generation.text === "") return generation;
  const distance = distanceOf?.(generation);
  const measured = { ...generation, ...(distance !== undefined && { distance }) };
  const fault = faults.of(generation.text);
  if (fault)
    return { ...measured, ...(fault.refused && { outcome: "refused" as const }), reason: fault.what };
  return distance !== undefined && distance > farFromWish
    ? { ...measured, reason: `${far}: ${distance.toFixed(2)} of 1` }
    : measured;
}

/** The seed of an attempt follows from the study's, and from what is asked of whom, never from what else is asked. */
function attemptOf(planned: Planned, number: number, series: Series, study: Study): Attempt {
  const labels = [series.name, series.condition, planned.story.id, number];
  const seed = study.random("generate", ...labels).integer(0, 2 ** 31 - 1);
  return {
    planned,
    number,
    request: {
      prompt: planned.prompt,
      stop: series.template.stop,
      seed,
      sampling: series.sampling,
      ...(series.model.logProbabilities && { logProbabilities: true }),
    },
  };
}

/** Replies from the journal where it has them, from the model where not. Failures are asked for again. */
export async function answered(
  requests: readonly Request[],
  model: Model,
  journal: Journal,
  label: string,
  effects: Effects,
): Promise<Reply[]> {
  const batches = batchesOf(requests, model.together);
  const due = batches.filter((batch) => !journal.entries.get(keyOf(model, batch)));
  if (due.length > 0) await model.prepare?.(due.flat());
  const many = await asOneJob(due.flat(), model, journal);
  const progress = effects.progress(label, requests.length);
  const rate = rateOf(effects);
  const atOnce = pLimit(model.atOnce);
  // After a first error nothing new begins, but what is under way is waited for: it may still write to the journal.
  let failure: { readonly thrown: unknown } | undefined;
  let done = 0;
  // A batch of a big model takes many minutes; what it has written of its most counts as part of it.
  const tellPart = (batch: readonly Request[], tokens: number) => {
    const most = batch.reduce((sum, { sampling }) => sum + sampling.mostTokens, 0);
    progress.to(done + Math.floor((batch.length * tokens) / most), rate.note(tokens));
  };
  const answer = async (batch: readonly Request[]) => {
    if (failure) throw failure.thrown;
    try {
      const cached = journal.entries.get(keyOf(model, batch)) ?? many.get(batch[0]!);
      if (!cached) effects.signal.throwIfAborted();
      const replies = cached ?? (await model.write(batch, { onTokens: (tokens) => tellPart(batch, tokens) }));
      if (!cached) {
        rate.add(replies);
        // A failure may be asked for again, so it is no answer to keep.
        if (!replies.some((reply) => "failed" in reply && !reply.lasting))
          await journal.put(keyOf(model, batch), replies);
      }
      done += replies.length;
      progress.to(done, rate.note());
      return replies;
    } catch (thrown) {
      failure ??= { thrown };
      throw thrown;
    }
  };
  const answers = await Promise.allSettled(batches.map((batch) => atOnce(answer, batch)));
  progress.end();
  if (failure) throw failure.thrown;
  return answers.flatMap((settled) => (settled.status === "fulfilled" ? settled.value : []));
}

/** The replies that one big job failed to bring, by their requests; what it brought is in the journal. */
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
    if ("failed" in reply) failed.set(request, [reply]);
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

/** Tokens a second since the first reply was waited for. */
function rateOf(effects: Effects) {
  const started = effects.now();
  let tokens = 0;
  return {
    add(replies: readonly Reply[]) {
      for (const reply of replies) if (!("failed" in reply)) tokens += reply.tokens.generated;
    },
    note(underWay = 0) {
      const written = tokens + underWay;
      const seconds = Math.max(1, effects.now() - started) / 1000;
      return written === 0 ? "" : `${(written / seconds).toFixed(1)} tokens/s`;
    },
  };
}

/** What is recorded of an attempt. */
export function generationOf(
  { planned, number, request }: Attempt,
  reply: Reply,
  series: Omit<Series, "titles">,
  model: Model,
): Generation {
  const { story, examples, prompt } = planned;
  return {
    id: [series.name, series.condition, story.id, number].join("/"),
    story: story.id,
    title: story.title,
    model: {
      ...(series.model.name && { name: series.name }),
      address: model.address,
      hash: ("served" in reply && reply.served) || model.hash,
      ...(model.pretend && { pretend: true }),
    },
    prompt: { template: series.condition, hash: series.template.hash, text: prompt.text },
    examples: examples.map(({ id }) => id),
    ...(Object.keys(series.control).length > 0 && { control: { ...series.control } }),
    seed: request.seed,
    attempt: number,
    settings: request.sampling,
    ...outcomeOf(reply, request),
  };
}

function likelihoodOf({
  logProbability,
  logProbabilities = [],
}: Written): Pick<Generation, "logProbability" | "logProbabilities"> {
  if (logProbabilities.length === 0) return logProbability === undefined ? {} : { logProbability };
  const sum = logProbabilities.reduce((total, each) => total + each, 0);
  return {
    logProbability: sum / logProbabilities.length,
    logProbabilities: logProbabilities.map((each) => Number(each.toFixed(4))),
  };
}

type Outcome = Pick<
  Generation,
  "outcome" | "text" | "raw" | "reason" | "tokens" | "logProbability" | "logProbabilities" | "ms" | "at"
>;

function outcomeOf(reply: Reply, { stop }: Request): Outcome {
  const { ms, at } = reply;
  const nothing = { text: "", raw: "", tokens: { prompt: 0, generated: 0 }, ms, at };
  if ("failed" in reply) return { outcome: "failed", reason: reply.failed, ...nothing };
  const { raw, end, tokens } = reply;
  const written = { raw, tokens, ...likelihoodOf(reply), ms, at };
  if (end === "refused") {
    return { outcome: "refused", reason: "the server withheld the text", text: "", ...written };
  }
  const text = untilNextTitle(raw, stop);
  if (text === "") return { outcome: "failed", reason: "the model wrote nothing", text, ...written };
  return { outcome: end === "limit" && !raw.includes(stop) ? "cut short" : "text", text, ...written };
}
