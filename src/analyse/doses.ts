import { categoryFit } from "../stats/category-fit.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { Random } from "../stats/random.ts";
import { type Trend, type TrendData, trend } from "../stats/trend.ts";
import { majority } from "../study/coding.ts";
import { countingOf, type Generation, modelName } from "../study/generation.ts";
import { groupedBy } from "../study/groups.ts";
import { tasks } from "../tasks/tasks.ts";
import { dialogueWords } from "../text/dialogue.ts";
import { sadness } from "../text/sad-and-glad.ts";
import type { Data } from "./data.ts";
import { ratingScale } from "./rating-scale.ts";

/** One way in which it may show what was asked for. */
export interface DoseOutcome {
  readonly key: "words" | "moved" | "named" | "cues" | "coders" | "mention";
  readonly label: string;
  /** What it is, as a sentence names it. */
  readonly noun: string;
  /** How a sentence begins that tells of a rise of it, or of a fall. */
  readonly rises: string;
  readonly falls: string;
  /** The sign that was asked for: 1 or -1; undefined where the tone says nothing of it. */
  readonly wanted: 1 | -1 | undefined;
  /** Values by level, where what was asked for has levels. */
  readonly data?: TrendData;
  /** Texts by category, where what was asked for has none. */
  readonly shares?: readonly DoseShare[];
  readonly found: Trend;
}

/** How often texts have a category: those that it was asked of, and the others. */
export interface DoseShare {
  readonly category: string;
  readonly texts: number;
  readonly asked: number;
  readonly others: number;
}

/** An outcome with its p-value by Holm over all of them. */
export type Corrected = DoseOutcome & { readonly corrected: number };

/** What was asked of a model under a prompt: a tone's level, words of dialogue, a kind of love, a setting. */
export interface Dose<Each extends DoseOutcome> {
  readonly name: string;
  readonly control: ControlName;
  /** What can be set, as a sentence names it: `the level of melancholy`. */
  readonly what: string;
  readonly outcomes: readonly Each[];
  /** What readers see was chosen among several draws by the same measure: its means, by what was asked for. */
  readonly selected: readonly Selected[];
}

export type ControlName = "tone" | "tones" | "dialogue" | "kind" | "setting";

export interface Selected {
  readonly asked: string;
  readonly texts: number;
  readonly draws: number;
  readonly mean: number;
}

/** Each model and prompt with each thing that it was asked for in more than one way. */
export function dosesOf(data: Data, random: Random): Dose<DoseOutcome>[] {
  const generations = (data.study?.generations ?? []).filter(({ control }) => control !== undefined);
  return [...groupedBy(generations, writerOf)].flatMap(([writer, of]) =>
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
              selected: selectedOf(texts, plan),
            },
          ];
        },
      ),
    ),
  );
}

/** A kind of control, and how texts are looked at for it. */
interface Plan {
  readonly control: ControlName;
  readonly name: string;
  what(within: string): string;
  /** Whether a text was asked for it. */
  of(generation: Generation): boolean;
  asked(generation: Generation): string;
  /** What texts are told apart by before they are compared: a level is one of a tone. */
  within?(generation: Generation): string;
  /** What draws were chosen by. */
  measure?(generation: Generation): number;
  outcomes(texts: readonly DoseText[], data: Data, random: (key: string) => Random): DoseOutcome[];
}

/** A text under what was asked for. */
export interface DoseText {
  readonly asked: string;
  /** The title, with all else that was asked for: what is compared with each other. */
  readonly block: string;
  readonly generation: Generation;
  /** Whether it is of texts that were chosen among several draws by the measure itself. */
  readonly selected: boolean;
}

const has = (name: string) => (generation: Generation) => generation.control?.[name] !== undefined;
const controlIn = (name: string) => (generation: Generation) => String(generation.control?.[name]);

const plans: readonly Plan[] = [
  {
    control: "tone",
    name: "tone",
    what: (tone) => `the level of ${tone}`,
    of: (generation) => has("tone")(generation) && has("strength")(generation),
    asked: controlIn("strength"),
    within: controlIn("tone"),
    measure: ({ text }) => sadness(text),
    outcomes: (texts, data, random) => levelled([sadnessIn(texts), ...ratingsOf(texts, data)], data, random),
  },
  {
    control: "tones",
    name: "tone",
    what: () => "the tone",
    of: has("tone"),
    asked: controlIn("tone"),
    outcomes: (texts, data, random) => coded("tone", texts, data, random),
  },
  {
    control: "dialogue",
    name: "dialogue",
    what: () => "how much is spoken",
    of: has("dialogue"),
    asked: controlIn("dialogue"),
    measure: ({ text }) => dialogueWords(text),
    outcomes: (texts, data, random) => levelled([spokenIn(texts)], data, random),
  },
  {
    control: "kind",
    name: "kind of love",
    what: () => "the kind of love",
    of: has("kind"),
    asked: controlIn("kind"),
    outcomes: (texts, data, random) => coded("kind_of_love", texts, data, random),
  },
  {
    control: "setting",
    name: "setting",
    what: () => "the setting",
    of: has("setting"),
    asked: controlIn("setting"),
    outcomes: mentioned,
  },
];

const writerOf = (generation: Generation): string =>
  `${modelName(generation)} ${generation.prompt.template.split("+")[0]}`;

/** All texts that were asked for it, in any attempt. Where some were chosen by the measure, all passed the choice. */
function textsOf(group: readonly Generation[], { asked, control }: Plan): DoseText[] {
  const own = control === "tone" ? ["strength", "tone"] : [control === "tones" ? "tone" : control];
  const selected = group.some(
    // Older versions drew again what was far from the wish.
    ({ chosen, reason }) => chosen !== undefined || reason?.startsWith("far from what was asked for"),
  );
  return group.map((generation) => {
    const { story, control: all = {} } = generation;
    const others = Object.entries(all).filter(([name]) => !own.includes(name));
    return { asked: asked(generation), block: JSON.stringify([story, others]), generation, selected };
  });
}

/** The first draw of each: what the model did, before anybody chose. */
const firstOf = (texts: readonly DoseText[]): DoseText[] =>
  texts.filter(({ generation }) => generation.attempt === 1 && generation.text !== "");

function selectedOf(texts: readonly DoseText[], { measure }: Plan): Selected[] {
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
      const counting = countingOf(
        group.map(({ generation }) => generation),
        ({ story, control }) => JSON.stringify([story, control]),
      ).filter(({ text }) => text !== "");
      return {
        asked,
        texts: counting.length,
        draws: group.length,
        mean: counting.reduce((sum, each) => sum + measure(each), 0) / counting.length,
      };
    });
}

/** How often what was asked for is shuffled over texts. */
export const deals = 1999;

type Levelled = Omit<DoseOutcome, "found" | "data"> & { readonly data: TrendData };

const levelled = (
  outcomes: readonly Levelled[],
  { settings }: Data,
  random: (key: string) => Random,
): DoseOutcome[] =>
  outcomes.flatMap((outcome) => {
    const found = trend(outcome.data, { level: settings.level, deals }, random(outcome.key));
    return found ? [{ ...outcome, found }] : [];
  });

/** All of them are one question put several times. */
export function correctedAll(doses: readonly Dose<DoseOutcome>[]): Dose<Corrected>[] {
  const adjusted = holm(doses.flatMap(({ outcomes }) => outcomes.map(({ found }) => found.p)));
  let next = 0;
  return doses.map((dose) => ({
    ...dose,
    outcomes: dose.outcomes.map((outcome) => ({ ...outcome, corrected: adjusted[next++]! })),
  }));
}

/** A measure of each first draw, compared within its title, for titles are sad or glad of themselves. */
function measured(texts: readonly DoseText[], measure: (text: string) => number): TrendData {
  const first = firstOf(texts);
  const blocks = first.map(({ block }) => block);
  const levels = first.map(({ asked }) => Number(asked));
  const within = oftenSeveral(blocks, levels) ? blocks : undefined;
  return {
    levels,
    values: first.map(({ generation }) => measure(generation.text)),
    units: first.map(({ generation }) => generation.id),
    within,
    blocks: within,
    clusters: [first.map(({ generation }) => generation.story)],
  };
}

function sadnessIn(texts: readonly DoseText[]): Levelled {
  const tone = controlIn("tone")(texts[0]!.generation);
  return {
    key: "words",
    label: "sadness per hundred words",
    noun: "the sadness of the words",
    rises: "The words grow sadder",
    falls: "The words grow gladder",
    wanted: sadTones.has(tone) ? 1 : gladTones.has(tone) ? -1 : undefined,
    data: measured(texts, sadness),
  };
}

const spokenIn = (texts: readonly DoseText[]): Levelled => ({
  key: "words",
  label: "words of dialogue",
  noun: "the number of spoken words",
  rises: "More words are spoken",
  falls: "Fewer words are spoken",
  wanted: 1,
  data: measured(texts, dialogueWords),
});

/** Whether first draws have the code that was asked for, by the cue words, and by people and models who coded them. */
function coded(
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
    const known = firstOf(texts).filter(({ generation }) => codes.has(generation.id));
    const whose = cues ? "by cue words" : "by people or a model who coded them";
    return fitting(
      {
        key: cues ? "cues" : "coders",
        label: `texts with the code asked for, ${whose}`,
        noun: `that texts have the code asked for, ${whose},`,
        rises: `Texts have the code asked for more often than the others, ${whose}`,
        falls: `Texts have the code asked for less often than the others, ${whose}`,
        wanted: 1,
      },
      known,
      ({ generation }, category) => Number(codes.get(generation.id) === category),
      settings.level,
      random,
    );
  });
}

/** Whether first draws name the place that was asked for. */
function mentioned(
  texts: readonly DoseText[],
  { settings }: Data,
  random: (key: string) => Random,
): DoseOutcome[] {
  return fitting(
    {
      key: "mention",
      label: "texts that name the place asked for",
      noun: "that texts name the place asked for",
      rises: "Texts name the place asked for more often than other places",
      falls: "Texts name the place asked for less often than other places",
      wanted: 1,
    },
    firstOf(texts),
    ({ generation }, category) => Number(generation.text.toLowerCase().includes(category.toLowerCase())),
    settings.level,
    random,
  );
}

function fitting(
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
      blocks: oftenSeveral(blocks, asked) ? blocks : undefined,
      clusters: [texts.map(({ generation }) => generation.story)],
    },
    { level, deals },
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
const gladTones: ReadonlySet<string> = new Set(["celebratory", "grateful", "joyful", "content"]);

/** What a reader may name who felt the tone. */
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
 * How much readers were moved, and whether they named an emotion of the tone, each compared within the reader. Texts
 * that were chosen by their words say of readers what the choice says, and are left out.
 */
function ratingsOf(texts: readonly DoseText[], { ratings, study }: Data): Levelled[] {
  const tone = controlIn("tone")(texts[0]!.generation);
  const byId = new Map(
    texts.filter(({ selected }) => !selected).map((level) => [level.generation.id, level] as const),
  );
  // Of several tasks about feeling the first is taken, so that no two scales are mixed.
  const task = tasks.find(({ name, asksFeeling }) => asksFeeling && ratings.some((one) => one.task === name));
  const rated = ratings.flatMap((rating) => {
    const level = byId.get(study?.behind.get(rating.stimulus) ?? "");
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
      within: oftenSeveral(readers, levels) ? readers : undefined,
      // In most surveys a title stands once, under one level: then levels were dealt over titles.
      blocks: oftenSeveral(titles, levels) ? titles : undefined,
      clusters: [readers, titles],
    };
  };
  const { low, high } = ratingScale(
    task?.name ?? "",
    rated.map(({ rating }) => rating.rating),
  );
  const moved: Levelled = {
    key: "moved",
    label: `how much it moved readers, ${low} to ${high}`,
    noun: "how much readers are moved",
    rises: "Readers are moved more",
    falls: "Readers are moved less",
    wanted: undefined,
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
            wanted: 1 as const,
            data: outcome(named, ({ rating }) => Number(emotions.includes(rating.emotion!))),
          },
        ]
      : []),
  ];
}

/** Whether at least one of them has several levels, so that levels can be compared within it. */
function oftenSeveral<Level>(labels: readonly string[], levels: readonly Level[]): boolean {
  const first = new Map<string, Level>();
  return labels.some((label, at) => {
    const known = first.get(label);
    if (known === undefined) first.set(label, levels[at]!);
    return known !== undefined && known !== levels[at];
  });
}
