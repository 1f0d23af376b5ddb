import type { Findings } from "../study/finding.ts";
import { contentsOf, simulatedMark } from "./contents.ts";
import { page } from "./page.ts";
import { provenanceOf } from "./provenance.ts";

/** The page of findings without a study: a table from anywhere, or a plan before the data. */
export function pageOfFindings(
  { title, simulated }: { readonly title: string; readonly simulated: boolean },
  found: readonly Findings[],
): string {
  const marks = simulated ? [simulatedMark] : [];
  const provenance = provenanceOf({ stages: {} }, undefined);
  return page(contentsOf({ title, marks, stories: [], provenance }, found));
}
