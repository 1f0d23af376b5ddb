import { z } from "zod";

/** A sampling setting, or `provider` to leave it to the server's own default. */
const orProvider = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.literal("provider")]);

const descriptions = {
  temperature:
    "How evenly tokens are drawn: 0 always takes the likeliest, 1 uses the model's own probabilities.",
  topP: "Draws only from the likeliest tokens with this total probability, above 0 to 1; 1 is off.",
  topK: "Draws only from this many of the likeliest tokens; 0 is off.",
  minP: "Draws only from tokens at least this likely, as a share of the likeliest (0 to 1); 0 is off.",
  repeatPenalty: "Divides the score of tokens that the text already has; 1 is off.",
};

/** How the next token is drawn. */
export const sampling = {
  temperature: z.number().nonnegative().describe(descriptions.temperature),
  topP: z.number().positive().max(1).describe(descriptions.topP),
  topK: z.int().nonnegative().describe(descriptions.topK),
  minP: z.number().min(0).max(1).describe(descriptions.minP),
  repeatPenalty: z.number().positive().describe(descriptions.repeatPenalty),
};

const leftToServer = (meaning: string) => `${meaning} provider leaves it to the server.`;

/** The same settings for a model on a server, where each can be left to the provider. */
export const samplingOrProvider = {
  temperature: orProvider(sampling.temperature).describe(leftToServer(descriptions.temperature)),
  topP: orProvider(sampling.topP).describe(leftToServer(descriptions.topP)),
  topK: orProvider(sampling.topK).describe(leftToServer(descriptions.topK)),
  minP: orProvider(sampling.minP).describe(leftToServer(descriptions.minP)),
  repeatPenalty: orProvider(sampling.repeatPenalty).describe(leftToServer(descriptions.repeatPenalty)),
};
