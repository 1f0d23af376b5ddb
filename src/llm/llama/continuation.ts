import type { ChatMessage } from "./chat.ts";

/** How the next token is drawn; nothing is left to a default of the library. */
export interface Draw {
  readonly temperature: number;
  readonly topP: number;
  /** 0 draws from the whole vocabulary. */
  readonly topK: number;
  readonly minP: number;
  readonly repeatPenalty: number;
  readonly leastTokens: number;
  readonly mostTokens: number;
}

export interface Continuation {
  /** A text to continue, or messages, which the model's own chat template puts into words. */
  readonly prompt: ModelPrompt;
  /**
   * How many characters of the prompt's start other prompts may have too: they are evaluated once. Of messages, the
   * characters of their contents count, one after the other. Default 0.
   */
  readonly shared?: number | undefined;
  /** The text ends where the model begins to write this, unless a letter stands before it. */
  readonly stop?: string | undefined;
  readonly seed: number;
  readonly draw: Draw;
  /** Whether to tell how likely each token was. Default: no, for it takes a little time. */
  readonly logProbabilities?: boolean | undefined;
}

export type ModelPrompt = string | readonly ChatMessage[];

export interface Continued {
  /** What the model wrote, the stop included where it wrote one. */
  readonly text: string;
  readonly end: "stop" | "end of text" | "limit";
  /** Messages as the chat template wrote them. */
  readonly rendered?: string;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Of each generated token, natural logarithm, by the model's own distribution (temperature 1, nothing cut off). */
  readonly logProbabilities?: readonly number[];
  /** From the start of its batch to its last token. */
  readonly ms: number;
}
