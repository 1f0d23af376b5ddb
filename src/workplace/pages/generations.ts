import { type Generation, modelName } from "../../study/generation.ts";
import { marked } from "../../text/shared-words.ts";
import { readGenerations } from "../../workbench/artefacts.ts";
import { corpusOf, itemList } from "../item-list.ts";
import { sideBySide } from "../page-layout.ts";
import type { WorkplacePage } from "../workplace-page.ts";

/** What the models wrote, next to the example that they were shown, with shared words marked. */
export const generationsPage: WorkplacePage = {
  path: "/study/generations",
  title: "Generations",
  async body(request, { study }) {
    const stories = new Map((await corpusOf(study)).map((story) => [story.id, story]));
    return itemList(request, "/study/generations", await readGenerations(study), 10, (generation) => {
      const example = stories.get(generation.examples[0] ?? "");
      return sideBySide(generation.title, detailsOf(generation), [
        ["Text by the model", marked(generation.text, example?.text ?? "")],
        ...(example
          ? [[`Its example: ${example.title}`, marked(example.text, generation.text)] as const]
          : []),
      ]);
    });
  },
};

const detailsOf = (generation: Generation): string =>
  `${modelName(generation)} · ${generation.outcome}${
    generation.reason ? ` (${generation.reason})` : ""
  } · ${generation.tokens.generated} tokens · seed ${generation.seed}`;
