import { sequentialLooks } from "../../stats/sequential.ts";
import { type Finding, sentence, table } from "../../study/finding.ts";
import { counted, percent, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Data, readersOf } from "../data.ts";
import { deviationsFrom } from "../registration.ts";

/** What was registered before the data, every deviation from it, and whether this is a look before the planned end. */
export const preregistration: Analysis = {
  name: "preregistration",
  asks: "Was the study done as it was registered?",
  needs: ["study"],
  beforeData: true,
  run(data) {
    const registration = data.study!.registration;
    const look = lookOf(data, registration?.frozen.frozen.readers ?? plannedNow(data));
    if (!registration) {
      return {
        findings: [
          sentence("result", "The study was not registered before its data (`tinylove preregister`)."),
          ...lookFindings(look),
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

const plannedNow = ({ settings }: Data): number | null => settings.stop.readers ?? null;

function sayRegistered(at: string, judgments: number, deviations: number): string {
  const when = judgments === 0 ? "before any judgment" : `after ${counted(judgments, "judgment")}`;
  const so =
    deviations === 0
      ? "Nothing deviates from it"
      : `${counted(deviations, "deviation")} ${deviations === 1 ? "is" : "are"} told at the head of the report`;
  return `The study was registered at ${at}, ${when}. ${so}.`;
}

interface Look {
  readonly readers: number;
  readonly planned: number;
  readonly fraction: number;
  /** What a claim needs at this look under alpha spending; undefined where this look was not declared. */
  readonly differenceP: number | undefined;
  readonly equivalenceP: number | undefined;
}

/** A look before the planned end; undefined at the end, or where no end was planned. */
function lookOf(data: Data, planned: number | null): Look | undefined {
  const { choices, pairs, ratings, settings } = data;
  const readers = readersOf([...choices, ...pairs, ...ratings]).length;
  if (planned === null || readers === 0 || readers >= planned) return undefined;
  const fraction = readers / planned;
  const declared = settings.stop.looks.filter((look) => look < 1).sort((one, other) => one - other);
  // The look that is due: the last declared one that has been reached.
  const due = declared.filter((look) => look <= fraction + 1e-9);
  const needed = (sides: 1 | 2) =>
    due.length > 0 ? sequentialLooks(due, { alpha: settings.alpha, sides }).at(-1)?.p : undefined;
  return { readers, planned, fraction, differenceP: needed(2), equivalenceP: needed(1) };
}

function lookFindings(look: Look | undefined): Finding[] {
  if (!look) return [];
  const begin = `This is a look before the planned end: ${look.readers} of ${look.planned} readers (${percent(look.fraction)})`;
  if (look.differenceP === undefined || look.equivalenceP === undefined) {
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
      `${begin}, which was declared. A claim holds at it only below what alpha spending allows: a difference with ${pValue(look.differenceP).replace("=", "≤")}, equivalence with ${pValue(look.equivalenceP).replace("=", "≤")} (after O’Brien and Fleming; Lan and DeMets 1983).`,
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
