import type { Generation } from "../study/generation.ts";
import { cleanStory } from "../text/clean-story.ts";
import { untilNextTitle } from "../text/stop.ts";
import { splitReply } from "../text/thinking.ts";
import { countWords } from "../text/words.ts";
import type { Planned, Series } from "./generation-plan.ts";
import type { Model, Reply, Request, Written } from "./model.ts";

/** One attempt at a title, ready to be asked. */
export interface Attempt {
  readonly planned: Planned;
  readonly number: number;
  readonly request: Request;
}

/** What is recorded of an attempt. `thinksUnopened`: see `opensUnseen`. */
export function generationOf(
  { planned, number, request }: Attempt,
  reply: Reply,
  series: Omit<Series, "titles" | "form">,
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

/** Whether the model's own template opened a thinking, as it does where it cannot be switched off. */
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

type Outcome = Pick<
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

/** What begins the reason of a text that ended in thinking. */
const onlyThought = "no story:";

/** Whether an attempt spent all its tokens on thinking: another seed would hardly change that. */
export const thoughtOnly = ({ reason }: Pick<Generation, "reason">): boolean =>
  reason?.startsWith(onlyThought) ?? false;

/**
 * Whether one of the replies closes a thinking that it did not open: the model's template opens it in the prompt, so
 * that a reply of the same model which was cut off without any tag is thinking as well.
 */
export const opensUnseen = (replies: readonly Reply[]): boolean =>
  replies.some((reply) => !("failed" in reply) && splitReply(reply.raw).unopened);

/** A chat that continues with another story labels it on a line of its own, once there is a story before it. */
function firstOf(text: string): string {
  const next = text.search(/\n[ \t]*(?:#{1,6}[ \t]+)?[*_]{0,3}Title[*_]{0,3}:/);
  return next > 0 && countWords(text.slice(0, next)) > 20 ? text.slice(0, next) : text;
}

/** The story in a reply, and what was found around it; `growing` of a reply that is still coming. */
export function storyIn(
  { raw, end, thinking: apart }: Pick<Written, "raw" | "end" | "thinking">,
  { stop }: Pick<Request, "stop">,
  title: string,
  { thinksUnopened = false, growing = false } = {},
) {
  const split = splitReply(raw, { cutOff: end === "limit", thinksUnopened });
  const first = stop === "" ? firstOf(split.text) : untilNextTitle(split.text, stop);
  const { text, removed } = cleanStory(first, title, { growing });
  const thinking = [apart, split.thinking].filter(Boolean).join("\n\n");
  const tokens = split.tokens.map((token) => ({ what: "template token", text: token }));
  return {
    text,
    thinking,
    mixed: split.thinking,
    unfinished: split.unfinished,
    removed: [...tokens, ...removed],
  };
}

function outcomeOf(reply: Reply, request: Request, title: string, thinksUnopened: boolean): Outcome {
  const { ms, at } = reply;
  const nothing = { text: "", raw: "", tokens: { prompt: 0, generated: 0 }, ms, at };
  if ("failed" in reply) {
    return {
      outcome: "failed",
      reason: reply.failed,
      ...(!reply.lasting && { transient: true }),
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
    // Of a reply in which thinking and story are one text it cannot be told which tokens are the story's.
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
