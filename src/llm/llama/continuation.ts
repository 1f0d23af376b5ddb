import type { ChatMessage } from "./chat.ts";

/** How the next token is drawn, without defaults of the library. */
export interface Sampling {
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
  /** A text to continue, or messages, which the model's own chat template renders. */
  readonly prompt: ModelPrompt;
  /**
   * The number of characters at the prompt's start that other prompts share; they are evaluated once. For messages,
   * counted over their contents. Default: 0.
   */
  readonly shared?: number | undefined;
  /** The text ends where the model writes this, unless it follows a letter. */
  readonly stop?: string | undefined;
  readonly seed: number;
  readonly sampling: Sampling;
  /** Whether to return the log-probability of each token. Default: false, because it takes a little time. */
  readonly logProbabilities?: boolean | undefined;
}

export type ModelPrompt = string | readonly ChatMessage[];

export interface Continued {
  /** What the model wrote, including the stop. */
  readonly text: string;
  readonly end: "stop" | "end of text" | "limit";
  /** Messages as the chat template rendered them. */
  readonly rendered?: string;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Of each generated token, natural logarithm, from the model's full distribution at temperature 1. */
  readonly logProbabilities?: readonly number[];
  /** Milliseconds from the start of its batch to its last token. */
  readonly ms: number;
}
