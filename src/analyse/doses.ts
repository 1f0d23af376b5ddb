import { categoryFit } from "../stats/category-fit.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { Random } from "../stats/random.ts";
import { type Trend, type TrendData, trend } from "../stats/trend.ts";
import { majority } from "../study/coding.ts";
import { type Generation, modelName, selectedAttemptsBy } from "../study/generation.ts";
import { groupedBy } from "../study/groups.ts";
import { tasks } from "../tasks/tasks.ts";
import { dialogueWords } from "../text/dialogue.ts";
import { sadness } from "../text/sadness.ts";
import type { Data } from "./data.ts";
import { ratingScale } from "./rating-scale.ts";

/** An outcome that may show the effect of what was asked for. */
export interface DoseOutcome {
  readonly key: "words" | "moved" | "named" | "cues" | "coders" | "mention";
  readonly label: string;
  /** Its name in a sentence. */
  readonly noun: string;
  /** The start of a sentence about an increase, or a decrease. */
  readonly rises: string;
  readonly falls: string;
  /** The expected sign: 1 or -1; undefined if the tone implies none. */
  readonly expectedSign: 1 | -1 | undefined;
  /** Values by level, if there are levels. */
  readonly data?: TrendData;
  /** Texts by category, if there are no levels. */
  readonly shares?: readonly DoseShare[];
  readonly found: Trend;
}

/** How often texts have a category: those whose prompt asked for it, and the others. */
export interface DoseShare {
  readonly category: string;
  readonly texts: number;
  readonly asked: number;
  readonly others: number;
}

/** An outcome with its p-value corrected by Holm over all outcomes. */
export type Corrected = DoseOutcome & { readonly corrected: number };

/** What a prompt asked of a model: the level of a tone, words of dialogue, a kind of love, a setting. */
export interface Dose<Each extends DoseOutcome> {
  readonly name: string;
  readonly control: ControlName;
  /** What is controlled, in a sentence: `the level of melancholy`. */
  readonly what: string;
  readonly outcomes: readonly Each[];
  /** Means of texts that were chosen among several draws by the same measure, by what was asked for. */
  readonly selected: readonly Selected[];
}

export type ControlName = "tone" | "tones" | "dialogue" | "kind" | "setting";

export interface Selected {
  readonly asked: string;
  readonly texts: number;
  readonly draws: number;
  readonly mean: number;
}

/** All doses: each model and prompt with each control that has at least two values. */
export function dosesOf(data: Data, random: Random): Dose<DoseOutcome>[] {
  const generations = (data.study?.generations ?? []).filter(({ control }) => control !== undefined);
  return [...groupedBy(generations, conditionOf)].flatMap(([writer, of]) =>
    plans.flatMap((plan) =>
      [...groupedBy(of.filter(plan.of), (generation) => plan.within?.(generation) ?? "")].flatMap(
        ([within, group]) => {
          const name = [writer, within || plan.name].join(", ");
          const texts = textsOf(group, plan);
          if (new Set(texts.map(({ asked }) => asked)).size < 2) return [];
          const stream = random.fork(name);
          const outcomes = plan.outcomes(texts, data, (key) => stream.fork(key));
          if (outcomes.length === 0) return [];
          return [
            {
              name,
              control: plan.control,
              what: plan.what(within),
              outcomes,
              selected: selectedMeans(texts, plan),
            },
          ];
        },
      ),
    ),
  );
}

/** A kind of control, and how texts are analysed for it. */
interface ControlPlan {
  readonly control: ControlName;
  readonly name: string;
  what(within: string): string;
  /** Whether the prompt of a text asked for it. */
  of(generation: Generation): boolean;
  asked(generation: Generation): string;
  /** Texts are compared only within these groups: a level belongs to a tone. */
  within?(generation: Generation): string;
  /** The measure by which draws were chosen. */
  measure?(generation: Generation): number;
  outcomes(texts: readonly DoseText[], data: Data, random: (key: string) => Random): DoseOutcome[];
}

/** A text with what was asked for. */
export interface DoseText {
  readonly asked: string;
  /** The title and everything else that was asked for: texts are compared within blocks. */
  readonly block: string;
  readonly generation: Generation;
  /** Whether the texts were chosen among several draws by the measure itself. */
  readonly selected: boolean;
}

const hasControl = (name: string) => (generation: Generation) => generation.control?.[name] !== undefined;
const controlIn = (name: string) => (generation: Generation) => String(generation.control?.[name]);

const plans: readonly ControlPlan[] = [
  {
    control: "tone",
    name: "tone",
    what: (tone) => `the level of ${tone}`,
    of: (generation) => hasControl("tone")(generation) && hasControl("strength")(generation),
    asked: controlIn("strength"),
    within: controlIn("tone"),
    measure: ({ text }) => sadness(text),
    outcomes: (texts, data, random) =>
      levelOutcome([sadnessOutcome(texts), ...ratingOutcomes(texts, data)], data, random),
  },
  {
    control: "tones",
    name: "tone",
    what: () => "the tone",
    of: hasControl("tone"),
    asked: controlIn("tone"),
    outcomes: (texts, data, random) => codeOutcomes("tone", texts, data, random),
  },
  {
    control: "dialogue",
    name: "dialogue",
    what: () => "how much is spoken",
    of: hasControl("dialogue"),
    asked: controlIn("dialogue"),
    measure: ({ text }) => dialogueWords(text),
    outcomes: (texts, data, random) => levelOutcome([dialogueOutcome(texts)], data, random),
  },
  {
    control: "kind",
    name: "kind of love",
    what: () => "the kind of love",
    of: hasControl("kind"),
    asked: controlIn("kind"),
    outcomes: (texts, data, random) => codeOutcomes("kind_of_love", texts, data, random),
  },
  {
    control: "setting",
    name: "setting",
    what: () => "the setting",
    of: hasControl("setting"),
    asked: controlIn("setting"),
    outcomes: mentionOutcome,
  },
];

const conditionOf = (generation: Generation): string =>
  `${modelName(generation)} ${generation.prompt.template.split("+")[0]}`;

/** All texts whose prompt asked for it, with all attempts. If some were chosen by the measure, all count as selected. */
function textsOf(group: readonly Generation[], { asked, control }: ControlPlan): DoseText[] {
  const own = control === "tone" ? ["strength", "tone"] : [control === "tones" ? "tone" : control];
  const selected = group.some(
    // Older versions drew a text again if it was far from what was asked for.
    ({ chosen, reason }) => chosen !== undefined || reason?.startsWith("far from what was asked for"),
  );
  return group.map((generation) => {
    const { story, control: all = {} } = generation;
    const others = Object.entries(all).filter(([name]) => !own.includes(name));
    return { asked: asked(generation), block: JSON.stringify([story, others]), generation, selected };
  });
}

/** First draws only, before any selection. */
const firstDraws = (texts: readonly DoseText[]): DoseText[] =>
  texts.filter(({ generation }) => generation.attempt === 1 && generation.text !== "");

function selectedMeans(texts: readonly DoseText[], { measure }: ControlPlan): Selected[] {
  if (!measure) return [];
  const chosen = [
    ...groupedBy(
      texts.filter(({ selected }) => selected),
      ({ asked }) => asked,
    ),
  ];
  return chosen
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([asked, group]) => {
      const selected = selectedAttemptsBy(
        group.map(({ generation }) => generation),
        ({ story, control }) => JSON.stringify([story, control]),
      ).filter(({ text }) => text !== "");
      return {
        asked,
        texts: selected.length,
        draws: group.length,
        mean: selected.reduce((sum, each) => sum + measure(each), 0) / selected.length,
      };
    });
}

/** Number of permutations of what was asked for. */
export const permutations = 1999;

type UntestedOutcome = Omit<DoseOutcome, "found" | "data"> & { readonly data: TrendData };

const levelOutcome = (
  outcomes: readonly UntestedOutcome[],
  { settings }: Data,
  random: (key: string) => Random,
): DoseOutcome[] =>
  outcomes.flatMap((outcome) => {
    const found = trend(outcome.data, { level: settings.level, permutations }, random(outcome.key));
    return found ? [{ ...outcome, found }] : [];
  });

/** Corrects all p-values by Holm. */
export function correctedAll(doses: readonly Dose<DoseOutcome>[]): Dose<Corrected>[] {
  const adjusted = holm(doses.flatMap(({ outcomes }) => outcomes.map(({ found }) => found.p)));
  let next = 0;
  return doses.map((dose) => ({
    ...dose,
    outcomes: dose.outcomes.map((outcome) => ({ ...outcome, corrected: adjusted[next++]! })),
  }));
}

/** A measure of each first draw, compared within titles, which differ in sadness themselves. */
function textMeasures(texts: readonly DoseText[], measure: (text: string) => number): TrendData {
  const first = firstDraws(texts);
  const blocks = first.map(({ block }) => block);
  const levels = first.map(({ asked }) => Number(asked));
  const within = variesWithin(blocks, levels) ? blocks : undefined;
  return {
    levels,
    values: first.map(({ generation }) => measure(generation.text)),
    units: first.map(({ generation }) => generation.id),
    within,
    blocks: within,
    clusters: [first.map(({ generation }) => generation.story)],
  };
}

function sadnessOutcome(texts: readonly DoseText[]): UntestedOutcome {
  const tone = controlIn("tone")(texts[0]!.generation);
  return {
    key: "words",
    label: "sadness per hundred words",
    noun: "the sadness of the words",
    rises: "The words grow sadder",
    falls: "The words grow gladder",
    expectedSign: sadTones.has(tone) ? 1 : happyTones.has(tone) ? -1 : undefined,
    data: textMeasures(texts, sadness),
  };
}

const dialogueOutcome = (texts: readonly DoseText[]): UntestedOutcome => ({
  key: "words",
  label: "words of dialogue",
  noun: "the number of spoken words",
  rises: "More words are spoken",
  falls: "Fewer words are spoken",
  expectedSign: 1,
  data: textMeasures(texts, dialogueWords),
});

/** Whether first draws have the code asked for, coded by word lists, and by people or models. */
function codeOutcomes(
  variable: string,
  texts: readonly DoseText[],
  { study, settings }: Data,
  random: (key: string) => Random,
): DoseOutcome[] {
  const coders = study?.coders ?? [];
  const codesBy = (cues: boolean): ReadonlyMap<string, string> => {
    const codings = coders
      .filter(({ kind }) => (kind === "cues") === cues)
      .flatMap((coder) => coder.codings.filter((coding) => coding.variable === variable));
    return new Map(
      [...groupedBy(codings, ({ text }) => text)].flatMap(([text, of]) => {
        const code = majority(of.map((coding) => coding.code));
        return code === undefined ? [] : [[text, code] as const];
      }),
    );
  };
  return ([true, false] as const).flatMap((cues) => {
    const codes = codesBy(cues);
    const known = firstDraws(texts).filter(({ generation }) => codes.has(generation.id));
    const whose = cues ? "coded by word lists (roughly)" : "coded by people or a model";
    return fitOutcome(
      {
        key: cues ? "cues" : "coders",
        label: `texts with the code asked for, ${whose}`,
        noun: `that texts ${whose} have the code asked for`,
        rises: `Texts ${whose} have the code asked for more often than other texts do`,
        falls: `Texts ${whose} have the code asked for less often than other texts do`,
        expectedSign: 1,
      },
      known,
      ({ generation }, category) => Number(codes.get(generation.id) === category),
      settings.level,
      random,
    );
  });
}

/** Whether first draws name the place asked for. */
function mentionOutcome(
  texts: readonly DoseText[],
  { settings }: Data,
  random: (key: string) => Random,
): DoseOutcome[] {
  return fitOutcome(
    {
      key: "mention",
      label: "texts that name the place asked for",
      noun: "that texts name the place asked for",
      rises: "Texts name the place asked for more often than other places",
      falls: "Texts name the place asked for less often than other places",
      expectedSign: 1,
    },
    firstDraws(texts),
    ({ generation }, category) => Number(generation.text.toLowerCase().includes(category.toLowerCase())),
    settings.level,
    random,
  );
}

function fitOutcome(
  outcome: Omit<DoseOutcome, "found" | "shares">,
  texts: readonly DoseText[],
  fits: (text: DoseText, category: string) => number,
  level: number,
  random: (key: string) => Random,
): DoseOutcome[] {
  const asked = texts.map((text) => text.asked);
  const blocks = texts.map(({ block }) => block);
  const found = categoryFit(
    {
      asked,
      fits: (at, category) => fits(texts[at]!, category),
      blocks: variesWithin(blocks, asked) ? blocks : undefined,
      clusters: [texts.map(({ generation }) => generation.story)],
    },
    { level, permutations },
    random(outcome.key),
  );
  if (!found) return [];
  const share = (of: readonly DoseText[], category: string) =>
    of.reduce((sum, text) => sum + fits(text, category), 0) / of.length;
  const shares = [...new Set(asked)].map((category) => {
    const [own, others] = [true, false].map((it) => texts.filter((text) => (text.asked === category) === it));
    return { category, texts: own!.length, asked: share(own!, category), others: share(others!, category) };
  });
  return [{ ...outcome, shares, found }];
}

const sadTones: ReadonlySet<string> = new Set(["bittersweet", "melancholy", "regretful", "grieving"]);
const happyTones: ReadonlySet<string> = new Set(["celebratory", "grateful", "joyful", "content"]);

/** The emotions that match each tone. */
const emotionsOf: Readonly<Record<string, readonly string[]>> = {
  bittersweet: ["sadness", "longing"],
  melancholy: ["sadness", "longing"],
  regretful: ["sadness", "longing"],
  grieving: ["sadness"],
  retrospective: ["longing"],
  celebratory: ["joy", "amusement"],
  joyful: ["joy", "amusement"],
  grateful: ["joy", "tenderness"],
  content: ["joy", "tenderness"],
};

/**
 * How much readers were moved, and whether they named an emotion of the tone, compared within readers. Texts chosen by their
 * words are left out, since their ratings reflect the choice.
 */
function ratingOutcomes(texts: readonly DoseText[], { ratings, study }: Data): UntestedOutcome[] {
  const tone = controlIn("tone")(texts[0]!.generation);
  const byId = new Map(
    texts.filter(({ selected }) => !selected).map((level) => [level.generation.id, level] as const),
  );
  // Of several tasks about feeling, only the first is used: scales must not be mixed.
  const task = tasks.find(({ name, asksFeeling }) => asksFeeling && ratings.some((one) => one.task === name));
  const rated = ratings.flatMap((rating) => {
    const level = byId.get(study?.generationOf.get(rating.stimulus) ?? "");
    return level && rating.task === task?.name ? [{ rating, level }] : [];
  });
  const emotions = emotionsOf[tone] ?? [];
  const named = rated.filter(({ rating }) => rating.emotion !== undefined);
  const outcome = (rows: typeof rated, value: (row: (typeof rated)[number]) => number): TrendData => {
    const levels = rows.map(({ level }) => Number(level.asked));
    const readers = rows.map(({ rating }) => rating.participant);
    const titles = rows.map(({ level }) => level.generation.story);
    return {
      levels,
      values: rows.map(value),
      units: rows.map(({ rating }) => rating.stimulus),
      within: variesWithin(readers, levels) ? readers : undefined,
      // In most surveys a title is shown once, with one level: then levels are permuted over titles.
      blocks: variesWithin(titles, levels) ? titles : undefined,
      clusters: [readers, titles],
    };
  };
  const { low, high } = ratingScale(
    task?.name ?? "",
    rated.map(({ rating }) => rating.rating),
  );
  const moved: UntestedOutcome = {
    key: "moved",
    label: `how much it moved readers, ${low} to ${high}`,
    noun: "how much readers are moved",
    rises: "Readers are moved more",
    falls: "Readers are moved less",
    expectedSign: undefined,
    data: outcome(rated, ({ rating }) => rating.rating),
  };
  const words = emotions.join(" or ");
  return [
    ...(rated.length > 0 ? [moved] : []),
    ...(named.length > 0 && emotions.length > 0
      ? [
          {
            key: "named" as const,
            label: `share of readers who name ${words}`,
            noun: `the share of readers who name ${words}`,
            rises: `More readers name ${words}`,
            falls: `Fewer readers name ${words}`,
            expectedSign: 1 as const,
            data: outcome(named, ({ rating }) => Number(emotions.includes(rating.emotion!))),
          },
        ]
      : []),
  ];
}

/** Whether some label has several levels, so that levels can be compared within labels. */
function variesWithin<Level>(labels: readonly string[], levels: readonly Level[]): boolean {
  const first = new Map<string, Level>();
  return labels.some((label, at) => {
    const known = first.get(label);
    if (known === undefined) first.set(label, levels[at]!);
    return known !== undefined && known !== levels[at];
  });
}
