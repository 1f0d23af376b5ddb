/**
 * False interactions of the analysis of conditions, and its power. For each setting 1,000 studies (or the number given) in
 * which the conditions change how readily readers say "human" (or how high they rate), but not how human and machine stories
 * compare: an interaction is false if its p-value, corrected by Holm, is at most .05. Then a fifth as many studies in which readers
 * under the last condition tell the stories apart better (by 1 on the logit, or 1 point). Limit: .06 false. Studies are
 * seeded by setting and number.
 *
 *     npm run bench -- conditions [studies] [setting ...]
 */
import { contrastsOf, type Outcome } from "../src/analyse/cells.ts";
import { logistic } from "../src/stats/logistic-normal.ts";
import { holm } from "../src/stats/multiple-tests.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { AnalyseSettings } from "../src/study/settings/analyse.ts";

const studies = Number(process.argv[2] ?? 1000);
const chosen = process.argv.slice(3);
const limit = 0.06;

/** A study to be drawn. Deviations are on the logit of saying "human", or in points of a rating. */
interface Setting {
  readonly by: "reader" | "story";
  readonly conditions: number;
  readonly readers: number;
  readonly forms: number;
  /** Stories of either origin on a form. */
  readonly each: number;
  readonly rated?: boolean;
  /** Deviations between readers in bias and in skill, and between stories. */
  readonly bias: number;
  readonly skill: number;
  readonly story: number;
  /** Skill of all readers: human minus machine. */
  readonly apart: number;
  /** The share of readers of the last condition who leave half-way. */
  readonly leaving?: number;
}

const usual: Setting = {
  ...{ by: "reader", conditions: 3, readers: 120, forms: 5, each: 3 },
  ...{ bias: 0.5, skill: 0.3, story: 0.55, apart: 0.5 },
};

const settings: Readonly<Record<string, Setting>> = {
  "3 (told) x 2, between readers": usual,
  "within readers": { ...usual, by: "story" },
  "two conditions, 40 readers": { ...usual, conditions: 2, readers: 40 },
  "six conditions": { ...usual, conditions: 6, readers: 240 },
  "stories differ a lot": { ...usual, story: 1.2 },
  "readers differ a lot": { ...usual, bias: 1, skill: 1 },
  "skilled readers": { ...usual, apart: 2 },
  "one form": { ...usual, forms: 1, each: 6 },
  "many leave under one condition": { ...usual, leaving: 0.6 },
  ratings: { ...usual, rated: true },
  "ratings, within readers": { ...usual, by: "story", rated: true },
};

const analyse = AnalyseSettings.parse({ clusters: ["title"] });

/** The rows of one study; `better` is added to the skill under the last condition. */
function drawn(setting: Setting, better: number, random: Random): Outcome {
  const { by, conditions, readers, forms, each, rated, bias, skill, story, apart, leaving = 0 } = setting;
  const looks = Array.from({ length: forms * each * 2 }, () => story * random.normal());
  const shift = (condition: number) => 0.6 * (condition % 2 === 0 ? condition : -condition);
  const rows: object[] = [];
  for (let reader = 0; reader < readers; reader++) {
    const form = reader % forms;
    const own = Math.floor(reader / forms) % conditions;
    const [leaning, ability] = [bias * random.normal(), skill * random.normal()];
    const left = own === conditions - 1 && random.next() < leaving;
    const shown = random.shuffle(Array.from({ length: 2 * each }, (_, at) => at));
    for (const at of left ? shown.slice(0, each) : shown) {
      const stimulus = form * 2 * each + at;
      const origin = at % 2 === 0 ? "human" : "machine";
      const condition = by === "reader" ? own : (own + Math.floor(at / 2)) % conditions;
      const side = origin === "human" ? 0.5 : -0.5;
      const added = condition === conditions - 1 ? better : 0;
      const mean = leaning + shift(condition) + side * (apart + ability + added) + looks[stimulus]!;
      const value = rated
        ? Math.max(1, Math.min(7, Math.round(4 + mean + 1.2 * random.normal())))
        : Number(random.next() < logistic(mean));
      rows.push({
        ...{ participant: `r${reader}`, stimulus: `s${stimulus}`, title: `t${stimulus}`, origin, value },
        ...{ condition: `c${condition}`, form: `f${form}` },
      });
    }
  }
  return { name: "answers", kind: rated ? "ratings" : "choices", rows: rows as unknown as Outcome["rows"] };
}

function shareShown(name: string, setting: Setting, better: number, studies: number): number {
  const names = Array.from({ length: setting.conditions }, (_, at) => `c${at}`);
  let shown = 0;
  for (let study = 0; study < studies; study++) {
    const outcome = drawn(setting, better, randomFrom("conditions", name, better, study));
    const found = contrastsOf("interaction", outcome, { settings: analyse, conditions: names });
    if (holm(found.map(({ p }) => p)).some((p) => p <= 0.05)) shown += 1;
  }
  return shown / studies;
}

let failed = false;
for (const [name, setting] of Object.entries(settings)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const [wrong, power] = [
    shareShown(name, setting, 0, studies),
    shareShown(name, setting, 1, Math.ceil(studies / 5)),
  ];
  failed ||= wrong > limit;
  console.log(
    `${name}: false interactions ${wrong.toFixed(3)}${wrong > limit ? ` (above ${limit})` : ""}, power ${power.toFixed(3)}`,
  );
}
process.exitCode = failed ? 1 : 0;
