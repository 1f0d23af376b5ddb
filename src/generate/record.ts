import type { Generation } from "../study/generation.ts";
import { untilNextTitle } from "../text/stop.ts";
import type { Model, Reply, Request, Written } from "./model.ts";
import type { Planned, Series } from "./plan.ts";

/** One attempt at a title, ready to be asked. */
export interface Attempt {
  readonly planned: Planned;
  readonly number: number;
  readonly request: Request;
}

/** What is recorded of an attempt. */
export function generationOf(
  { planned, number, request }: Attempt,
  reply: Reply,
  series: Omit<Series, "titles" | "form">,
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
    prompt: {
      template: series.condition,
      hash: series.template.hash,
      text: prompt.text,
      ...("rendered" in reply && reply.rendered !== undefined && { rendered: reply.rendered }),
    },
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
  | "outcome"
  | "text"
  | "raw"
  | "reason"
  | "passing"
  | "tokens"
  | "logProbability"
  | "logProbabilities"
  | "ms"
  | "at"
>;

export const wroteNothing = "the model wrote nothing";

function outcomeOf(reply: Reply, { stop }: Request): Outcome {
  const { ms, at } = reply;
  const nothing = { text: "", raw: "", tokens: { prompt: 0, generated: 0 }, ms, at };
  if ("failed" in reply) {
    return { outcome: "failed", reason: reply.failed, ...(!reply.lasting && { passing: true }), ...nothing };
  }
  const { raw, end, tokens } = reply;
  const written = { raw, tokens, ...likelihoodOf(reply), ms, at };
  if (end === "refused") {
    return { outcome: "refused", reason: "the server withheld the text", text: "", ...written };
  }
  const text = untilNextTitle(raw, stop);
  if (text === "") return { outcome: "failed", reason: wroteNothing, text, ...written };
  return { outcome: end === "limit" && !raw.includes(stop) ? "cut short" : "text", text, ...written };
}
