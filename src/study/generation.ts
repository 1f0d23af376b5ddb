import { z } from "zod";
import { formerGeneration, formerModel, withCurrentNames } from "./former-names.ts";

/** How a generation ended: with a text, with one cut at the token limit, with a refusal, or with an error. */
export const GenerationOutcome = z.enum(["text", "cut short", "refused", "failed"]);
export type GenerationOutcome = z.infer<typeof GenerationOutcome>;

const orProvider = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.literal("provider")]);

/**
 * The sampling settings. Every field is passed to the model; `provider` means that it was left to the server's own
 * default, because the study says so or the server does not accept it.
 */
export const Sampling = z.strictObject({
  temperature: orProvider(z.number().nonnegative()),
  topP: orProvider(z.number().positive().max(1)),
  topK: orProvider(z.int().nonnegative()),
  minP: orProvider(z.number().min(0).max(1)),
  repeatPenalty: orProvider(z.number().positive()),
  leastTokens: orProvider(z.int().nonnegative()),
  mostTokens: z.int().positive(),
});
export type Sampling = Readonly<z.infer<typeof Sampling>>;

const CurrentGeneration = z.strictObject({
  id: z.string().min(1),
  /** The id of the corpus story with this title. */
  story: z.string(),
  title: z.string(),
  model: z.preprocess(
    (model) => withCurrentNames(model, formerModel),
    z.strictObject({
      /** Its name in study.yaml, if it has one: two models may have the same address. */
      name: z.string().optional(),
      address: z.string(),
      /** SHA-256 of the model file, or the model's name as the server reports it. */
      hash: z.string(),
      /** True for a dummy such as `echo:`, which is not a language model and only tests the pipeline. */
      dummy: z.boolean().optional(),
    }),
  ),
  prompt: z.strictObject({
    template: z.string(),
    hash: z.string(),
    text: z.string(),
    /** The prompt as the model's own chat template rendered it. */
    rendered: z.string().optional(),
  }),
  /** Stories of the corpus shown as examples, in order. */
  examples: z.array(z.string()),
  /** What was requested beyond the title (tone, dialogue ...), if anything. */
  control: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  seed: z.int(),
  attempt: z.int().positive(),
  /** If several were drawn to choose from: whether this one was chosen. */
  chosen: z.boolean().optional(),
  /** How far the text is from what was requested beyond the title, 0 to 1, if that was measured. */
  distance: z.number().min(0).max(1).optional(),
  settings: Sampling,
  /** The fields of a request to a server as they were sent, without the prompt. */
  sent: z.record(z.string(), z.json()).optional(),
  outcome: GenerationOutcome,
  /** The story, without thinking and additions around it, up to the model's next title; empty if it failed. */
  text: z.string(),
  /** Everything that the model wrote. */
  raw: z.string(),
  /** The model's thinking before the story. */
  thinking: z.string().optional(),
  /** What was removed from around the story (`text/clean-story.ts`), in order; absent if nothing was. */
  removed: z.array(z.strictObject({ what: z.string(), text: z.string() })).optional(),
  reason: z.string().optional(),
  /**
   * True for a temporary failure, such as a lost connection: the next run repeats the request. Other failures are kept.
   */
  transient: z.boolean().optional(),
  tokens: z.strictObject({
    prompt: z.int().nonnegative(),
    generated: z.int().nonnegative(),
    /** Tokens of thinking among those generated, if the server counts them. */
    thinking: z.int().nonnegative().optional(),
    /** True if the server did not count: then four bytes count as a token. */
    estimated: z.literal(true).optional(),
  }),
  /** Mean log-probability of the generated tokens, natural logarithm, if the model reports it. */
  logProbability: z.number().optional(),
  /** The log-probability of each token, if requested, from the model's full distribution. */
  logProbabilities: z.array(z.number()).optional(),
  ms: z.number().nonnegative(),
  at: z.string(),
});
/**
 * One attempt of one model at one title: a line of `generations/<model>/<prompt>.jsonl`. A failed attempt is also
 * recorded, with its reason.
 */
export const Generation = z.preprocess(
  (generation) => withCurrentNames(generation, formerGeneration),
  CurrentGeneration,
);
export type Generation = Readonly<z.infer<typeof Generation>>;

/** What identifies a model in its study: its name if it has one, else its address. */
export const modelName = ({ model }: Pick<Generation, "model">): string => model.name ?? model.address;

/**
 * A condition, a model with a prompt: forms have the same number of stories from each, and tables have a row for each.
 */
export const conditionName = (generation: Pick<Generation, "model" | "prompt">): string =>
  `${modelName(generation)} ${generation.prompt.template}`;

/**
 * Conditions as reports name them: by the model alone where no model has two prompts, and without the provider or folder
 * of its address where that is clear (`smollm2` for `llama:smollm2 one-shot`). An empty name stays empty.
 */
export function shortConditions(conditions: Iterable<string>): (condition: string) => string {
  const all = [...new Set(conditions)].filter(Boolean);
  const areClear = (names: readonly string[]) => new Set(names).size === all.length;
  const models = all.map(modelIn);
  const names = areClear(models) ? models : all;
  const plain = names.map(withoutProvider);
  const shown = areClear(plain) ? plain : names;
  const short = new Map(all.map((condition, at) => [condition, shown[at]!]));
  return (condition) => short.get(condition) ?? condition;
}

const withoutProvider = (name: string): string => name.replace(/^[a-z]+:(?=\S)(?:\S*\/)?/, "");

/** The model of a condition; the whole name if it has no prompt. */
const modelIn = (condition: string): string => /^(.+) \S+$/.exec(condition)?.[1] ?? condition;

/** Whether an attempt at a title is selected before another: the one that was chosen, else the later one. */
export const isPreferred = (
  one: Pick<Generation, "chosen" | "attempt">,
  other: Pick<Generation, "chosen" | "attempt">,
): boolean =>
  (one.chosen ?? false) === (other.chosen ?? false) ? one.attempt > other.attempt : one.chosen === true;

/** The selected attempt of those with the same `keyOf`, in the order of their first attempts. */
export function selectedAttemptsBy(
  generations: Iterable<Generation>,
  keyOf: (generation: Generation) => string,
): Generation[] {
  const selected = new Map<string, Generation>();
  for (const generation of generations) {
    const key = keyOf(generation);
    const other = selected.get(key);
    if (!other || isPreferred(generation, other)) selected.set(key, generation);
  }
  return [...selected.values()];
}

/** The selected attempt for each condition and title. */
export const selectedAttempts = (generations: Iterable<Generation>): Generation[] =>
  selectedAttemptsBy(generations, (each) => `${each.story}\n${conditionName(each)}`);

/** How many drafts were kept: drawing again, cleaning and choosing are selection, and are reported. */
export interface Selection {
  readonly titles: number;
  /** Every attempt at a title. */
  readonly drafts: number;
  /** Drafts that were replaced by another one for the same title. */
  readonly redrawn: number;
  /** Selected texts: at most one per title. */
  readonly kept: number;
  /** Of those kept, texts from which thinking or additions around the story were removed. */
  readonly cleaned: number;
  /** Of those kept, texts that are the first draft for their title. */
  readonly first: number;
  /** Of those kept, texts with a fault, because every attempt had one. */
  readonly faulty: number;
}

/** The selection among the attempts of one condition. */
export function selectionOf(generations: readonly Generation[]): Selection {
  const selected = selectedAttemptsBy(generations, ({ story }) => story);
  const kept = selected.filter(({ text }) => text !== "");
  return {
    titles: selected.length,
    drafts: generations.length,
    redrawn: generations.length - selected.length,
    kept: kept.length,
    cleaned: kept.filter(({ removed, thinking }) => removed !== undefined || thinking !== undefined).length,
    first: kept.filter(({ attempt }) => attempt === 1).length,
    faulty: kept.filter(({ reason }) => reason !== undefined).length,
  };
}
