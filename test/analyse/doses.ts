import type { Data, Rating } from "../../src/analyse/data.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import type { Generation } from "../../src/study/generation.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";

/** How a made-up model and its readers go with the level that is asked for. */
export interface Obeys {
  /** How far the chance of a sad word moves a level, on the scale of log-odds. */
  readonly words?: number;
  /** Points of the scale of 1 to 7 a level. */
  readonly moved?: number;
  /** How far the chance of naming sadness moves a level, on the scale of log-odds. */
  readonly named?: number;
  readonly readers?: number;
  readonly titles?: number;
}

const sad = "tears grief funeral alone lost".split(" ");
const glad = "laughed danced happy wedding smile".split(" ");
const levels = [0, 1, 2, 3, 4];

/**
 * A study in which every title was written under every level of melancholy, and each title was read under one of them,
 * as surveys are composed. Titles, texts and readers all have peculiarities of their own, which their words and
 * ratings share: that is what a test that takes ratings as independent is misled by.
 */
export function dosed(obeys: Obeys, seed: number | string): Data {
  const { words = 0, moved = 0, named = 0, readers = 0, titles = 20 } = obeys;
  const random = randomFrom(seed, "doses");
  const generations: Generation[] = [];
  const shown: { stimulus: string; level: number; peculiar: number; feel: number }[] = [];
  for (let title = 0; title < titles; title++) {
    const own = 0.8 * random.normal();
    for (const level of levels) {
      const odds = own + 0.5 * random.normal() + words * (level - 2);
      generations.push(generationOf(`title-${title}`, level, textOf(odds, random)));
    }
    const level = levels[title % levels.length]!;
    shown.push({
      stimulus: `s${title}`,
      level,
      peculiar: 0.7 * random.normal(),
      feel: 0.8 * random.normal(),
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
    asks: new Set(),
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
      behind: new Map(shown.map(({ stimulus, level }, title) => [stimulus, `title-${title}/${level}`])),
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

/** What is claimed of each outcome: 1 rises, -1 falls, 0 not shown. */
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
