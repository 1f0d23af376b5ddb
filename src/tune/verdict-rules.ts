import type { Evidence, TextMeasures } from "./evidence.ts";

interface Rule {
  readonly is: string;
  readonly spoils?: true;
  /** The signs in words where the rule holds, else undefined. */
  signs(evidence: Evidence): string | undefined;
  readonly mend: (evidence: Evidence) => string;
}

/** What the rules hold numbers against. */
export const limits = {
  /** Greedy seq-rep-4 of a loop; an undertrained model seldom comes above .6. */
  loop: 0.9,
  /** Above the base's own share. */
  moreLoops: 0.1,
  /** Bits: below this, one or two words carry all that it writes greedily; a row of full stops has none. */
  entropy: 1,
  /** Pronouns, as a multiple of people's share. */
  pronouns: 2,
  /** Validation loss, as a multiple of the best that is known. */
  worse: 2,
  /** A training loss that leaves its lowest average by this factor, and stays away, has broken out. */
  brokenOut: 1.5,
  /** Share of 8-word runs from training stories, above people's own. */
  copied: 0.2,
  /** Words by which the longest copy is longer than people's own. */
  longer: 4,
  /** Training stories are this much less surprising than test stories, as a multiple of the base's own ratio. */
  byHeart: 2.5,
  /** Validation loss over its best when training ended. */
  tooLong: 1.1,
  /** The least fall of the validation loss that is called learning. */
  learnt: 0.02,
  /** A fall from the last evaluation but one that says that more was to come. */
  falling: 0.05,
  /** The least share of sampled texts that end by themselves. */
  ends: 0.2,
  /** Sampled seq-rep-4 above people's own. */
  repeats: 0.15,
} as const;

/**
 * The first rule that holds is the verdict. Repetition alone proves nothing: a model that learnt too little loops
 * under greedy decoding as well, so the losses and the base model are asked before the texts.
 */
export const rules: readonly Rule[] = [
  {
    is: "collapsed",
    spoils: true,
    signs: (evidence) => {
      const { greedy } = evidence.tuned;
      const [pronouns, loss] = [timesPeople(evidence, greedy), timesBest(evidence)];
      const loops = greedy.seq_rep_4 > limits.loop;
      if (loss <= limits.worse || !(loops || greedy.entropy_bits < limits.entropy) || !spoiltIn(evidence))
        return undefined;
      const signs = [
        loops
          ? `${percent(greedy.seq_rep_4)} of the runs of four words that it writes greedily are repeated`
          : "one or two words are all that it writes greedily",
        pronouns > limits.pronouns ? `pronouns are ${times(pronouns)} as frequent as people’s` : "",
        `the validation loss ended at ${times(loss)} the best`,
      ];
      const as2022 = loops && pronouns > limits.pronouns ? "as the model of the 2022 study did: " : "";
      return `${as2022}${signs.filter(Boolean).join(", ")}`;
    },
    mend: lowerRate,
  },
  {
    is: "diverged",
    spoils: true,
    signs: (evidence) => {
      const at = brokeOutAt(evidence.steps);
      const loss = timesBest(evidence);
      // A model that has learnt too little is far from the best as well, but no worse than it was before.
      const worse = loss > limits.worse && evidence.evaluations.at(-1)!.loss > evidence.evaluations[0]!.loss;
      if (at === undefined && !worse) return undefined;
      return [
        at === undefined ? "" : `the training loss broke out at step ${at}`,
        worse ? `the validation loss ended at ${times(loss)} the best, above the base’s own` : "",
      ]
        .filter(Boolean)
        .join(", ");
    },
    mend: lowerRate,
  },
  {
    is: "memorised",
    signs: ({ people, base, tuned }) => {
      const copied = Math.max(tuned.greedy.copied_8_grams, tuned.sampled.copied_8_grams);
      const longest = Math.max(tuned.greedy.longest_copied_words, tuned.sampled.longest_copied_words);
      const ratio = tuned.perplexity / tuned.perplexity_of_training;
      const before = base ? base.perplexity / base.perplexity_of_training : 1;
      // Where people's own stories are much alike, so are a model's: both signs are asked.
      const recites =
        copied > people.copied_8_grams + limits.copied &&
        longest > people.longest_copied_words + limits.longer;
      const knows = ratio > limits.byHeart * before;
      if (!recites && !knows) return undefined;
      return [
        recites
          ? `${percent(copied)} of its runs of eight words stand in training stories (people’s: ${percent(people.copied_8_grams)}), the longest copy has ${longest} words`
          : "",
        knows
          ? `training stories surprise it ${ratio.toFixed(1)} times less than test stories (perplexity ${tuned.perplexity_of_training.toFixed(1)} against ${tuned.perplexity.toFixed(1)})`
          : "",
      ]
        .filter(Boolean)
        .join("; ");
    },
    mend: () => "fewer epochs, a smaller rank of LoRA, or more stories",
  },
  {
    is: "undertrained",
    signs: ({ evaluations }) => {
      const [before, best] = [evaluations[0]!, lowest(evaluations)];
      const fall = 1 - best.loss / before.loss;
      if (fall < limits.learnt)
        return `the validation loss fell by ${percent(Math.max(0, fall))} only, from ${before.loss.toFixed(3)} to ${best.loss.toFixed(3)}`;
      const [previous, last] = evaluations.slice(-2);
      if (!last || best !== last || 1 - last.loss / previous!.loss < limits.falling) return undefined;
      return `the validation loss was still falling when training ended, from ${previous!.loss.toFixed(3)} to ${last.loss.toFixed(3)} at the last evaluation`;
    },
    mend: ({ rate, foundRate }) =>
      foundRate !== undefined && foundRate > 3 * rate
        ? `the rate found is ${times(foundRate / rate)} the one taken: take it`
        : "more epochs, or a rate three times as high",
  },
  {
    is: "trained too long",
    signs: ({ evaluations }) => {
      const [best, last] = [lowest(evaluations), evaluations.at(-1)!];
      if (last.loss <= limits.tooLong * best.loss) return undefined;
      return `the validation loss was best at step ${best.step} (${best.loss.toFixed(3)}) and ended at ${last.loss.toFixed(3)}; ${best.step > 0 ? "the best model was kept" : "no step was better than the base"}`;
    },
    mend: ({ evaluations }) =>
      lowest(evaluations).step > 0
        ? "nothing, or fewer epochs next time"
        : "a rate three times as low, or more stories",
  },
  {
    is: "endless",
    signs: ({ tuned }) =>
      tuned.sampled.share_that_ends >= limits.ends * tuned.stories_that_end
        ? undefined
        : `${percent(tuned.sampled.share_that_ends)} of its sampled texts end by themselves, and ${percent(tuned.stories_that_end)} of people’s stories would have within their length`,
    mend: () =>
      "see that the tokenizer has an end-of-text token of its own, or that length does not cut the stories",
  },
  {
    is: "repetitive",
    signs: ({ people, tuned }) =>
      tuned.sampled.seq_rep_4 <= people.seq_rep_4 + limits.repeats
        ? undefined
        : `${percent(tuned.sampled.seq_rep_4)} of the runs of four words in its sampled texts are repeated (people’s: ${percent(people.seq_rep_4)})`,
    mend: () => "more training, a larger base, or topP 0.95 when generating",
  },
  {
    is: "healthy",
    signs: ({ people, base, tuned, evaluations }) => {
      const [before, best] = [evaluations[0]!, lowest(evaluations)];
      const perplexity = base
        ? `, perplexity on the test stories from ${base.perplexity.toFixed(1)} to ${tuned.perplexity.toFixed(1)}`
        : "";
      return `the validation loss fell from ${before.loss.toFixed(3)} to ${best.loss.toFixed(3)}${perplexity}; sampled texts repeat ${percent(tuned.sampled.seq_rep_4)} of their runs of four words (people’s: ${percent(people.seq_rep_4)})`;
    },
    mend: () => "",
  },
];

/** Worse than the base, or more of a loop: one that has learnt too little loops as its base does, and is as far from the best. */
function spoiltIn({ evaluations, base, tuned }: Evidence): boolean {
  const more = base !== undefined && tuned.greedy.seq_rep_4 > base.greedy.seq_rep_4 + limits.moreLoops;
  return more || evaluations.at(-1)!.loss > evaluations[0]!.loss;
}

/** What a loss that broke out says of the rate. */
function lowerRate({ rate, foundRate }: Evidence): string {
  const given = `the learning rate of ${rate.toExponential(1)}`;
  if (foundRate === undefined) return `${given} is too high; --find-lr finds one, a tenth is a fair guess`;
  return rate > 1.5 * foundRate
    ? `${given} is ${times(rate / foundRate)} the one found (${foundRate.toExponential(1)}): take that`
    : `${given} is near the one found, and still too high: take a third`;
}

/** The last validation loss as a multiple of the best that is known, of this run and of others from the same base. */
const timesBest = ({ evaluations, bestElsewhere }: Evidence): number =>
  evaluations.at(-1)!.loss / Math.min(lowest(evaluations).loss, bestElsewhere ?? Number.POSITIVE_INFINITY);

const timesPeople = ({ people }: Evidence, texts: TextMeasures): number =>
  texts.pronoun_share / Math.max(people.pronoun_share, 1e-6);

/**
 * The step at which the training loss left its lowest average for good: the average over some steps rises to one and a
 * half of it and does not come back. Undefined where it never does. One bad batch is no divergence.
 */
export function brokeOutAt(steps: Evidence["steps"]): number | undefined {
  const window = Math.max(1, Math.min(10, Math.floor(steps.length / 8)));
  const averages = steps
    .slice(window - 1)
    .map((_, at) => mean(steps.slice(at, at + window).map(({ loss }) => loss)));
  let least = Number.POSITIVE_INFINITY;
  let left: number | undefined;
  averages.forEach((average, at) => {
    least = Math.min(least, average);
    // A loss that has come near to nothing may double without harm.
    if (average <= Math.max(limits.brokenOut * least, least + 0.5)) left = undefined;
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
