import { TextSet } from "../coding/text-sets.ts";
import { countingAttempts, modelName } from "../study/generation.ts";
import { countWords } from "../text/words.ts";
import type { Published } from "./published.ts";
import { sortedBy, type Table } from "./table.ts";
import { textCells, textColumns, withoutFolders } from "./text-columns.ts";
import type { Publishing } from "./texts.ts";

/** All that the models wrote, with what determined it. */
export function generationsTable({ generations, factorial, stories }: Published, rules: Publishing): Table {
  const ids = new Set(stories.map(({ id }) => id));
  const counting = new Set([...countingAttempts(generations), ...factorial]);
  const lotted = [
    ...generations.map((generation) => ["study", generation] as const),
    ...factorial.map((generation) => ["factorial", generation] as const),
  ];
  return {
    name: "generations",
    title: "What models wrote, a row an attempt",
    key: "generation",
    columns: [
      { name: "generation", type: "string", required: true, meaning: "The attempt" },
      {
        name: "text_set",
        type: "string",
        required: true,
        levels: TextSet.options,
        meaning: "Written for the study, or for the factorial of titles and examples",
      },
      { name: "story", type: "string", refersTo: "stories", meaning: "The story whose title was given" },
      { name: "title", type: "string", required: true, meaning: "The title" },
      { name: "model", type: "string", required: true, meaning: "What the study calls the model" },
      {
        name: "model_address",
        type: "string",
        required: true,
        meaning: "Where it is found: a file's or a server's name for it",
      },
      { name: "model_hash", type: "string", meaning: "SHA-256 of the model's file, or what its server says" },
      {
        name: "dummy",
        type: "boolean",
        required: true,
        meaning: "No language model: a dummy that only exercises the pipeline",
      },
      { name: "prompt", type: "string", required: true, meaning: "The prompt's name" },
      { name: "prompt_hash", type: "string", meaning: "SHA-256 of the prompt's file" },
      { name: "examples", type: "string", meaning: "Stories shown as examples, in order, parted by a space" },
      { name: "control", type: "string", meaning: "What was asked for beyond the title, as JSON" },
      { name: "seed", type: "integer", required: true, meaning: "The seed of the sampling" },
      {
        name: "attempt",
        type: "integer",
        required: true,
        least: 1,
        meaning: "Which attempt at this title, from 1",
      },
      {
        name: "temperature",
        type: "number",
        least: 0,
        meaning: "Sampling temperature; empty where it was left to the provider, as in the next columns",
      },
      { name: "top_p", type: "number", least: 0, meaning: "Nucleus sampling; 1 is off" },
      {
        name: "top_k",
        type: "integer",
        least: 0,
        meaning: "Most probable tokens kept; 0 is all",
      },
      {
        name: "min_p",
        type: "number",
        least: 0,
        meaning: "Share of the best token's probability",
      },
      {
        name: "repeat_penalty",
        type: "number",
        least: 0,
        meaning: "Penalty of repetition; 1 is none",
      },
      {
        name: "least_tokens",
        type: "integer",
        unit: "tokens",
        least: 0,
        meaning: "Written at least",
      },
      {
        name: "most_tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 1,
        meaning: "Written at most",
      },
      {
        name: "sent",
        type: "string",
        meaning: "Fields of the request to a server as they were sent, without the prompt, as JSON",
      },
      {
        name: "outcome",
        type: "string",
        required: true,
        levels: ["text", "cut short", "refused", "failed"],
        meaning: "How it ended",
      },
      {
        name: "counts",
        type: "boolean",
        required: true,
        meaning: "The attempt at its title that counts: the last one, or the one that was chosen",
      },
      { name: "cleaned", type: "string", meaning: "What was taken away from around the story, in order" },
      {
        name: "thinking",
        type: "boolean",
        required: true,
        meaning: "The model wrote for itself before the story; readers never saw that",
      },
      { name: "fault", type: "string", meaning: "Why the text was drawn again, or what is wrong with it" },
      ...textColumns("The story that was written"),
      { name: "words", type: "integer", required: true, unit: "words", least: 0, meaning: "Its length" },
      {
        name: "tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 0,
        meaning: "Tokens written",
      },
      {
        name: "log_probability",
        type: "number",
        unit: "nats",
        meaning: "Mean natural log-probability of the tokens written",
      },
    ],
    rows: sortedBy(
      lotted.map(([text_set, generation]) => ({
        generation: generation.id,
        text_set,
        story: ids.size === 0 || ids.has(generation.story) ? generation.story : undefined,
        title: generation.title,
        model: withoutFolders(modelName(generation)),
        model_address: withoutFolders(generation.model.address),
        model_hash: generation.model.hash || undefined,
        dummy: generation.model.dummy ?? false,
        prompt: withoutFolders(generation.prompt.template),
        prompt_hash: generation.prompt.hash || undefined,
        examples: generation.examples.join(" ") || undefined,
        control: generation.control && JSON.stringify(generation.control),
        seed: generation.seed,
        attempt: generation.attempt,
        temperature: known(generation.settings.temperature),
        top_p: known(generation.settings.topP),
        top_k: known(generation.settings.topK),
        min_p: known(generation.settings.minP),
        repeat_penalty: known(generation.settings.repeatPenalty),
        least_tokens: known(generation.settings.leastTokens),
        most_tokens: generation.settings.mostTokens,
        sent: generation.sent && JSON.stringify(generation.sent),
        outcome: generation.outcome,
        counts: counting.has(generation),
        cleaned: generation.removed?.map(({ what }) => what).join("; "),
        thinking: generation.thinking !== undefined,
        fault: generation.reason,
        ...textCells(generation.text, rules.ofGeneration(generation)),
        words: countWords(generation.text),
        tokens: generation.tokens.generated,
        log_probability: generation.logProbability,
      })),
      ({ generation }) => generation,
    ),
  };
}

/** A number; undefined for what was left to the provider. */
const known = (value: number | "provider"): number | undefined => (value === "provider" ? undefined : value);
