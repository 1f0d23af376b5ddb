import { z } from "zod";
import { addressed, type ModelKind, served, serverAddress, standardFields } from "./provider.ts";

const { seed: _, ...fieldsWithoutSeed } = standardFields;

export const anthropic = {
  summary: "Claude, through Anthropic's Messages API",
  server: {
    protocol: "anthropic",
    needsKey: true,
    fields: { ...fieldsWithoutSeed, topK: ["top_k"], stop: ["stop_sequences"] },
    omitsNeutral: true,
    reasoning(effort, tokens, model) {
      if (effort === "none") return {};
      if (claudeVersion(model) < 4.6) return { thinking: { type: "enabled", budget_tokens: tokens } };
      return {
        thinking: { type: "adaptive" },
        output_config: { effort: effort === "minimal" ? "low" : effort },
      };
    },
  },
  settings: z.strictObject({
    address: addressed("anthropic", "MODEL"),
    ...served,
    ...serverAddress("ANTHROPIC_API_KEY", "https://api.anthropic.com/v1"),
  }),
} satisfies ModelKind;

/** The version of a Claude model: 4.7 for claude-opus-4-7 and claude-4.7-opus; 0 for other models. */
export function claudeVersion(model: string): number {
  const version =
    /^claude-(?:[a-z]+-)(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model) ??
    /^claude-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model);
  return version ? Number(version[1]) + Number(version[2] ?? 0) / 10 : 0;
}
