import { indexLabels, type Label } from "./labels.ts";

/**
 * Why these readers and stories give no standard error: a group depends on one reader or one story.
 */
export function whyTooFew({
  readers,
  stories,
  groups,
}: {
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  readonly groups: ArrayLike<Label>;
}): string {
  const alone = (labels: ArrayLike<Label>) => {
    const members = new Map<Label, Set<Label>>();
    for (let at = 0; at < groups.length; at++) {
      const own = members.get(groups[at]!) ?? new Set();
      members.set(groups[at]!, own.add(labels[at]!));
    }
    return [...members].find(([, own]) => own.size === 1)?.[0];
  };
  if (indexLabels(readers).names.length === 1) return "one reader cannot represent readers in general";
  const byOne = alone(readers);
  if (byOne !== undefined && alone(stories) === undefined) {
    return `one reader judged all ${byOne} stories and cannot represent readers in general`;
  }
  return "one story of a kind cannot represent stories in general";
}
