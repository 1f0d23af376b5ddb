import type { Finding, Findings } from "../study/finding.ts";
import type { ReportStory } from "./stories.ts";

/** The contents of a report, for the page, the Markdown and the tables. */
export interface Contents {
  readonly title: string;
  /** Notes at the start: simulated readers, an example corpus, a dummy model. */
  readonly notices: readonly Notice[];
  /** The verdict in one sentence. */
  readonly headline: string;
  /** The figures behind the headline, in a few sentences. */
  readonly summary: readonly string[];
  /** The figures and tables below the headline. */
  readonly headlineFigures: readonly NamedFinding[];
  /** Further findings on the first page: how the texts were selected. */
  readonly firstPage: readonly NamedFinding[];
  /** Warnings, shown first. */
  readonly warnings: readonly string[];
  readonly chapters: readonly Chapter[];
  readonly stories: readonly ReportStory[];
  /** Paragraphs ready for a paper. */
  readonly methods: readonly string[];
  readonly provenance: Provenance;
}

/** A note on the origin of the data. */
export interface Notice {
  readonly name: string;
  readonly text: string;
  /** Whether the data are not real (simulated readers, a dummy model); every section then repeats the name. */
  readonly synthetic: boolean;
}

/** Readers simulated by a program. */
export const simulatedNotice: Notice = {
  name: "Simulated readers",
  text: "a program gave these answers, no person did. They test the procedure and are not evidence.",
  synthetic: true,
};

export interface Chapter {
  readonly name: string;
  readonly asks: string;
  readonly findings: readonly NamedFinding[];
}

/** A finding with the file name of its figure and table. */
export interface NamedFinding {
  readonly name: string;
  readonly finding: Finding;
}

/** Versions, seed and hashes. */
export interface Provenance {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly hashes: readonly (readonly [path: string, sha256: string])[];
}

/** Arranges the findings: the verdict and its figure first, warnings next, methods last. */
export function contentsOf(
  about: Pick<Contents, "title" | "notices" | "stories" | "provenance">,
  found: readonly Findings[],
): Contents {
  const chapters = found.map(({ analysis, asks, findings }) => ({
    name: analysis,
    asks,
    findings: namedFindings(analysis, findings),
  }));
  const all = chapters.flatMap(({ findings }) => findings);
  const sentences = (weight: Finding["weight"]) =>
    all.flatMap(({ finding }) =>
      finding.kind === "sentence" && finding.weight === weight ? [finding.text] : [],
    );
  const [headline = sentences("result")[0] ?? "The study has no questions about stories.", ...summary] =
    sentences("verdict");
  // Chapters do not repeat the headline and the notes.
  const alreadyShown = new Set([headline, ...about.notices.map(({ text }) => text)]);
  return {
    ...about,
    headline,
    summary,
    headlineFigures: all.filter(({ finding }) => finding.weight === "verdict" && finding.kind !== "sentence"),
    firstPage: all.filter(({ finding }) => finding.weight === "first page"),
    warnings: sentences("warning"),
    chapters: chapters
      .map((chapter) => ({
        ...chapter,
        findings: chapter.findings.filter(
          ({ finding }) =>
            !shownElsewhere.has(finding.weight) &&
            !(finding.kind === "sentence" && alreadyShown.has(finding.text)),
        ),
      }))
      .filter(({ findings }) => findings.length > 0),
    methods: sentences("method"),
  };
}

/** Findings that are shown outside their chapter. */
const shownElsewhere: ReadonlySet<Finding["weight"]> = new Set([
  "verdict",
  "first page",
  "warning",
  "method",
]);

/** `verdict-1`, `verdict-2` ... in order of the figures and tables of an analysis. */
function namedFindings(analysis: string, findings: readonly Finding[]): NamedFinding[] {
  let shown = 0;
  return findings.map((finding) => ({
    finding,
    name: finding.kind === "sentence" ? analysis : `${analysis}-${++shown}`,
  }));
}
