import { deviationsFrom } from "../../registration/registration.ts";
import { type Finding, sentence, table } from "../../study/finding.ts";
import { counted, percent, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { withoutExcluded } from "../exclusions.ts";
import { finishedReaders } from "../finished.ts";
import { type InterimAnalysis, lookOf, plannedReaders } from "../interim-analysis.ts";
import { verdictOnChoices, verdictOnPairs } from "../judged.ts";

/** What was registered before the data, every deviation from it, and whether this is a look before the planned end. */
export const preregistration: Analysis = {
  name: "preregistration",
  asks: "Was the study done as it was registered?",
  needs: ["study"],
  beforeData: true,
  run(data) {
    const registration = data.study!.registration;
    const look = lookOf(data);
    if (!registration) {
      return {
        findings: [
          sentence("result", sayUnregistered(plannedReaders(data))),
          ...lookFindings(look),
          ...sayOverrun(data),
        ],
        numbers: { registered: false, look: look ?? null },
      };
    }
    const { frozen, now } = registration;
    const deviations = deviationsFrom(frozen.frozen, now);
    const findings: Finding[] = [
      sentence("result", sayRegistered(frozen.at, frozen.judgments, deviations.length)),
      ...(frozen.judgments > 0
        ? [
            sentence(
              "warning",
              `The study was registered only after ${counted(frozen.judgments, "judgment")}.`,
            ),
          ]
        : []),
      ...deviations.map((deviation) => sentence("warning", `Deviation from the registration: ${deviation}.`)),
      ...lookFindings(look),
      ...sayOverrun(data),
      ...(deviations.length > 0 ? sayAsRegistered(data) : []),
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
        look: look ?? null,
      },
    };
  },
};

function sayUnregistered(planned: number | undefined): string {
  const begin = "The study was not registered before its data (`tinylove preregister`).";
  return planned === undefined
    ? `${begin} No end was planned either, so nothing shows whether readers were gathered until a result was welcome.`
    : `${begin} That it ends at ${counted(planned, "reader")} is what study.yaml says now (analyse.stop.readers, else survey.quota); nothing shows that it said so before the data.`;
}

function sayRegistered(at: string, judgments: number, deviations: number): string {
  const when = judgments === 0 ? "before any judgment" : `after ${counted(judgments, "judgment")}`;
  const so =
    deviations === 0
      ? "Nothing deviates from it"
      : `${counted(deviations, "deviation")} ${deviations === 1 ? "is" : "are"} told at the head of the report`;
  return `The study was registered at ${at}, ${when}. ${so}.`;
}

/** More readers than planned: who goes on after the planned end may be waiting for a better result. */
function sayOverrun(data: Data): Finding[] {
  const planned = plannedReaders(data);
  const readers = finishedReaders(data);
  // A few are under way when the last place is taken.
  if (planned === undefined || readers <= planned * 1.05 + 1) return [];
  return [
    sentence(
      "warning",
      `The study went on beyond its planned end: ${counted(readers, "reader")} finished, ${planned} were planned. Whoever goes on until a result is welcome errs more often than alpha says.`,
    ),
  ];
}

/** The verdict that the registered settings give these judgments, beside the one that the present settings give. */
function sayAsRegistered(data: Data): Finding[] {
  const { frozen } = data.study!.registration!.frozen;
  const before = data.excluded?.before ?? data;
  const registered = withoutExcluded({ ...before, settings: frozen.analyse });
  const words = [registered, data].map((one) => {
    if (one.choices.length > 0) return verdictOnChoices(one.choices, one).together;
    return one.pairs.length > 0 ? verdictOnPairs(one.pairs, one).verdict : undefined;
  });
  const [then, now] = words;
  if (then === undefined || now === undefined) return [];
  const text = `Under the margin, alpha and exclusions that were registered the verdict is ${then}; under the present ones it is ${now}.`;
  return [sentence(then === now ? "result" : "warning", text)];
}

function lookFindings(look: InterimAnalysis | undefined): Finding[] {
  if (!look) return [];
  const begin = `This is a look before the planned end: ${look.readers} of ${look.planned} readers (${percent(look.readers / look.planned)})`;
  if (look.needs === undefined) {
    return [
      sentence(
        "warning",
        `${begin}. No such look was declared, so no verdict holds yet: whoever stops at the first welcome result errs more often than alpha says.`,
      ),
    ];
  }
  return [
    sentence(
      "warning",
      `${begin}, which was declared. The verdict claims only what alpha spending allows at it: a difference with ${pValue(look.needs.differenceP).replace("=", "≤")}, equivalence with ${pValue(look.needs.equivalenceP).replace("=", "≤")} (after O’Brien and Fleming; Lan and DeMets 1983).`,
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
  { what: "Looks before the end", value: analyse.stop.looks.join(", ") || "none" },
  { what: "Seed", value: String(seed) },
  ...Object.entries(hashes).map(([path, hash]) => ({ what: path, value: hash })),
];
