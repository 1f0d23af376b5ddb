import { checkJudgments, type Judgments } from "./judgments.ts";
import { checkLengths, indexLabels, type Label } from "./labels.ts";
import type { Random } from "./random.ts";

/** What permuting the origins of stories says. */
export interface PermutationTest {
  /** Youden's J: "human" said of human stories less "human" said of machine stories; 0 is no skill. */
  readonly youden: number;
  /** Two-sided, (1 + draws at least as far from 0) / (1 + draws); 1 where no other labelling exists. */
  readonly p: number;
  readonly draws: number;
}

/**
 * Tests whether readers tell human stories from machine stories at all, with the story as the unit: the origins of
 * stories are permuted 10,000 times (unless told) and each reader's words stay as they are, so that biases and
 * dependences of readers are kept (Fisher's randomisation; Phipson and Smyth 2010 for the 1 added). `within`
 * gives a block for each judgment, its form or title, where origins change places only inside a block. J here is the
 * balanced accuracy 2 x - 1, so one test serves both. The order of judgments moves nothing.
 *
 * Throws RangeError when columns differ in length, a story has two origins or two blocks, or draws are no count.
 */
export function permuteOrigins(
  judgments: Judgments,
  { within, draws = 10_000 }: { readonly within?: ArrayLike<Label>; readonly draws?: number },
  random: Random,
): PermutationTest {
  checkJudgments(judgments);
  checkLengths(judgments.correct.length, { blocks: within });
  if (!Number.isInteger(draws) || draws < 1) throw new RangeError(`draws are a count from 1: ${draws}`);
  const tally = tallyStories(judgments, within);
  const youden = youdenOf(tally.origin, tally);
  if (Number.isNaN(youden)) return { youden: 0, p: 1, draws: 0 };

  const shuffled = Uint8Array.from(tally.origin);
  const reach = Math.abs(youden) - 1e-12;
  let far = 0;
  for (let draw = 0; draw < draws; draw++) {
    for (const block of tally.blocks) shuffleBlock(shuffled, block, random);
    const permuted = youdenOf(shuffled, tally);
    if (Math.abs(permuted) >= reach) far++;
  }
  return { youden, p: (1 + far) / (1 + draws), draws };
}

/** Each story once: how often it was judged and called human, who wrote it, and the stories of each block. */
interface Tally {
  readonly judged: Float64Array;
  readonly calledHuman: Float64Array;
  /** 1 for human. */
  readonly origin: Uint8Array;
  readonly blocks: readonly Int32Array[];
}

function tallyStories({ stories, origins, correct }: Judgments, within: ArrayLike<Label> | undefined): Tally {
  const { index, names } = indexLabels(stories);
  const judged = new Float64Array(names.length);
  const calledHuman = new Float64Array(names.length);
  const origin = new Uint8Array(names.length);
  const blockOf = new Map<number, Label>();
  for (let at = 0; at < index.length; at++) {
    const story = index[at]!;
    const human = origins[at] === "human";
    judged[story]!++;
    if (correct[at] === human) calledHuman[story]!++;
    origin[story] = human ? 1 : 0;
    const block = within?.[at] ?? "";
    const known = blockOf.get(story);
    if (known !== undefined && known !== block)
      throw new RangeError(`the story ${names[story]} has two blocks`);
    blockOf.set(story, block);
  }
  const blocks = new Map<Label, number[]>();
  // In the order of their names, so that the draws hang on the stories and not on how rows happen to lie.
  const byName = [...blockOf].sort(([one], [other]) => (String(names[one]) < String(names[other]) ? -1 : 1));
  for (const [story, block] of byName) {
    const members = blocks.get(block);
    if (members === undefined) blocks.set(block, [story]);
    else members.push(story);
  }
  return { judged, calledHuman, origin, blocks: [...blocks.values()].map((block) => Int32Array.from(block)) };
}

/** NaN where one origin has no judgments. */
function youdenOf(origin: Uint8Array, { judged, calledHuman }: Tally): number {
  let human = 0;
  let humanCalled = 0;
  let machine = 0;
  let machineCalled = 0;
  for (let story = 0; story < origin.length; story++) {
    if (origin[story] === 1) {
      human += judged[story]!;
      humanCalled += calledHuman[story]!;
    } else {
      machine += judged[story]!;
      machineCalled += calledHuman[story]!;
    }
  }
  return humanCalled / human - machineCalled / machine;
}

function shuffleBlock(origin: Uint8Array, block: Int32Array, random: Random): void {
  for (let last = block.length - 1; last > 0; last--) {
    const other = block[random.integer(0, last)]!;
    const one = block[last]!;
    const held = origin[one]!;
    origin[one] = origin[other]!;
    origin[other] = held;
  }
}
