import { type Finding, type Findings, Section } from "../study/finding.ts";
import { capital } from "../study/print.ts";
import type { Names } from "./names.ts";
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
  readonly headlineFigures: readonly Block[];
  /** The same for everybody: what was found, how sure it is, what would change it. */
  readonly plain: readonly string[];
  /** Readers, dates, models, margin, registration. */
  readonly facts: readonly Fact[];
  /** One line each, with the id of the part of the report that says more. */
  readonly warnings: readonly Warning[];
  readonly body: readonly BodySection[];
  readonly appendix: readonly Chapter[];
  readonly stories: readonly ReportStory[];
  readonly names: Names;
  /** Paragraphs ready for a paper. */
  readonly methods: readonly string[];
  /** Results ready for a paper. */
  readonly results: readonly string[];
  readonly provenance: Provenance;
  /** How to cite the report. */
  readonly cite: string;
  /** Whether figures and tables are also files in `figures/` and `tables/`. */
  readonly files: boolean;
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

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Warning {
  /** The first sentence. */
  readonly line: string;
  /** The id of the section or chapter with the whole warning. */
  readonly target: string;
}

/** A section of the body. */
export interface BodySection {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
  /** What the appendix has on the same. */
  readonly more: readonly { readonly id: string; readonly label: string }[];
}

/** A chapter of the appendix. */
export interface Chapter {
  readonly name: string;
  readonly question: string;
  readonly blocks: readonly Block[];
}

/** A finding with the file name of its figure or table, and its number (`Figure 2`, `Table A1`). */
export interface Block {
  readonly name: string;
  readonly finding: Finding;
  readonly label?: string;
}

/** Versions, seed and hashes. */
export interface Provenance {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly hashes: readonly (readonly [path: string, sha256: string])[];
}

const titles: Readonly<Record<Section, string>> = {
  readers: "Readers",
  stimuli: "Stories and models",
  result: "Result",
  "who can tell": "Who can tell",
  robustness: "Robustness",
  "what moved readers": "What moved readers",
  "stories that stand out": "Stories that stand out",
  limits: "Limits",
};

/** The id of a section on the page; `in-` keeps it apart from the names of analyses. */
const sectionId = (section: Section): string => `in-${section.replaceAll(" ", "-")}`;

/** All figures and tables of a report. */
export const shownBlocks = ({ headlineFigures, body, appendix }: Contents): Block[] =>
  [
    ...headlineFigures,
    ...body.flatMap(({ blocks }) => blocks),
    ...appendix.flatMap(({ blocks }) => blocks),
  ].filter(({ finding }) => finding.kind !== "sentence");

/** Arranges the findings: the first page, the body in the order of a paper, then the appendix. */
export function contentsOf(
  about: Pick<Contents, "title" | "notices" | "stories" | "names" | "provenance" | "files">,
  found: readonly Findings[],
): Contents {
  const all = found.flatMap((findings) => placedFindings(findings));
  const sentences = (role: Finding["role"]) =>
    all.flatMap(({ finding }) =>
      finding.kind === "sentence" && finding.role === role ? [finding.text] : [],
    );
  const [headline = sentences("result")[0] ?? "The study has no questions about stories.", ...summary] =
    sentences("verdict");
  // The body does not repeat the headline and the notes.
  const alreadyShown = new Set([headline, ...about.notices.map(({ text }) => text)]);
  const fresh = all.filter(({ finding }) => !(finding.kind === "sentence" && alreadyShown.has(finding.text)));
  const numbered = numberedBlocks();
  const headlineFigures = all.filter(isHeadlineFigure).map(numbered(""));
  const chapters = found.map(({ analysis, question }) => ({
    name: analysis,
    question,
    own: fresh.filter((each) => each.analysis === analysis && inAppendix(each)),
  }));
  const chapterNames = new Set(chapters.filter(({ own }) => own.length > 0).map(({ name }) => name));
  const body = Section.options.flatMap((section) => {
    const own = fresh.filter((each) => each.section === section && inBody(each));
    if (own.length === 0) return [];
    const from = [...new Set(own.map(({ analysis }) => analysis))].filter((name) => chapterNames.has(name));
    return [
      {
        id: sectionId(section),
        title: titles[section],
        blocks: own.map(numbered("")),
        more: from.map((id) => ({ id, label: found.find(({ analysis }) => analysis === id)!.question })),
      },
    ];
  });
  const appendix = chapters
    .filter(({ own }) => own.length > 0)
    .map(({ name, question, own }) => ({ name, question, blocks: own.map(numbered("A")) }));
  return {
    ...about,
    headline,
    summary,
    headlineFigures,
    plain: sentences("plain"),
    facts: factsInOrder(sentences("fact").map(factOf)),
    warnings: warningsOf(all, body, appendix),
    body,
    appendix,
    methods: [...sentences("method"), softwareText(about.provenance)],
    results: sentences("apa"),
    cite: citation(about, sentences("fact").map(factOf)),
  };
}

interface Placed extends Block {
  readonly analysis: string;
  readonly section: Section | undefined;
}

/** Each finding with its section: its own, or that of its analysis for results and warnings. */
function placedFindings({ analysis, section, findings }: Findings): Placed[] {
  let shown = 0;
  return findings.map((finding) => ({
    analysis,
    finding,
    name: finding.kind === "sentence" ? analysis : `${analysis}-${++shown}`,
    section: finding.section ?? (isResult(finding) ? section : undefined),
  }));
}

const isResult = ({ role }: Finding): boolean => role === "result" || role === "warning";

/** Weights that are shown outside sections and chapters. */
const elsewhere: ReadonlySet<Finding["role"]> = new Set(["verdict", "plain", "fact", "method", "apa"]);

const isHeadlineFigure = ({ finding }: Placed): boolean =>
  finding.role === "verdict" && finding.kind !== "sentence";

const inBody = ({ section, finding }: Placed): boolean =>
  section !== undefined && !elsewhere.has(finding.role);

const inAppendix = (placed: Placed): boolean =>
  placed.section === undefined && !elsewhere.has(placed.finding.role);

/** Gives figures and tables their numbers, in the body 1, 2 ..., in the appendix A1, A2 ... */
function numberedBlocks(): (prefix: string) => (placed: Placed) => Block {
  const counts = new Map<string, number>();
  return (prefix) =>
    ({ name, finding }) => {
      if (finding.kind === "sentence") return { name, finding };
      const series = `${capital(finding.kind)} ${prefix}`;
      const number = (counts.get(series) ?? 0) + 1;
      counts.set(series, number);
      return { name, finding, label: `${series}${number}` };
    };
}

/** Each warning by its first sentence, with the place of the whole one. */
function warningsOf(
  all: readonly Placed[],
  body: readonly BodySection[],
  appendix: readonly Chapter[],
): Warning[] {
  const there = new Set([...body.map(({ id }) => id), ...appendix.map(({ name }) => name)]);
  const lines = all.flatMap(({ finding, section, analysis }) => {
    if (finding.kind !== "sentence" || finding.role !== "warning") return [];
    const target = section === undefined ? analysis : sectionId(section);
    return there.has(target) ? [{ line: firstSentence(finding.text), target }] : [];
  });
  // Two warnings with the same first line would read as a mistake.
  return lines.filter(({ line }, at) => lines.findIndex((other) => other.line === line) === at);
}

/** Up to the first full stop that ends a sentence. */
export const firstSentence = (text: string): string =>
  /^.*?[.!?](?=\s+[“"‘\p{Lu}]|$)/su.exec(text)?.[0] ?? text;

/** The facts in the order of the first page; others follow. */
function factsInOrder(facts: readonly Fact[]): Fact[] {
  const order = ["Readers", "Collected", "Model", "Models", "Margin", "First drafts", "Registration"];
  const place = ({ name }: Fact) => (order.includes(name) ? order.indexOf(name) : order.length);
  return facts.toSorted((one, other) => place(one) - place(other));
}

function factOf(text: string): Fact {
  const colon = text.indexOf(": ");
  return { name: text.slice(0, colon), value: text.slice(colon + 2) };
}

/** The programs and the seed, for the methods of a paper. */
function softwareText({ facts }: Provenance): string {
  const of = (name: string) => facts.find(([own]) => own === name)?.[1];
  const seed = of("Seed");
  const random =
    seed === undefined
      ? ""
      : ` Every random choice (split, drafts, lengths, forms, permutations) follows from the seed ${seed}.`;
  return `Stories, forms and analyses were made with ${of("Stages") ?? of("Report") ?? "Tiny Love"}.${random}`;
}

/** Title, program, dates of the data and the start of a hash that names these data. */
function citation(
  { title, provenance }: Pick<Contents, "title" | "provenance">,
  facts: readonly Fact[],
): string {
  const program = provenance.facts.find(([name]) => name === "Report")?.[1] ?? "Tiny Love";
  const collected = facts.find(({ name }) => name === "Collected")?.value;
  const hash = provenance.hashes.find(
    ([path]) => path === "judgments/judgments.csv" || path === "judgments",
  )?.[1];
  const parts = [
    program,
    ...(collected === undefined ? [] : [`data collected ${collected}`]),
    ...(hash === undefined ? [] : [`judgments SHA-256 ${hash.slice(0, 12)}`]),
  ];
  return `${title}: report (${parts.join("; ")}).`;
}
