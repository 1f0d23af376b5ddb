import type { Finding, Findings } from "../study/finding.ts";
import type { StoryRead } from "./stories.ts";

/** A report before it is drawn: what the page, the Markdown and the tables all walk. */
export interface Contents {
  readonly title: string;
  /** Said at the head: simulated readers, an example corpus, a dummy model. */
  readonly marks: readonly Mark[];
  /** The verdict in one sentence. */
  readonly headline: string;
  /** What it rests on, in a few sentences more. */
  readonly deck: readonly string[];
  /** The figures and tables that carry the headline, with the name of their analysis. */
  readonly carriers: readonly Named[];
  /** What the first page says below that: how the texts were selected. */
  readonly firstPage: readonly Named[];
  /** What has to be read before anything else. */
  readonly warnings: readonly string[];
  readonly chapters: readonly Chapter[];
  readonly stories: readonly StoryRead[];
  /** Paragraphs ready for a paper. */
  readonly methods: readonly string[];
  readonly provenance: Provenance;
}

/** What a reader of the report has to know of where it comes from. */
export interface Mark {
  readonly name: string;
  readonly text: string;
  /** Whether something is not what it stands for; then every section says its name. */
  readonly unreal: boolean;
}

/** Readers whom a program played. */
export const simulatedMark: Mark = {
  name: "Simulated readers",
  text: "a program gave these answers, no person did. They show that the way works and are no evidence.",
  unreal: true,
};

export interface Chapter {
  readonly name: string;
  readonly asks: string;
  readonly findings: readonly Named[];
}

/** A finding with the name under which its figure and table are written. */
export interface Named {
  readonly name: string;
  readonly finding: Finding;
}

/** Where everything came from: versions, seed and hashes. */
export interface Provenance {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly hashes: readonly (readonly [path: string, sha256: string])[];
}

/** Arranges what the analyses found: the verdict and its figure first, warnings next, methods last. */
export function contentsOf(
  about: Pick<Contents, "title" | "marks" | "stories" | "provenance">,
  found: readonly Findings[],
): Contents {
  const chapters = found.map(({ analysis, asks, findings }) => ({
    name: analysis,
    asks,
    findings: namedOf(analysis, findings),
  }));
  const all = chapters.flatMap(({ findings }) => findings);
  const sentences = (weight: Finding["weight"]) =>
    all.flatMap(({ finding }) =>
      finding.kind === "sentence" && finding.weight === weight ? [finding.text] : [],
    );
  const [headline = sentences("result")[0] ?? "Nothing was asked about a story.", ...deck] =
    sentences("verdict");
  // The headline stands at the head, and so does what is marked there.
  const said = new Set([headline, ...about.marks.map(({ text }) => text)]);
  return {
    ...about,
    headline,
    deck,
    carriers: all.filter(({ finding }) => finding.weight === "verdict" && finding.kind !== "sentence"),
    firstPage: all.filter(({ finding }) => finding.weight === "first page"),
    warnings: sentences("warning"),
    chapters: chapters
      .map((chapter) => ({
        ...chapter,
        findings: chapter.findings.filter(
          ({ finding }) =>
            !apart.has(finding.weight) && !(finding.kind === "sentence" && said.has(finding.text)),
        ),
      }))
      .filter(({ findings }) => findings.length > 0),
    methods: sentences("method"),
  };
}

/** What stands elsewhere than in its chapter. */
const apart: ReadonlySet<Finding["weight"]> = new Set(["verdict", "first page", "warning", "method"]);

/** `verdict-1`, `verdict-2` ... in order of the figures and tables of an analysis. */
function namedOf(analysis: string, findings: readonly Finding[]): Named[] {
  let shown = 0;
  return findings.map((finding) => ({
    finding,
    name: finding.kind === "sentence" ? analysis : `${analysis}-${++shown}`,
  }));
}
