import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import { longestCommonRun } from "../text/copying.ts";

/** Which texts are published: those whose licence allows it, all, or none. */
export const textChoices = ["licensed", "all", "none"] as const;
export type TextChoice = (typeof textChoices)[number];

/** Why a text is left out; undefined if it is published. */
export interface TextRules {
  ofStory(story: Story): string | undefined;
  ofGeneration(generation: Generation): string | undefined;
}

/** The longest run of shared words that is not a quotation; longer runs seldom occur by chance. */
const longestSharedRun = 11;

/**
 * A human text is published if its licence allows everybody to share a shortened copy. A machine text is published unless
 * it repeats twelve or more consecutive words of a withheld story: one of its examples or the one with its title.
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
      const withheld = [...examples, story].flatMap((id) => byId.get(id) ?? []).filter((one) => ofStory(one));
      const copies = withheld.some((one) => longestCommonRun(one.text, text).length > longestSharedRun);
      return copies ? "it quotes a story that is not published" : undefined;
    },
  };
}

/**
 * Whether a licence, by its SPDX name or a common spelling, allows everybody to publish a shortened copy. ND licences do not
 * allow shortening; unknown licences count as not allowed.
 */
export function allowsCopies(licence: string): boolean {
  const name = licence
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, "-");
  if (/(^|-)nd(-|$)/.test(name)) return false;
  return /^(cc0|cc-by|cc-pddc|pddl|public-domain|odc-by|odbl|unlicense|mit|0bsd)(-|$)/.test(name);
}
