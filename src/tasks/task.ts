import type { z } from "zod";
import type { Random } from "../stats/random.ts";
import type { Field } from "../study/settings/survey.ts";
import type { Item } from "./items.ts";
import type { Words } from "./phrases.ts";

export type Answer = { readonly answer: string | number } & Readonly<Record<string, unknown>>;

/**
 * Who a simulated participant is: `skill` is d' (0 guesses), `bias` moves towards "human", of a pair towards the
 * left, of a rating upwards (0 is none).
 */
export interface SimulatedReader {
  readonly skill: number;
  readonly bias: number;
}

/**
 * What readers are asked. One file each, one line in `tasks.ts`. It runs in Node and in the browser alike and
 * never learns an origin but in `score` and `simulate`, which run on the server.
 */
export interface Task<Response extends Answer = Answer> {
  readonly name: string;
  /** How many stimuli stand on its page. */
  readonly stimuli: 0 | 1 | 2;
  /** Where a question without a text comes: somewhere `between` the others, or after the `last` (the default). */
  readonly place?: "between" | "last";
  /** What may be answered, as a plain form posts it: every field a string; fields left empty are not there. */
  readonly response: z.ZodType<Response>;
  /** The same for a task whose fields are the researcher's own. */
  responseTo?(fields: readonly Field[]): z.ZodType<Response>;
  /** What is to be filled in, in the participant's words; `fields` are the researcher's own, `survey.demographics`. */
  items(words: Words, fields?: readonly Field[]): readonly Item[];
  /** 1 right, 0 wrong, undefined where there is no right answer. `origins` in the order shown. */
  score(response: Response, origins: readonly Origin[]): number | undefined;
  /** What a simulated reader answers. */
  simulate(
    origins: readonly Origin[],
    reader: SimulatedReader,
    random: Random,
    fields?: readonly Field[],
  ): Response;
}

export type Origin = "human" | "machine";
