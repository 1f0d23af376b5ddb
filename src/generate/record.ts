import type { Generation } from "../study/generation.ts";
import { cleanStory } from "../text/clean-story.ts";
import { untilNextTitle } from "../text/stop.ts";
import { splitReply } from "../text/thinking.ts";
import { countWords } from "../text/words.ts";
import type { Planned, Series } from "./generation-plan.ts";
import type { Model, Reply, Request, Written } from "./model.ts";

/** One attempt at a title, ready to be sent. */
export interface Attempt {
  readonly planned: Planned;
  readonly number: number;
  readonly request: Request;
}

/** The record of an attempt. For `thinksUnopened` see `closesUnopenedThinking`. */
export function generationOf(
  { planned, number, request }: Attempt,
  reply: Reply,
  series: Omit<Series, "titles" | "format">,
  model: Model,
  thinksUnopened = false,
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
      ...(model.dummy && { dummy: true }),
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
    settings: ("sampled" in reply && reply.sampled) || request.sampling,
    ...("sent" in reply && reply.sent && { sent: reply.sent as NonNullable<Generation["sent"]> }),
    ...outcomeOf(reply, request, story.title, thinksUnopened || opensThinking(reply)),
  };
}

/** Whether the model's own template opened a thinking block, as templates do if it cannot be switched off. */
const opensThinking = (reply: Reply): boolean =>
  "rendered" in reply && /<think>\s*$/.test(reply.rendered ?? "");

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

type OutcomeFields = Pick<
  Generation,
  | "outcome"
  | "text"
  | "raw"
  | "thinking"
  | "removed"
  | "reason"
  | "transient"
  | "tokens"
  | "logProbability"
  | "logProbabilities"
  | "ms"
  | "at"
>;

export const wroteNothing = "the model wrote nothing";

/** The start of the reason if a reply was only thinking. */
const onlyThought = "no story:";

/** Whether an attempt spent all its tokens on thinking; another seed would hardly change that. */
export const thoughtOnly = ({ reason }: Pick<Generation, "reason">): boolean =>
  reason?.startsWith(onlyThought) ?? false;

/**
 * Whether one of the replies closes a thinking block that it did not open. Then the model's template opens it in the
 * prompt, and a reply of the same model that was cut off without any tag is thinking too.
 */
export const closesUnopenedThinking = (replies: readonly Reply[]): boolean =>
  replies.some((reply) => !("failed" in reply) && splitReply(reply.raw).unopened);

/** A chat reply that continues with another story has a title line after the first story. */
function firstOf(text: string): string {
  const next = text.search(/\n[ \t]*(?:#{1,6}[ \t]+)?[*_]{0,3}Title[*_]{0,3}:/);
  return next > 0 && countWords(text.slice(0, next)) > 20 ? text.slice(0, next) : text;
}

/** The story in a reply, and what was found around it. `growing`: the reply is not complete yet. */
export function storyIn(
  { raw, end, thinking: separate }: Pick<Written, "raw" | "end" | "thinking">,
  { stop }: Pick<Request, "stop">,
  title: string,
  { thinksUnopened = false, growing = false } = {},
) {
  const split = splitReply(raw, { cutOff: end === "limit", thinksUnopened });
  const first = stop === "" ? firstOf(split.text) : untilNextTitle(split.text, stop);
  const { text, removed } = cleanStory(first, title, { growing });
  const thinking = [separate, split.thinking].filter(Boolean).join("\n\n");
  const tokens = split.tokens.map((token) => ({ what: "template token", text: token }));
  return {
    text,
    thinking,
    mixed: split.thinking,
    unfinished: split.unfinished,
    removed: [...tokens, ...removed],
  };
}

function outcomeOf(reply: Reply, request: Request, title: string, thinksUnopened: boolean): OutcomeFields {
  const { ms, at } = reply;
  const nothing = { text: "", raw: "", tokens: { prompt: 0, generated: 0 }, ms, at };
  if ("failed" in reply) {
    return {
      outcome: "failed",
      reason: reply.failed,
      ...(!reply.permanent && { transient: true }),
      ...nothing,
    };
  }
  const { raw, end, tokens } = reply;
  const { text, thinking, mixed, unfinished, removed } = storyIn(reply, request, title, { thinksUnopened });
  const written = {
    raw,
    ...(thinking !== "" && { thinking }),
    ...(removed.length > 0 && { removed }),
    tokens,
    // If thinking and story are in one text, it is unknown which tokens belong to the story.
    ...(mixed === "" && likelihoodOf(reply)),
    ms,
    at,
  };
  if (end === "refused") {
    return { outcome: "refused", reason: "the server withheld the text", text: "", ...written };
  }
  if (text === "") {
    const spent = end === "limit" && (unfinished || thinking !== "" || raw.trim() === "");
    const reason = spent ? `${onlyThought} all ${tokens.generated} tokens went into thinking` : wroteNothing;
    return { outcome: "failed", reason, text, ...written };
  }
  const { stop } = request;
  return {
    outcome: end === "limit" && (stop === "" || !raw.includes(stop)) ? "cut short" : "text",
    text,
    ...written,
  };
}
