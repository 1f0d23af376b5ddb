import { randomFrom } from "../../stats/random.ts";
import type { SettingsOf } from "../../study/settings/models.ts";
import { sha256 } from "../../text/hash.ts";
import { timestamp } from "../../workbench/effects.ts";
import { baseForm, type Provider } from "../model.ts";
import { sampledHere } from "../sampling.ts";

/** No model at all: it gives back the words of its prompt in random order. It exercises the way, and says so. */
export const echo: Provider<SettingsOf<"echo">> = {
  files: () => [],
  form: async () => baseForm,
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
        const { leastTokens, mostTokens } = sampledHere(sampling);
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
