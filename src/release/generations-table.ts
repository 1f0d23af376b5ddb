import { TextSet } from "../coding/text-sets.ts";
import { modelName, selectedAttempts } from "../study/generation.ts";
import { countWords } from "../text/words.ts";
import type { PackageData } from "./package-data.ts";
import { sortedBy, type Table } from "./table.ts";
import { textCells, textColumns, withoutFolder } from "./text-columns.ts";
import type { TextRules } from "./text-licences.ts";

/** All generations, with everything that determined them. */
export function generationsTable({ generations, factorial, stories }: PackageData, rules: TextRules): Table {
  const ids = new Set(stories.map(({ id }) => id));
  const selected = new Set([...selectedAttempts(generations), ...factorial]);
  const inTextSets = [
    ...generations.map((generation) => ["study", generation] as const),
    ...factorial.map((generation) => ["factorial", generation] as const),
  ];
  return {
    name: "generations",
    title: "The generations, one row for each attempt",
    key: "generation",
    columns: [
      { name: "generation", type: "string", required: true, meaning: "The attempt" },
      {
        name: "text_set",
        type: "string",
        required: true,
        levels: TextSet.options,
        meaning: "Generated for the study, or for the factorial of titles and examples",
      },
      {
        name: "story",
        type: "string",
        refersTo: "stories",
        meaning: "The human story whose title was given",
      },
      { name: "title", type: "string", required: true, meaning: "The title" },
      { name: "model", type: "string", required: true, meaning: "The model's name in the study" },
      {
        name: "model_address",
        type: "string",
        required: true,
        meaning: "The model's address: a file or a name on a server",
      },
      {
        name: "model_hash",
        type: "string",
        meaning: "SHA-256 of the model's file, or what its server reports",
      },
      {
        name: "dummy",
        type: "boolean",
        required: true,
        meaning: "Not a language model but a dummy that only exercises the pipeline",
      },
      { name: "prompt", type: "string", required: true, meaning: "The prompt's name" },
      { name: "prompt_hash", type: "string", meaning: "SHA-256 of the prompt's file" },
      {
        name: "examples",
        type: "string",
        meaning: "Stories shown as examples, in order, separated by spaces",
      },
      { name: "control", type: "string", meaning: "What the prompt asked for besides the title, as JSON" },
      { name: "seed", type: "integer", required: true, meaning: "The seed of the sampling" },
      {
        name: "attempt",
        type: "integer",
        required: true,
        least: 1,
        meaning: "Number of the attempt at this title, from 1",
      },
      {
        name: "temperature",
        type: "number",
        least: 0,
        meaning: "Sampling temperature; here and in the next columns empty if left to the provider",
      },
      {
        name: "top_p",
        type: "number",
        least: 0,
        meaning: "Nucleus sampling: probability mass kept; 1 is off",
      },
      {
        name: "top_k",
        type: "integer",
        least: 0,
        meaning: "Number of most probable tokens kept; 0 means all",
      },
      {
        name: "min_p",
        type: "number",
        least: 0,
        meaning: "Smallest probability kept, as a share of the most probable token's; 0 is off",
      },
      {
        name: "repeat_penalty",
        type: "number",
        least: 0,
        meaning: "Repetition penalty; 1 is off",
      },
      {
        name: "least_tokens",
        type: "integer",
        unit: "tokens",
        least: 0,
        meaning: "Minimum length",
      },
      {
        name: "most_tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 1,
        meaning: "Maximum length",
      },
      {
        name: "sent",
        type: "string",
        meaning: "Fields of the request to the server as sent, without the prompt, as JSON",
      },
      {
        name: "outcome",
        type: "string",
        required: true,
        levels: ["text", "cut short", "refused", "failed"],
        meaning: "How the attempt ended",
      },
      {
        name: "selected",
        type: "boolean",
        required: true,
        meaning: "Whether readers may see this attempt at its title: the chosen one, or else the last",
      },
      { name: "cleaned", type: "string", meaning: "What was removed before and after the story, in order" },
      {
        name: "thinking",
        type: "boolean",
        required: true,
        meaning: "Whether the model wrote reasoning before the story; readers never saw it",
      },
      {
        name: "fault",
        type: "string",
        meaning: "Why the text was generated again, or what is wrong with it",
      },
      ...textColumns("The story"),
      {
        name: "words",
        type: "integer",
        required: true,
        unit: "words",
        least: 0,
        meaning: "Length of the story",
      },
      {
        name: "tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 0,
        meaning: "Generated tokens",
      },
      {
        name: "log_probability",
        type: "number",
        unit: "nats",
        meaning: "Mean natural log-probability of the generated tokens",
      },
    ],
    rows: sortedBy(
      inTextSets.map(([text_set, generation]) => ({
        generation: generation.id,
        text_set,
        story: ids.size === 0 || ids.has(generation.story) ? generation.story : undefined,
        title: generation.title,
        model: withoutFolder(modelName(generation)),
        model_address: withoutFolder(generation.model.address),
        model_hash: generation.model.hash || undefined,
        dummy: generation.model.dummy ?? false,
        prompt: withoutFolder(generation.prompt.template),
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
        selected: selected.has(generation),
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

/** A number; undefined if it was left to the provider. */
const known = (value: number | "provider"): number | undefined => (value === "provider" ? undefined : value);
