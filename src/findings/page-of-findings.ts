import type { Findings } from "../study/finding.ts";
import { contentsOf, simulatedNotice } from "./contents.ts";
import { noNames } from "./names.ts";
import { page } from "./page.ts";
import { provenanceOf } from "./provenance.ts";

/** A page of findings without a study: of a table of judgments, or of a power analysis. */
export function pageOfFindings(
  { title, simulated }: { readonly title: string; readonly simulated: boolean },
  found: readonly Findings[],
): string {
  const notices = simulated ? [simulatedNotice] : [];
  const provenance = provenanceOf({ stages: {} }, undefined);
  const about = { title, notices, stories: [], names: noNames, provenance, files: false };
  return page(contentsOf(about, found));
}
