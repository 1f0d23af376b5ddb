import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import { longestCommonRun } from "../text/copying.ts";

/** Which texts are published: those whose licence lets them be, all, or none. */
export const textChoices = ["licensed", "all", "none"] as const;
export type TextChoice = (typeof textChoices)[number];

/** Why a text is left out; undefined where it is published. */
export interface TextRules {
  ofStory(story: Story): string | undefined;
  ofGeneration(generation: Generation): string | undefined;
}

/** So many words in a row are a quotation; two writers seldom share as many by chance. */
const longestQuotation = 11;

/**
 * A person's text goes out under a licence that lets everybody pass on a shortened copy. A machine's text goes out
 * unless it repeats twelve words in a row or more of an example or a namesake that does not.
 */
export function textRules(choice: TextChoice, stories: readonly Story[]): TextRules {
  const byId = new Map(stories.map((story) => [story.id, story]));
  const ofStory = (story: Story): string | undefined => {
    if (choice === "all") return undefined;
    if (choice === "none") return "texts are not published";
    const licence = story.origin.by === "human" ? story.origin.licence : "";
    return allowsCopies(licence) ? undefined : `licence: ${licence || "unknown"}`;
  };
  return {
    ofStory,
    ofGeneration({ story, examples, text }) {
      if (choice !== "licensed") return choice === "all" ? undefined : "texts are not published";
      const kept = [...examples, story].flatMap((id) => byId.get(id) ?? []).filter((one) => ofStory(one));
      const copies = kept.some((one) => longestCommonRun(one.text, text).length > longestQuotation);
      return copies ? "it quotes a story that is not published" : undefined;
    },
  };
}

/**
 * Whether a licence, by its SPDX name or as people write it, lets everybody publish a shortened copy. ND does not let
 * it be shortened; what is not known is not allowed.
 */
export function allowsCopies(licence: string): boolean {
  const name = licence
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, "-");
  if (/(^|-)nd(-|$)/.test(name)) return false;
  return /^(cc0|cc-by|cc-pddc|pddl|public-domain|odc-by|odbl|unlicense|mit|0bsd)(-|$)/.test(name);
}
