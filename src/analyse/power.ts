import { z } from "zod";
import { printedFindings } from "../findings/terminal.ts";
import { usualClusters, usualSpread } from "../stats/simulate-study.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { counted, declaredPercent } from "../study/print.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { type Design, designOf, evenDesign } from "./design.ts";
import { type Asked, planned } from "./planned.ts";
import { usualPower } from "./power-plan.ts";

const Options = z.object({
  margin: realNumber(0.001, 0.49).optional(),
  alpha: realNumber(0.0001, 0.49).optional(),
  power: realNumber(0.01, 0.999).default(usualPower),
  stories: wholeNumber(2, 10_000).optional(),
  each: wholeNumber(2, 10_000).optional(),
  readers: wholeNumber(2, 100_000).optional(),
  accuracy: realNumber(0.01, 0.99).default(0.5),
  bias: realNumber(0, 5).default(usualSpread.bias),
  skill: realNumber(0, 5).default(usualSpread.skill),
  story: realNumber(0, 5).default(usualSpread.story),
  titles: wholeNumber(0, 10_000).optional(),
  title: realNumber(0, 5).default(usualClusters.title),
  classes: wholeNumber(2, 10_000).optional(),
  forms: wholeNumber(2, 10_000).optional(),
  group: realNumber(0, 5).default(usualClusters.group),
  check: wholeNumber(0, 100_000).default(400),
  seed: z.string().default("2022"),
  json: z.boolean().default(false),
  report: z.string().optional(),
});
type Given = z.infer<typeof Options>;

/** `tinylove power`: plans a study before its data, over readers and stories alike. */
export const power = command<Given>({
  name: "power",
  summary: "Plan how many readers and stories a verdict needs, before the data",
  examples: [
    "tinylove power --study my-study                       # its stories, forms, margin and readers",
    "tinylove power --margin 0.10 --stories 60 --each 6",
    "tinylove power --readers 13 --each 6 --stories 18     # what thirteen responses can show",
  ],
  flags: [
    ["--margin <share>", "accuracy within 0.5 -/+ this counts as chance (default: the study's, else 0.1)"],
    ["--alpha <share>", "how often a claim may be wrong (default: the study's, else 0.05)"],
    ["--power <share>", `how often a true claim should be shown (default ${usualPower})`],
    ["--stories <number>", "stories in all, half of them human (default: the study's, else 60)"],
    ["--each <number>", "stories that each reader judges, half of them human (default: the study's, else 6)"],
    [
      "--readers <number>",
      "tell what so many readers can show, instead of finding how many are needed (default: the planned end of the study)",
    ],
    ["--accuracy <share>", "the true accuracy that is expected (default 0.5)"],
    ["--bias <number>", `how readers differ in saying "human", log-odds (default ${usualSpread.bias})`],
    ["--skill <number>", `how readers differ in skill, log-odds (default ${usualSpread.skill})`],
    ["--story <number>", `how stories differ in looking human, log-odds (default ${usualSpread.story})`],
    [
      "--titles <number>",
      "titles that human and machine stories share, 0 for none (default: the study's, else none)",
    ],
    ["--title <number>", `how titles differ in being easy, log-odds (default ${usualClusters.title})`],
    ["--classes <number>", "classes that readers come from, where the verdict is clustered by them"],
    [
      "--forms <number>",
      "forms with readers and stories of their own, where the verdict is clustered by them",
    ],
    [
      "--group <number>",
      `how classes or forms differ in being easy, log-odds (default ${usualClusters.group})`,
    ],
    ["--check <studies>", "studies simulated to check the formula (default 400; 0 for none)"],
    ["--seed <seed>", "of the simulation (default 2022)"],
    ["--json", "print every figure with full precision"],
    ["--report <file>", "also write a page with the curve"],
  ],
  options: Options,
  async run(folder, given, effects) {
    // Without a study, and where none is named, it plans one that is still to come.
    const here = folder !== "." || (await exists("study.yaml"));
    const found = planned(await heard(given, here ? await openStudy(folder) : undefined));
    if (given.report !== undefined) {
      const { pageOfFindings } = await import("../findings/page-of-findings.ts");
      await writeWhole(
        given.report,
        pageOfFindings({ title: "A study before its data", simulated: false }, [found]),
      );
      effects.log(`wrote ${given.report}`);
    }
    effects.print(given.json ? JSON.stringify(found.numbers, null, 2) : printedFindings([found]));
  },
});

/** Flags go before what the study says, and that before the usual. */
export async function heard(given: Given, study: Study | undefined): Promise<Asked> {
  const { margin = 0.1, alpha = 0.05, stories = 60, each = 6, classes, forms } = given;
  const said = {
    titles: given.titles || undefined,
    groups:
      forms !== undefined
        ? { count: forms, hold: "all" as const }
        : classes === undefined
          ? undefined
          : { count: classes, hold: "readers" as const },
  };
  if (!study) return { ...given, margin, alpha, stories, each, ...said };
  const { analyse, title } = study.config;
  const apart = given.stories !== undefined && given.each !== undefined;
  const design = apart ? undefined : await designOf(study);
  const even: ReturnType<typeof evenDesign> = design ? evenDesign(design) : { stories, each };
  const asked: Asked = {
    ...given,
    margin: given.margin ?? analyse.margin,
    alpha: given.alpha ?? analyse.alpha,
    stories: given.stories ?? even.stories,
    each: given.each ?? even.each,
    readers: given.readers ?? plannedEnd(study.config),
    titles: given.titles === undefined && given.stories === undefined ? even.titles : said.titles,
    groups: said.groups ?? even.groups,
  };
  return { ...asked, about: sayStudy(title, design, asked) };
}

function sayStudy(title: string, design: Design | undefined, options: Asked): string {
  const { margin, alpha, readers } = options;
  const end = readers === undefined ? "no planned end" : counted(readers, "reader");
  const clusters = [
    ...(options.titles ? [counted(options.titles, "title")] : []),
    ...(options.groups?.hold === "all" ? [counted(options.groups.count, "form")] : []),
    ...(options.groups?.hold === "readers" ? [counted(options.groups.count, "class", "classes")] : []),
  ];
  const by = clusters.length > 0 ? `, clustered by ${clusters.join(" and by ")}` : "";
  const planned = `Planned for “${title}”: margin ${declaredPercent(margin)}, alpha ${alpha}, ${end}, ${counted(options.stories, "story", "stories")} of which each reader judges ${options.each}${by}.`;
  if (!design || design.stories.human === design.stories.machine) return planned;
  const { human, machine } = design.stories;
  return `${planned} It has ${human} human and ${machine} machine stories; the fewer decide, so that as many of each are planned.`;
}
