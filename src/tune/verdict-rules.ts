import type { Evidence, TextMeasures } from "./evidence.ts";

interface Rule {
  readonly is: string;
  /** The kind of training that the rule judges, if it does not judge both: on stories, or on readers' preferences. */
  readonly of?: "stories" | "preferences";
  readonly unusable?: true;
  /** The evidence in words if the rule applies, else undefined. */
  signs(evidence: Evidence): string | undefined;
  readonly remedy: (evidence: Evidence) => string;
}

/** The thresholds of the rules. */
export const limits = {
  /** Greedy seq-rep-4 of a loop; an undertrained model rarely exceeds .6. */
  loop: 0.9,
  /** How far above the base's share. */
  moreLoops: 0.1,
  /** Bits: below this, the greedy texts consist of one or two words; a row of full stops has 0. */
  entropy: 1,
  /** Share of pronouns, as a multiple of that in human stories. */
  pronouns: 2,
  /** Validation loss, as a multiple of the best known one. */
  worse: 2,
  /** A training loss that rises above its lowest average by this factor, and stays there, has diverged. */
  divergence: 1.5,
  /** Share of 8-word runs from training stories, above that in human test stories. */
  copied: 0.2,
  /** Words by which the longest copy exceeds that in human test stories. */
  longer: 4,
  /** Ratio of the perplexities of test and training stories, as a multiple of the base's ratio. */
  memorised: 2.5,
  /** Final validation loss, as a multiple of its best. */
  tooLong: 1.1,
  /** The smallest drop of the validation loss that counts as learning. */
  learnt: 0.02,
  /** A drop at the last evaluation that shows that training ended too early. */
  falling: 0.05,
  /** The smallest acceptable share of sampled texts that end by themselves. */
  ends: 0.2,
  /** Sampled seq-rep-4, above that of human stories. */
  repeats: 0.15,
  /** Distinct pairs of words in sampled texts, as a multiple of those before learning from readers. */
  variety: 0.7,
  /** Loss of human stories, as a multiple of that before learning from readers. */
  cost: 1.1,
} as const;

/**
 * The first rule that applies gives the verdict. Repetition alone proves nothing, because an undertrained model also
 * loops under greedy decoding; so losses and the base model come before the texts.
 */
export const rules: readonly Rule[] = [
  {
    is: "collapsed",
    unusable: true,
    signs: (evidence) => {
      const { greedy } = evidence.tuned;
      const [pronouns, loss] = [timesPeople(evidence, greedy), timesBest(evidence)];
      const loops = greedy.seq_rep_4 > limits.loop;
      if (loss <= limits.worse || !(loops || greedy.entropy_bits < limits.entropy) || !isUnusable(evidence))
        return undefined;
      const signs = [
        loops
          ? `${percent(greedy.seq_rep_4)} of the runs of four words in its greedy texts are repeated`
          : "its greedy texts consist of one or two words",
        pronouns > limits.pronouns ? `pronouns are ${times(pronouns)} as frequent as in human stories` : "",
        `the final validation loss is ${times(loss)} the best one`,
      ];
      const as2022 = loops && pronouns > limits.pronouns ? "like the model of the 2022 study:  " : "";
      return `${as2022}${signs.filter(Boolean).join(", ")}`;
    },
    remedy: rateAdvice,
  },
  {
    is: "diverged",
    unusable: true,
    signs: (evidence) => {
      const at = divergedAt(evidence.steps);
      const loss = timesBest(evidence);
      // An undertrained model is also far from the best, but not worse than its base.
      const worse = loss > limits.worse && evidence.evaluations.at(-1)!.loss > evidence.evaluations[0]!.loss;
      if (at === undefined && !worse) return undefined;
      return [
        at === undefined ? "" : `the training loss rose permanently at step ${at}`,
        worse ? `the final validation loss is ${times(loss)} the best one, above the base’s` : "",
      ]
        .filter(Boolean)
        .join(", ");
    },
    remedy: rateAdvice,
  },
  {
    is: "monotonous",
    of: "preferences",
    signs: ({ people, base, tuned }) => {
      const [before, after] = [base?.sampled.distinct_2 ?? 1, tuned.sampled.distinct_2];
      if (after >= limits.variety * before) return undefined;
      return `its sampled texts are more alike than before: ${percent(after)} of their pairs of words are different ones (before: ${percent(before)}, human stories: ${percent(people.distinct_2)})`;
    },
    remedy: milder,
  },
  {
    is: "costly",
    of: "preferences",
    signs: ({ evaluations }) => {
      const [before, after] = [evaluations[0]!.loss, evaluations.at(-1)!.loss];
      if (after <= limits.cost * before) return undefined;
      return `human stories became less likely: their loss rose from ${before.toFixed(3)} to ${after.toFixed(3)} nats per token`;
    },
    remedy: milder,
  },
  {
    is: "memorised",
    signs: ({ people, base, tuned }) => {
      const copied = Math.max(tuned.greedy.copied_8_grams, tuned.sampled.copied_8_grams);
      const longest = Math.max(tuned.greedy.longest_copied_words, tuned.sampled.longest_copied_words);
      const ratio = tuned.perplexity / tuned.perplexity_of_training;
      const before = base ? base.perplexity / base.perplexity_of_training : 1;
      // If human stories share many phrases, so do a model's; so both signs are needed.
      const recites =
        copied > people.copied_8_grams + limits.copied &&
        longest > people.longest_copied_words + limits.longer;
      const knows = ratio > limits.memorised * before;
      if (!recites && !knows) return undefined;
      return [
        recites
          ? `${percent(copied)} of its runs of eight words are in training stories (human test stories: ${percent(people.copied_8_grams)}), the longest copy has ${longest} words`
          : "",
        knows
          ? `training stories surprise it ${ratio.toFixed(1)} times less than test stories (perplexity ${tuned.perplexity_of_training.toFixed(1)} against ${tuned.perplexity.toFixed(1)})`
          : "",
      ]
        .filter(Boolean)
        .join("; ");
    },
    remedy: () => "use fewer epochs, a smaller LoRA rank, or more stories",
  },
  {
    is: "no better than chance",
    of: "preferences",
    signs: ({ preference }) =>
      preference && preference.accuracy.low <= 0.5
        ? `it did not learn what readers preferred: ${accuracyOf(preference)}; the interval includes 50 %`
        : undefined,
    remedy: () =>
      "collect more judgments, use more epochs (tune.prefer.epochs), or a rate three times as high",
  },
  {
    is: "undertrained",
    of: "stories",
    signs: ({ evaluations }) => {
      const [before, best] = [evaluations[0]!, lowest(evaluations)];
      const fall = 1 - best.loss / before.loss;
      if (fall < limits.learnt)
        return `the validation loss fell only by ${percent(Math.max(0, fall))}, from ${before.loss.toFixed(3)} to ${best.loss.toFixed(3)}`;
      const [previous, last] = evaluations.slice(-2);
      if (!last || best !== last || 1 - last.loss / previous!.loss < limits.falling) return undefined;
      return `the validation loss was still falling when training ended, from ${previous!.loss.toFixed(3)} to ${last.loss.toFixed(3)} at the last evaluation`;
    },
    remedy: ({ rate, foundRate }) =>
      foundRate !== undefined && foundRate > 3 * rate
        ? `the rate found is ${times(foundRate / rate)} the one used: use it`
        : "use more epochs, or a rate three times as high",
  },
  {
    is: "trained too long",
    of: "stories",
    signs: ({ evaluations }) => {
      const [best, last] = [lowest(evaluations), evaluations.at(-1)!];
      if (last.loss <= limits.tooLong * best.loss) return undefined;
      return `the validation loss was best at step ${best.step} (${best.loss.toFixed(3)}) and ended at ${last.loss.toFixed(3)}; ${best.step > 0 ? "the best model was kept" : "no step was better than the base"}`;
    },
    remedy: ({ evaluations }) =>
      lowest(evaluations).step > 0
        ? "nothing, or use fewer epochs next time"
        : "use a third of the rate, or more stories",
  },
  {
    is: "endless",
    signs: ({ tuned }) =>
      tuned.sampled.share_that_ends >= limits.ends * tuned.stories_that_end
        ? undefined
        : `${percent(tuned.sampled.share_that_ends)} of its sampled texts end by themselves; ${percent(tuned.stories_that_end)} of the human stories would fit into the same length`,
    remedy: () =>
      "check that the tokenizer has its own end-of-text token, and that length does not cut the stories",
  },
  {
    is: "repetitive",
    signs: ({ people, tuned }) =>
      tuned.sampled.seq_rep_4 <= people.seq_rep_4 + limits.repeats
        ? undefined
        : `${percent(tuned.sampled.seq_rep_4)} of the runs of four words in its sampled texts are repeated (human stories: ${percent(people.seq_rep_4)})`,
    remedy: () => "use more training, a larger base, or topP 0.95 for generation",
  },
  {
    is: "healthy",
    signs: ({ people, base, tuned, evaluations, preference }) => {
      const [before, best] = [evaluations[0]!, lowest(evaluations)];
      const perplexity = base
        ? `, perplexity on the test stories from ${base.perplexity.toFixed(1)} to ${tuned.perplexity.toFixed(1)}`
        : "";
      const learnt = preference
        ? accuracyOf(preference)
        : `the validation loss fell from ${before.loss.toFixed(3)} to ${best.loss.toFixed(3)}`;
      return `${learnt}${perplexity}; sampled texts repeat ${percent(tuned.sampled.seq_rep_4)} of their runs of four words (human stories: ${percent(people.seq_rep_4)})`;
    },
    remedy: () => "",
  },
];

/**
 * Whether the model is worse than its base, or loops more. An undertrained model only loops as its base does, and is
 * as far from the best.
 */
function isUnusable({ evaluations, base, tuned }: Evidence): boolean {
  const more = base !== undefined && tuned.greedy.seq_rep_4 > base.greedy.seq_rep_4 + limits.moreLoops;
  return more || evaluations.at(-1)!.loss > evaluations[0]!.loss;
}

/** "it raised the preferred text more in 78 % of the 26 held-out pairs (95 % interval 61 to 95 %, 13 titles)". */
export const accuracyOf = ({ pairs, titles, accuracy }: NonNullable<Evidence["preference"]>): string =>
  `of ${pairs} held-out pairs it raised the preferred text more than the other in ${percent(accuracy.estimate)} (95 % interval ${Math.round(100 * Math.max(0, accuracy.low))} to ${percent(Math.min(1, accuracy.high))}, clustered by ${titles} titles)`;

/** Advice after readers' preferences changed a model too much. */
function milder(): string {
  return "use fewer epochs or a third of the rate, or hold the model closer to what it was (tune.prefer.beta)";
}

/** Advice on the rate after a divergence. */
function rateAdvice({ rate, foundRate, preference }: Evidence): string {
  if (preference) return milder();
  const given = `the learning rate of ${rate.toExponential(1)}`;
  if (foundRate === undefined) return `${given} is too high; find one with --find-lr, or try a tenth`;
  return rate > 1.5 * foundRate
    ? `${given} is ${times(rate / foundRate)} the one found (${foundRate.toExponential(1)}): use that`
    : `${given} is near the one found but still too high: use a third`;
}

/** The last validation loss, as a multiple of the best in this and other runs from the same base. */
const timesBest = ({ evaluations, bestElsewhere }: Evidence): number =>
  evaluations.at(-1)!.loss / Math.min(lowest(evaluations).loss, bestElsewhere ?? Number.POSITIVE_INFINITY);

const timesPeople = ({ people }: Evidence, texts: TextMeasures): number =>
  texts.pronoun_share / Math.max(people.pronoun_share, 1e-6);

/**
 * The step from which the training loss stays above its lowest: its moving average rises to 1.5 times the minimum and
 * does not return. Undefined if that never happens. One bad batch is not a divergence.
 */
export function divergedAt(steps: Evidence["steps"]): number | undefined {
  const window = Math.max(1, Math.min(10, Math.floor(steps.length / 8)));
  const averages = steps
    .slice(window - 1)
    .map((_, at) => mean(steps.slice(at, at + window).map(({ loss }) => loss)));
  let least = Number.POSITIVE_INFINITY;
  let left: number | undefined;
  averages.forEach((average, at) => {
    least = Math.min(least, average);
    // A loss near zero may double without harm.
    if (average <= Math.max(limits.divergence * least, least + 0.5)) left = undefined;
    else left ??= at;
  });
  return left === undefined ? undefined : steps[left + window - 1]!.step;
}

const lowest = (evaluations: Evidence["evaluations"]) =>
  evaluations.reduce((best, one) => (one.loss < best.loss ? one : best));

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

const times = (factor: number): string => `${factor >= 10 ? Math.round(factor) : factor.toFixed(1)} times`;
