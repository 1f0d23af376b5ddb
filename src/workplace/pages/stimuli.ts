import type { Key } from "../../study/stimulus.ts";
import { html } from "../../text/html.ts";
import { readGenerations, readKey } from "../../workbench/artefacts.ts";
import type { Study } from "../../workbench/study.ts";
import { corpusOf, itemList } from "../item-list.ts";
import { sideBySide } from "../page-layout.ts";
import type { WorkplacePage } from "../workplace-page.ts";

/** The stimuli next to the texts that they were cut from, with their origins. */
export const stimuliPage: WorkplacePage = {
  path: "/study/stimuli",
  title: "Stimuli",
  async body(request, { study, materials }) {
    const key = await readKey(study);
    const originalOf = await originalTexts(study);
    return itemList(request, "/study/stimuli", [...materials.stimuli.values()], 20, (stimulus) => {
      const row = key.get(stimulus.id);
      const origin = row ? `${row.origin}${row.model && ` (${row.model})`}` : "of unknown origin";
      return sideBySide(
        stimulus.title,
        `${origin} · ${stimulus.words} words, ${stimulus.cut > 0 ? `${stimulus.cut} cut off` : "whole"}`,
        [
          ["Original", html`${(row && originalOf(row)) ?? "not found"}`],
          ["As readers see it", html`${stimulus.text}`],
        ],
      );
    });
  },
};

/** Finds the text that a stimulus was cut from. */
async function originalTexts(study: Study): Promise<(key: Key) => string | undefined> {
  const stories = new Map((await corpusOf(study)).map(({ id, text }) => [id, text]));
  const generations = new Map((await readGenerations(study)).map(({ id, text }) => [id, text]));
  return ({ origin, story, generation }) =>
    origin === "human" ? stories.get(story) : generations.get(generation);
}
