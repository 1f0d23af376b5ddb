import { randomFrom } from "../../stats/random.ts";
import type { SettingsOf } from "../../study/settings/models.ts";
import { sha256 } from "../../text/hash.ts";
import { timestamp } from "../../workbench/effects.ts";
import { baseFormat, type Provider } from "../model.ts";
import { numericSampling } from "../sampling.ts";

/**
 * Not a real model: it returns the words of its prompt in random order, to test the pipeline. Its texts are marked as
 * such.
 */
export const echo: Provider<SettingsOf<"echo">> = {
  files: () => [],
  promptFormat: async () => baseFormat,
  open: async (settings, _, effects) => ({
    address: settings.address,
    hash: sha256("echo 1"),
    dummy: true,
    batchSize: 1,
    maxConcurrency: 1,
    async write(batch) {
      return batch.map(({ prompt, seed, sampling }) => {
        const random = randomFrom(seed, "echo");
        const words = prompt.text.split(/\s+/).filter((word) => !word.endsWith(":"));
        const { leastTokens, mostTokens } = numericSampling(sampling);
        const length = random.integer(leastTokens, mostTokens);
        return {
          raw: ` ${Array.from({ length }, () => random.pick(words)).join(" ")}`,
          end: "end of text" as const,
          tokens: { prompt: words.length, generated: length },
          ms: 0,
          at: timestamp(effects),
        };
      });
    },
    close: async () => {},
  }),
};
