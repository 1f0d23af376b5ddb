import { clusteredContrast } from "./clustered.ts";
import { checkLengths, indexLabels, type Label } from "./labels.ts";
import type { Random } from "./random.ts";
import type { Trend } from "./trend.ts";

export interface CategoryFitData {
  /** The category that each text's prompt asked for. */
  readonly asked: readonly string[];
  /** How well a text fits a category, from 0 to 1, whatever its prompt asked for. */
  fits(text: number, category: string): number;
  /** Categories are permuted within these blocks; over all texts by default. */
  readonly blocks?: ArrayLike<Label> | undefined;
  /** One or two clusterings for the interval: titles. */
  readonly clusters: readonly ArrayLike<Label>[];
}

/**
 * Whether texts fit the category asked for better than the other categories: the mean over texts of the fit to their own
 * category minus the mean fit to the others, from -1 to 1. The p-value is from permuting the categories among the texts of
 * a block (two-sided, with 1 added as in Phipson and Smyth 2010); the interval is clustered. Undefined with fewer than two
 * categories. Throws RangeError when columns differ in length.
 */
export function categoryFit(
  { asked, fits, blocks, clusters }: CategoryFitData,
  { permutations = 1999, level = 0.95 }: { readonly permutations?: number; readonly level?: number },
  random: Random,
): Trend | undefined {
  checkLengths(asked.length, { blocks, clusters: clusters[0] });
  const categories = [...new Set(asked)];
  if (categories.length < 2) return undefined;
  const place = new Map(categories.map((category, at) => [category, at]));
  /** The score of each text for each category. */
  const scores = asked.map((_, at) => {
    const fit = categories.map((category) => fits(at, category));
    const sum = fit.reduce((total, each) => total + each, 0);
    return fit.map((own) => own - (sum - own) / (categories.length - 1));
  });
  const permuted = asked.map((category) => place.get(category)!);
  const total = () => permuted.reduce((sum, category, at) => sum + scores[at]![category]!, 0);
  const values = permuted.map((category, at) => scores[at]![category]!);
  const found = total();

  const { index, names } = indexLabels(blocks ?? new Uint8Array(asked.length));
  const members: number[][] = names.map(() => []);
  for (const at of asked.keys()) members[index[at]!]!.push(at);
  let extreme = 0;
  for (let draw = 0; draw < permutations; draw++) {
    for (const block of members) {
      const shuffled = random.shuffle(block.map((at) => permuted[at]!));
      for (const [which, at] of block.entries()) permuted[at] = shuffled[which]!;
    }
    if (Math.abs(total()) >= Math.abs(found) - 1e-9) extreme++;
  }
  return {
    ...clusteredContrast(values, { clusters, level }),
    p: (1 + extreme) / (1 + permutations),
    permutations,
  };
}
