import type { Data, Rating } from "../../src/analyse/data.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import type { Coding } from "../../src/study/coding.ts";
import type { Generation } from "../../src/study/generation.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";

/** How much a simulated model and its readers follow the requested level. */
export interface Obeys {
  /** Change in the log-odds of a sad word per level. */
  readonly words?: number;
  /** Change in the rating per level, in points of the scale from 1 to 7. */
  readonly moved?: number;
  /** Change in the log-odds of naming sadness per level. */
  readonly named?: number;
  readonly readers?: number;
  readonly titles?: number;
  /**
   * Draws each text up to eight times: `best of` chooses the draw closest to the level, `far` (as older versions did)
   * draws again while a text is far from it.
   */
  readonly redraws?: "best of" | "far";
}

const sad = "tears grief funeral alone lost".split(" ");
const glad = "laughed danced happy wedding smile".split(" ");
const levels = [0, 1, 2, 3, 4];

/**
 * A study in which every title was written at every level of melancholy, and each title was read at one of them, as in a
 * survey. Titles, texts and readers have random effects on words and ratings, which mislead a test that treats ratings as
 * independent.
 */
export function dosed(obeys: Obeys, seed: number | string): Data {
  const { words = 0, moved = 0, named = 0, readers = 0, titles = 20, redraws } = obeys;
  const random = randomFrom(seed, "doses");
  const generations: Generation[] = [];
  const shown: { stimulus: string; generation: string; level: number; peculiar: number; feel: number }[] = [];
  for (let title = 0; title < titles; title++) {
    const own = 0.8 * random.normal();
    for (const level of levels) {
      const draw = () => textOf(own + 0.5 * random.normal() + words * (level - 2), random);
      generations.push(...drawsOf(`title-${title}`, level, draw, redraws));
    }
    const level = levels[title % levels.length]!;
    const text = shownOf(generations, `title-${title}/${level}`);
    shown.push({
      stimulus: `s${title}`,
      generation: text.id,
      level,
      peculiar: 0.7 * random.normal(),
      // Readers feel sad words, whatever caused them.
      feel: 0.8 * random.normal() + (redraws ? 3 * (sadShare(text.text) - 0.5) : 0),
    });
  }
  const ratings = Array.from({ length: readers }, (_, reader): Rating[] => {
    const [taste, mood] = [random.normal(), random.normal()];
    return random
      .shuffle(shown)
      .slice(0, 10)
      .map(({ stimulus, level, peculiar, feel }, at) => {
        const rating = Math.round(4 + taste + peculiar + moved * (level - 2) + random.normal());
        return {
          participant: `r${reader}`,
          form: "form-1",
          order: at + 1,
          stimulus,
          origin: "machine",
          model: "",
          example: "",
          title: stimulus,
          task: "how-it-felt",
          rating: Math.max(1, Math.min(7, rating)),
          emotion: chance(mood + feel - 0.5 + named * (level - 2), random) ? "sadness" : "wonder",
        };
      });
  }).flat();
  return {
    settings: AnalyseSettings.parse({}),
    choices: [],
    pairs: [],
    ratings,
    questionKinds: new Set(),
    forms: [],
    measures: new Map(),
    checks: [],
    leftOut: {},
    simulated: false,
    study: {
      registration: undefined,
      title: "made up",
      corpus: undefined,
      clip: undefined,
      generations,
      stimuli: [],
      generationOf: new Map(shown.map(({ stimulus, generation }) => [stimulus, generation])),
    },
  };
}

const sadShare = (text: string): number => {
  const terms = text.split(" ");
  return terms.filter((term) => sad.includes(term)).length / terms.length;
};

/** One text, or up to eight draws including the one that a study would show. */
function drawsOf(story: string, level: number, draw: () => string, redraws: Obeys["redraws"]): Generation[] {
  if (!redraws) return [generationOf(story, level, draw())];
  const far = (text: string) => Math.abs(sadShare(text) - level / 4);
  const texts = [draw()];
  while (texts.length < 8 && (redraws === "best of" || far(texts.at(-1)!) > 0.2)) texts.push(draw());
  const nearest = texts.reduce((best, next) => (far(next) < far(best) ? next : best));
  return texts.map((text, at) => ({
    ...generationOf(story, level, text),
    id: `${story}/${level}/${at + 1}`,
    attempt: at + 1,
    ...(redraws === "best of" && { chosen: text === nearest }),
    ...(redraws === "far" && far(text) > 0.2 && { reason: "far from what was asked for: 0.50 of 1" }),
  }));
}

/** The draws that readers see for a title and level: the chosen one, else the last. */
function shownOf(generations: readonly Generation[], place: string): Generation {
  const draws = generations.filter(({ id }) => id === place || id.startsWith(`${place}/`));
  return draws.find(({ chosen }) => chosen) ?? draws.at(-1)!;
}

const categories = {
  kind: { variable: "kind_of_love", of: ["romantic", "family", "friendship"] },
  tone: { variable: "tone", of: ["joyful", "melancholy"] },
  setting: { variable: "", of: ["Lagos", "Seoul"] },
} as const;

/**
 * A study in which 20 titles were written with a control other than the level of a tone. A `share` of the texts follow
 * it, the others are random; for dialogue, with levels of 0, 20 and 40 words, the others keep their own level.
 */
export function asking(
  control: "dialogue" | keyof typeof categories,
  share: number,
  seed: number | string,
  titles = 20,
): Data {
  const random = randomFrom(seed, "asking", control);
  const values: readonly (string | number)[] = control === "dialogue" ? [0, 20, 40] : categories[control].of;
  const codings: Coding[] = [];
  const generations = Array.from({ length: titles }, (_, title) => {
    const own = random.integer(0, 40);
    return values.map((asked, at): Generation => {
      const does = random.next() < share ? asked : control === "dialogue" ? own : random.pick(values);
      const id = `title-${title}/${at}`;
      const spoken = Math.max(0, Number(does) + Math.round(6 * random.normal()));
      const text =
        control === "dialogue"
          ? `They met. ${spoken > 0 ? `“${"word ".repeat(spoken).trim()}”` : ""} They left.`
          : `They met in ${control === "setting" ? does : "spring"} and left.`;
      if (control === "kind" || control === "tone")
        codings.push({ text: id, variable: categories[control].variable, code: String(does), kind: "cues" });
      return { ...generationOf(`title-${title}`, 0, text), id, control: { [control]: asked } };
    });
  }).flat();
  const { study, ...data } = dosed({ titles: 1 }, seed);
  return {
    ...data,
    study: {
      ...study!,
      generations,
      generationOf: new Map(),
      coders: [{ name: "cues", kind: "cues", codings }],
    },
  };
}

const chance = (odds: number, random: Random): boolean => random.next() < 1 / (1 + Math.exp(-odds));

const textOf = (odds: number, random: Random): string =>
  Array.from({ length: 30 }, () => random.pick(chance(odds, random) ? sad : glad)).join(" ");

const generationOf = (story: string, strength: number, text: string): Generation => ({
  id: `${story}/${strength}`,
  story,
  title: story,
  model: { address: "echo:", hash: "" },
  prompt: { template: `chat+tone=melancholy+strength=${strength}`, hash: "", text: "" },
  control: { tone: "melancholy", strength },
  examples: [],
  seed: 1,
  attempt: 1,
  settings: { temperature: 1, topP: 1, topK: 0, minP: 0, repeatPenalty: 1, leastTokens: 0, mostTokens: 60 },
  outcome: "text",
  text,
  raw: text,
  tokens: { prompt: 0, generated: 30 },
  ms: 0,
  at: "",
});

/** The claim about each outcome: 1 rises, -1 falls, 0 not shown. */
export function claimsIn(numbers: Record<string, unknown>): Record<string, number> {
  const [outcomes] = Object.values(numbers) as Record<string, Tested>[];
  return Object.fromEntries(
    Object.entries(outcomes ?? {}).map(
      ([
        key,
        {
          estimate,
          corrected,
          interval: { low, high },
        },
      ]) => [key, corrected <= 0.05 && (low > 0 || high < 0) ? Math.sign(estimate) : 0],
    ),
  );
}

interface Tested {
  readonly estimate: number;
  readonly corrected: number;
  readonly interval: { readonly low: number; readonly high: number };
}
