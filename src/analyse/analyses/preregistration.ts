import { deviationsFrom } from "../../registration/registration.ts";
import { type Finding, sentence, table } from "../../study/finding.ts";
import { counted, percent, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { withoutExcluded } from "../exclusions.ts";
import { finishedReaders } from "../finished.ts";
import { type InterimAnalysis, interimAnalysisOf, plannedReaders } from "../interim-analysis.ts";
import { verdictOnChoices, verdictOnPairs } from "../judged.ts";

/** The registration, all deviations from it, and whether this is an interim analysis. */
export const preregistration: Analysis = {
  name: "preregistration",
  question: "Was the study done as it was registered?",
  needs: ["study"],
  section: "limits",
  beforeData: true,
  run(data) {
    const registration = data.study!.registration;
    const interim = interimAnalysisOf(data);
    if (!registration) {
      return {
        findings: [
          sentence("fact", "Registration: none before data collection"),
          sentence("result", unregisteredText(plannedReaders(data))),
          ...interimFindings(interim),
          ...overrunFindings(data),
        ],
        numbers: { registered: false, look: interim ?? null },
      };
    }
    const { frozen, now } = registration;
    const deviations = deviationsFrom(frozen.frozen, now);
    const findings: Finding[] = [
      sentence(
        "fact",
        `Registration: ${frozen.at.slice(0, 10)}, ${frozen.judgments === 0 ? "before data collection" : "late"}${deviations.length > 0 ? `, with ${counted(deviations.length, "deviation")}` : ""}`,
      ),
      sentence("result", registeredText(frozen.at, frozen.judgments, deviations.length)),
      ...(frozen.judgments > 0
        ? [
            sentence(
              "warning",
              `The study was registered late: ${counted(frozen.judgments, "judgment")} had already been made.`,
            ),
          ]
        : []),
      ...deviations.map((deviation) => sentence("warning", `Deviation from the registration: ${deviation}.`)),
      ...interimFindings(interim),
      ...overrunFindings(data),
      ...(deviations.length > 0 ? registeredVerdictFindings(data) : []),
      table("detail", "What was registered", {
        columns: [
          { key: "what", label: "What", format: "text" },
          { key: "value", label: "Registered", format: "text" },
        ],
        rows: registeredRows(frozen.frozen),
      }),
    ];
    return {
      findings,
      numbers: {
        registered: true,
        at: frozen.at,
        judgments: frozen.judgments,
        deviations,
        look: interim ?? null,
      },
    };
  },
};

function unregisteredText(planned: number | undefined): string {
  const begin = "The study was not registered before data collection.";
  return planned === undefined
    ? `${begin} No end was planned either, so the sample size may depend on the results.`
    : `${begin} Its planned end of ${counted(planned, "reader")} is the current setting; nothing shows that it was set before data collection.`;
}

function registeredText(at: string, judgments: number, deviations: number): string {
  const when = judgments === 0 ? "before any judgment" : `after ${counted(judgments, "judgment")}`;
  const so =
    deviations === 0
      ? "There are no deviations"
      : `${counted(deviations, "deviation")} ${deviations === 1 ? "is" : "are"} listed at the start of the report`;
  return `The study was registered at ${at}, ${when}. ${so}.`;
}

/** A warning about more readers than planned. */
function overrunFindings(data: Data): Finding[] {
  const planned = plannedReaders(data);
  const readers = finishedReaders(data);
  // Some readers are still answering when the last place is taken.
  if (planned === undefined || readers <= planned * 1.05 + 1) return [];
  return [
    sentence(
      "warning",
      `The study continued beyond its planned end: ${counted(readers, "reader")} finished, ${planned} were planned. Continuing until a result looks good raises the error above alpha.`,
    ),
  ];
}

/** The verdict under the registered settings, compared with the verdict under the current settings. */
function registeredVerdictFindings(data: Data): Finding[] {
  const { frozen } = data.study!.registration!.frozen;
  const before = data.excluded?.before ?? data;
  const registered = withoutExcluded({ ...before, settings: frozen.analyse });
  const words = [registered, data].map((one) => {
    if (one.choices.length > 0) return verdictOnChoices(one.choices, one).together;
    return one.pairs.length > 0 ? verdictOnPairs(one.pairs, one).verdict : undefined;
  });
  const [then, now] = words;
  if (then === undefined || now === undefined) return [];
  const text = `The verdict is ${then} under the registered settings and ${now} under the current ones.`;
  return [sentence(then === now ? "result" : "warning", text)];
}

function interimFindings(interim: InterimAnalysis | undefined): Finding[] {
  if (!interim) return [];
  const begin = `This is an interim analysis: ${interim.readers} of ${interim.planned} planned readers (${percent(interim.readers / interim.planned)}) have finished`;
  if (interim.needs === undefined) {
    return [
      sentence(
        "warning",
        `${begin}. It was not declared, so there is no verdict yet: stopping at the first good result raises the error above alpha.`,
      ),
    ];
  }
  return [
    sentence(
      "warning",
      `${begin}. It was declared. Alpha spending requires a difference with ${pValue(interim.needs.differenceP).replace("=", "≤")}, equivalence with ${pValue(interim.needs.equivalenceP).replace("=", "≤")} (O’Brien–Fleming type; Lan and DeMets 1983).`,
    ),
  ];
}

const registeredRows = ({
  analyse,
  readers,
  seed,
  hashes,
}: NonNullable<NonNullable<Data["study"]>["registration"]>["now"]) => [
  { what: "Margin", value: printed(analyse.margin, "number") },
  { what: "Alpha", value: String(analyse.alpha) },
  {
    what: "Exclusions",
    value: Object.entries(analyse.exclude)
      .map(([rule, value]) => `${rule}: ${value}`)
      .join(", "),
  },
  { what: "Fixed effects of the mixed model", value: analyse.effects.join(", ") },
  { what: "Planned end", value: readers === null ? "none" : counted(readers, "reader") },
  { what: "Interim analyses", value: analyse.stop.looks.join(", ") || "none" },
  { what: "Seed", value: String(seed) },
  ...Object.entries(hashes).map(([path, hash]) => ({ what: path, value: hash })),
];
