import { z } from "zod";
import { findingsText } from "../findings/terminal.ts";
import { defaultClusterSpread, defaultSpread } from "../stats/simulate-study.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { counted, declaredPercent } from "../study/print.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { textStyleOf } from "../workbench/terminal-style.ts";
import { type Design, designOf, evenDesign } from "./design.ts";
import { type EarlierStudy, earlierStudy } from "./earlier-study.ts";
import { type PlannedStudy, powerFindings } from "./power-findings.ts";
import { defaultPower } from "./power-plan.ts";

const Options = z.object({
  margin: realNumber(0.001, 0.49).optional(),
  alpha: realNumber(0.0001, 0.49).optional(),
  power: realNumber(0.01, 0.999).default(defaultPower),
  stories: wholeNumber(2, 10_000).optional(),
  each: wholeNumber(2, 10_000).optional(),
  readers: wholeNumber(2, 100_000).optional(),
  accuracy: realNumber(0.01, 0.99).default(0.5),
  leaning: realNumber(-0.45, 0.45).optional(),
  finish: realNumber(0.05, 1).optional(),
  bias: realNumber(0, 5).optional(),
  skill: realNumber(0, 5).optional(),
  story: realNumber(0, 5).optional(),
  titles: wholeNumber(0, 10_000).optional(),
  title: realNumber(0, 5).optional(),
  classes: wholeNumber(2, 10_000).optional(),
  forms: wholeNumber(2, 10_000).optional(),
  group: realNumber(0, 5).default(defaultClusterSpread.group),
  compare: wholeNumber(2, 20).optional(),
  apart: realNumber(0.01, 4).default(0.5),
  share: realNumber(0.001, 0.999).optional(),
  by: z.enum(["groups", "readers", "stories"]).optional(),
  check: wholeNumber(0, 100_000).default(400),
  from: z.string().optional(),
  seed: z.string().default("2022"),
  json: z.boolean().default(false),
  report: z.string().optional(),
});
type PowerOptions = z.infer<typeof Options>;

/** `tinylove power`: plans the numbers of readers and stories before data collection. */
export const power = command<PowerOptions>({
  name: "power",
  examples: [
    "tinylove power --study my-study                       # its stories, forms, margin and readers",
    "tinylove power --margin 0.10 --stories 60 --each 6",
    "tinylove power --study my-study --from my-pilot       # with the spreads and drop-out of an earlier study",
    "tinylove power --compare 2 --apart 0.8 --share 0.1   # experts, a tenth of the readers, and others",
    "tinylove power --compare 3 --by readers --apart 0.6   # three conditions: is the skill the same in each?",
    "tinylove power --readers 13 --each 6 --stories 18     # what thirteen responses can show",
  ],
  flags: [
    ["--margin <share>", "accuracy within 0.5 -/+ this counts as chance (default: the study's, else 0.1)"],
    ["--alpha <share>", "the error rate of each test (default: the study's, else 0.05)"],
    ["--power <share>", `the target power (default ${defaultPower})`],
    ["--stories <number>", "stories in all, half of them human (default: the study's, else 60)"],
    ["--each <number>", "stories that each reader judges, half of them human (default: the study's, else 6)"],
    [
      "--readers <number>",
      "show the power with this many readers, instead of the number needed (default: the planned end of the study)",
    ],
    ["--accuracy <share>", "the assumed true accuracy (default 0.5)"],
    [
      "--from <study>",
      "an earlier study: its readers' and stories' spreads, leaning and drop-out are assumed (flags take precedence)",
    ],
    [
      "--leaning <share>",
      'how far readers lean towards "human": accuracy on human stories is this much higher, on machine stories lower (default 0)',
    ],
    ["--finish <share>", "the share of readers who finish; the others leave half-way (default 1)"],
    ["--bias <number>", `SD of readers' bias towards "human", log-odds (default ${defaultSpread.bias})`],
    ["--skill <number>", `SD of readers' skill, log-odds (default ${defaultSpread.skill})`],
    ["--story <number>", `SD of how human stories look, log-odds (default ${defaultSpread.story})`],
    [
      "--titles <number>",
      "titles that human and machine stories share, 0 for none (default: the study's, else none)",
    ],
    ["--title <number>", `SD of how easy titles are, log-odds (default ${defaultClusterSpread.title})`],
    ["--classes <number>", "classes that readers come from, where the verdict is clustered by them"],
    ["--forms <number>", "forms with separate readers and stories, where the verdict is clustered by them"],
    [
      "--group <number>",
      `SD of how easy classes or forms are, log-odds (default ${defaultClusterSpread.group})`,
    ],
    [
      "--compare <number>",
      "groups of readers, or conditions, that are compared (default: the study's conditions, else none)",
    ],
    ["--apart <d'>", "how much higher the d′ of the last of them is (default 0.5)"],
    ["--share <share>", "the share of readers in the last group (default: equal shares)"],
    [
      "--by <what>",
      "what is compared: groups of readers, or conditions by readers or by stories (default: the study's, else groups)",
    ],
    ["--check <studies>", "number of simulated studies that check the formula (default 400; 0 for none)"],
    ["--seed <seed>", "seed of the simulation (default 2022)"],
    ["--json", "print every figure with full precision"],
    ["--report <file>", "also write a page with the power curve"],
  ],
  options: Options,
  async run(folder, given, effects) {
    // Outside a study's folder, and with no study named, all settings come from flags.
    const here = folder !== "." || (await exists("study.yaml"));
    const earlier = given.from === undefined ? undefined : await earlierStudy(given.from);
    const planned = await plannedStudy(given, here ? await openStudy(folder) : undefined, earlier);
    // One step for the readers needed and twelve for the grid.
    const progress = effects.progress("power", given.check * (planned.compared ? 2 : 1) + 13);
    const found = powerFindings(planned, (note) => {
      effects.signal.throwIfAborted();
      progress.step(note);
    });
    progress.end();
    if (given.report !== undefined) {
      const { pageOfFindings } = await import("../findings/page-of-findings.ts");
      await writeWhole(given.report, pageOfFindings({ title: "Power analysis", simulated: false }, [found]));
      effects.log(`wrote ${given.report}`);
    }
    effects.print(
      given.json
        ? JSON.stringify(found.numbers, null, 2)
        : findingsText([found], { full: true, style: textStyleOf(effects) }),
    );
  },
});

/** The plan: flags first, then the study, then an earlier study (for assumptions only), then the defaults. */
export async function plannedStudy(
  options: PowerOptions,
  study: Study | undefined,
  earlier?: EarlierStudy,
): Promise<PlannedStudy> {
  const assumed = {
    ...{ leaning: 0, finish: 1, ...defaultSpread, title: defaultClusterSpread.title },
    ...earlier?.assumptions,
  };
  const given = {
    ...options,
    leaning: options.leaning ?? assumed.leaning,
    finish: options.finish ?? assumed.finish,
    bias: options.bias ?? assumed.bias,
    skill: options.skill ?? assumed.skill,
    story: options.story ?? assumed.story,
    title: options.title ?? assumed.title,
  };
  const about = earlier && { about: earlier.about };
  const compared = comparedIn(options, study);
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
  if (!study) return { ...given, margin, alpha, stories, each, ...said, ...about, ...compared };
  const { analyse, title } = study.config;
  const apart = given.stories !== undefined && given.each !== undefined;
  const design = apart ? undefined : await designOf(study);
  const even: ReturnType<typeof evenDesign> = design ? evenDesign(design) : { stories, each };
  const asked: PlannedStudy = {
    ...given,
    margin: given.margin ?? analyse.margin,
    alpha: given.alpha ?? analyse.alpha,
    stories: given.stories ?? even.stories,
    each: given.each ?? even.each,
    readers: given.readers ?? plannedEnd(study.config),
    titles: given.titles === undefined && given.stories === undefined ? even.titles : said.titles,
    groups: said.groups ?? even.groups,
    ...compared,
  };
  const text = studyText(title, design, asked);
  return { ...asked, about: earlier ? `${text} ${earlier.about}` : text };
}

/** What is compared: as asked, else the conditions of the study. */
function comparedIn(
  { compare, by, apart, share }: PowerOptions,
  study: Study | undefined,
): Pick<PlannedStudy, "compared"> {
  const conditions = study?.config.compose.conditions;
  const count = compare ?? (by === "groups" ? 2 : conditions?.of.length);
  if (count === undefined || count < 2) return {};
  const own = compare === undefined && conditions?.by === "story" ? "stories" : "readers";
  return { compared: { count, by: by ?? (compare === undefined ? own : "groups"), apart, share } };
}

function studyText(title: string, design: Design | undefined, options: PlannedStudy): string {
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
  return `${planned} The study has ${human} human and ${machine} machine stories; the plan uses the smaller number for both.`;
}
