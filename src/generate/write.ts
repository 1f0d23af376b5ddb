import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import { distanceTo, measurable } from "./controls.ts";
import type { FaultFinder } from "./faults.ts";
import type { Journal } from "./generation-journal.ts";
import type { Planned, Series } from "./generation-plan.ts";
import type { Model, Reply } from "./model.ts";
import { type Attempt, closesUnopenedThinking, generationOf, thoughtOnly } from "./record.ts";
import { repliesTo } from "./replies.ts";

/** What all series of a run share. */
export interface RunContext {
  readonly study: Study;
  readonly journal: Journal;
  readonly faults: FaultFinder;
  /** Human stories; levels of tone are ranks among them. */
  readonly training: readonly Story[];
  /** Models whose template was seen to open their thinking (`closesUnopenedThinking`). */
  readonly thinkingInTemplate: Set<unknown>;
  readonly effects: Effects;
}

/**
 * Writes a story for every title of a series, and again if the text has a fault, up to the declared number of
 * attempts. With `bestOf`, every title is drawn that many times, and the text closest to the controls is chosen. All
 * attempts are kept, in the order of the titles.
 */
export async function writeSeries(
  series: Series,
  model: Model,
  { study, journal, faults, training, thinkingInTemplate, effects }: RunContext,
): Promise<Generation[]> {
  const isMeasured = measurable(series.control);
  const distance = isMeasured ? distanceTo(series.control, training) : undefined;
  const tried: { readonly attempt: Attempt; readonly reply: Reply }[] = [];
  const kept = new Map<string, Generation[]>(series.titles.map(({ story }) => [story.id, []]));
  const judge = ({ attempt, reply }: (typeof tried)[number]) => {
    const generation = generationOf(attempt, reply, series, model, thinkingInTemplate.has(series.model));
    return judged(generation, faults, distance);
  };
  const draws = isMeasured ? (study.config.generate.bestOf ?? 1) : 1;
  let due: readonly Planned[] = series.titles;
  const attempts = Math.max(draws, study.config.generate.attempts);
  for (let number = 1; number <= attempts && due.length > 0; number++) {
    const attempted = due.map((planned) => attemptOf(planned, number, series, study));
    const label = `${series.name}${number > 1 ? `, attempt ${number}` : ""}`;
    const requests = attempted.map(({ request }) => request);
    const replies = await repliesTo(requests, model, journal, label, effects);
    const learned = !thinkingInTemplate.has(series.model) && closesUnopenedThinking(replies);
    const fresh = attempted.map((attempt, at) => ({ attempt, reply: replies[at]! }));
    tried.push(...fresh);
    // A reply that shows how the model's template works changes how all replies are read.
    if (learned) {
      thinkingInTemplate.add(series.model);
      for (const own of kept.values()) own.length = 0;
    }
    for (const each of learned ? tried : fresh) kept.get(each.attempt.planned.story.id)!.push(judge(each));
    const lost = new Set(
      attempted
        .filter(({ planned }, at) => failsPermanently(replies[at]!, kept.get(planned.story.id)!.at(-1)!))
        .map(({ planned }) => planned),
    );
    due = due.filter(
      (planned) => !lost.has(planned) && (number < draws || kept.get(planned.story.id)!.every(faulty)),
    );
  }
  return [...kept.values()].flatMap((all) => (draws > 1 ? withChoice(all) : all));
}

/** Whether another seed would not help: the request failed (also after retries), or there was only thinking. */
const failsPermanently = (reply: Reply, generation: Generation): boolean =>
  "failed" in reply || thoughtOnly(generation);

/** A generation with a reason has a fault. */
const faulty = ({ reason }: Generation): boolean => reason !== undefined;

/** Marks the text closest to the controls, if possible one without a fault. */
function withChoice(tried: readonly Generation[]): Generation[] {
  const penalty = ({ text, reason, distance = 1 }: Generation): number =>
    distance + (text === "" ? 4 : reason === undefined ? 0 : 2);
  const nearest = tried.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
  return tried.map((generation) => ({ ...generation, chosen: generation === nearest }));
}

function judged(
  generation: Generation,
  faults: FaultFinder,
  distanceOf?: (text: { text: string }) => number,
): Generation {
  if (generation.text === "") return generation;
  const distance = distanceOf?.(generation);
  const measured = { ...generation, ...(distance !== undefined && { distance }) };
  const fault = faults.of(generation.text, generation.title, generation.examples, generation.prompt.text);
  if (fault) {
    const { outcome = measured.outcome, what } = fault;
    // A text that may not be shown stays in the raw reply.
    return { ...measured, outcome, ...(outcome === "failed" && { text: "" }), reason: what };
  }
  return measured;
}

/**
 * The seed of an attempt depends on the study's seed and on its own model, condition and title, never on other
 * requests.
 */
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
      ...("logProbabilities" in series.model && series.model.logProbabilities && { logProbabilities: true }),
    },
  };
}
