import { join } from "node:path";
import { expect, test } from "vitest";
import { writeWhole } from "../../src/workbench/files.ts";
import { serve } from "../../src/workplace/serve.ts";
import { settingsWith, smallStudy, tinylove } from "../helpers/small-study.ts";
import { quietEffects } from "../helpers/world.ts";

/** The warnings of `serve`, from its start to its opening, but for those about an empty contact and ethics approval. */
async function warningsOnServing(folder: string): Promise<string[]> {
  const opened = new AbortController();
  const told: string[] = [];
  const effects = quietEffects({
    signal: opened.signal,
    warn: (message) => void told.push(message),
    log: (message) => void (message.startsWith("the survey is open") && opened.abort()),
  });
  await serve.run(folder, serve.options.parse({ port: 0 }), effects);
  return told.filter((message) => !/^survey\.(contact|ethics) is empty/.test(message));
}

test("a change of the registered stories causes a warning before anybody reads them", async () => {
  const folder = await smallStudy();
  for (const stage of ["collect", "generate", "compose", "preregister"])
    expect(await tinylove(stage, "--study", folder)).toMatchObject({ code: 0 });
  expect(await warningsOnServing(folder)).toEqual([]);

  const other = "compose: {forms: 1, human: 1, machine: 1, words: {least: 50, most: 55}}\n";
  await writeWhole(join(folder, "study.yaml"), settingsWith(other));
  const composed = await tinylove("compose", "--study", folder);
  expect(composed.code).toBe(0);
  expect(composed.logged.join("\n")).toContain("stimuli/stimuli.jsonl has changed since the registration");
  expect(await warningsOnServing(folder)).toEqual([
    expect.stringMatching(
      /^stimuli\/stimuli\.jsonl has changed since the registration: the report will say so/,
    ),
  ]);
});
