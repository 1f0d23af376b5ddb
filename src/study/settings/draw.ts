import { z } from "zod";

/** A sampling setting, or `provider` to leave it to the server's own default. */
const orProvider = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.literal("provider")]);

const meanings = {
  temperature: "How evenly tokens are drawn: 0 always takes the likeliest, 1 draws as the model says.",
  topP: "Draws only from the likeliest tokens with this total probability, above 0 to 1; 1 is off.",
  topK: "Draws only from this many of the likeliest tokens; 0 is off.",
  minP: "Draws only from tokens at least this likely, as a share of the likeliest (0 to 1); 0 is off.",
  repeatPenalty: "Divides the score of tokens that the text already has; 1 is off.",
};

/** How the next token is drawn. */
export const draw = {
  temperature: z.number().nonnegative().describe(meanings.temperature),
  topP: z.number().positive().max(1).describe(meanings.topP),
  topK: z.int().nonnegative().describe(meanings.topK),
  minP: z.number().min(0).max(1).describe(meanings.minP),
  repeatPenalty: z.number().positive().describe(meanings.repeatPenalty),
};

const leftToServer = (meaning: string) => `${meaning} provider leaves it to the server.`;

/** The same for a model behind a server, where each may be left to the provider. */
export const drawAnywhere = {
  temperature: orProvider(draw.temperature).describe(leftToServer(meanings.temperature)),
  topP: orProvider(draw.topP).describe(leftToServer(meanings.topP)),
  topK: orProvider(draw.topK).describe(leftToServer(meanings.topK)),
  minP: orProvider(draw.minP).describe(leftToServer(meanings.minP)),
  repeatPenalty: orProvider(draw.repeatPenalty).describe(leftToServer(meanings.repeatPenalty)),
};
