import { beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type ConditionContrast, contrastsOf, type Outcome } from "../../src/analyse/cells.ts";
import { main } from "../../src/cli.ts";
import { compose } from "../../src/compose/compose.ts";
import { normalQuantile } from "../../src/stats/normal.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readFindings, readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { readText, writeWhole } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { generation, story, studyWith, upTo } from "../compose/fixture.ts";
import { quietEffects } from "../helpers/world.ts";

const settings = { settings: AnalyseSettings.parse({}), conditions: ["plain", "other"] };

/** `right[cell]` of 20 readers say "human"; every reader judges one human and one machine story. */
function choices(counts: Readonly<Record<string, readonly [human: number, machine: number]>>): Outcome {
  const rows = Object.entries(counts).flatMap(([condition, [human, machine]]) =>
    upTo(20, (at) =>
      (["human", "machine"] as const).map((origin) => ({
        ...{ participant: `${condition}${at}`, stimulus: `${origin}${at % 5}`, origin, condition },
        value: Number(at < (origin === "human" ? human : machine)),
      })),
    ).flat(),
  );
  return { name: "called human", kind: "choices", rows: rows as unknown as Outcome["rows"] };
}

describe("contrasts", () => {
  test("of choices are differences of d′ and of the criterion", () => {
    const outcome = choices({ plain: [12, 8], other: [18, 6] });
    const z = (count: number) => normalQuantile((count + 0.5) / 21);
    const [interaction] = contrastsOf("interaction", outcome, settings);
    expect(interaction!.estimate).toBeCloseTo(z(18) - z(6) - (z(12) - z(8)), 10);
    const [effect] = contrastsOf("condition", outcome, settings);
    expect(effect!.estimate).toBeCloseTo((z(18) + z(6) - z(12) - z(8)) / 2, 10);
    expect(interaction!.degrees).toBeGreaterThan(0);
    expect([interaction!.condition, interaction!.reference]).toEqual(["other", "plain"]);
  });

  test("a condition without answers to one kind of story is not compared", () => {
    const { rows, ...outcome } = choices({ plain: [12, 8], other: [18, 6] });
    const without = rows.filter(({ condition, origin }) => condition === "plain" || origin === "human");
    expect(contrastsOf("interaction", { ...outcome, rows: without }, settings)).toEqual([]);
  });

  test("one reader in a condition gives no test", () => {
    const { rows, ...outcome } = choices({ plain: [12, 8], other: [18, 6] });
    const one = rows.filter(
      ({ condition, participant }) => condition === "plain" || participant === "other0",
    );
    const [found] = contrastsOf("interaction", { ...outcome, rows: one }, settings);
    expect([found!.degrees, found!.p]).toEqual([0, 1]);
  });
});

describe("a 3 (told) x 2 (true) study", () => {
  let simulated: string;
  beforeAll(async () => {
    const conditions = {
      of: [{ name: "nothing" }, { name: "truth", says: "truth" }, { name: "opposite", says: "opposite" }],
    };
    const own = {
      name: "told-by-true",
      survey: { debrief: "Not everything that we said about the authors was true." },
      compose: { conditions, tasks: [{ task: "human-or-machine" }, { task: "how-it-felt" }] },
    };
    const study = await studyWith(
      upTo(20, (at) => story(at)),
      upTo(20, (at) => generation(at)),
      own.compose,
    );
    await writeWhole(study.path("study.yaml"), stringify(own));
    await compose.run(await openStudy(study.folder), {}, quietEffects());
    simulated = `${study.folder}-simulated`;
    const run = async (...argv: string[]) => expect(await main(argv, quietEffects())).toBe(0);
    await run("simulate", "--study", study.folder, "--participants", "120", "--told", "1");
    await run("analyse", "--study", simulated);
    await run("package", "--study", simulated, "--licence", "CC0-1.0", "--author", "A");
  });

  test("conditions have equally many readers, and are columns of the tables", async () => {
    const people = await readTable(`${simulated}/judgments/participants.csv`);
    for (const name of ["nothing", "truth", "opposite"]) {
      const own = people.filter(({ condition }) => condition === name);
      expect(own).toHaveLength(40);
      expect(own.every(({ deceived }) => deceived === (name === "opposite" ? "yes" : "no"))).toBe(true);
    }
    const packed = await readTable(`${simulated}/package/csv/judgments.csv`);
    for (const { condition, told, origin } of packed) if (condition === "truth") expect(told).toBe(origin);
    expect(await readTable(`${simulated}/package/csv/participants.csv`)).toEqual(
      expect.arrayContaining([expect.objectContaining({ condition: "opposite", deceived: "TRUE" })]),
    );
  });

  test("the report has each cell, its verdict and the interaction, and names the deception", async () => {
    const study = await openStudy(simulated);
    const found = (await readFindings(study)).find(({ analysis }) => analysis === "conditions")!;
    const told = found.findings.map((one) => ("text" in one ? one.text : one.caption)).join("\n");
    expect(told).toMatch(/d′ is \d\.\d+ higher under truth than under nothing/);
    expect(told).toMatch(/d′ is \d\.\d+ lower under opposite than under nothing/);
    expect(told).toMatch(/Deception: in opposite, 40 readers were told something untrue/);
    const { cells, interactions } = found.numbers as unknown as {
      cells: { outcome: string; readers: number }[];
      interactions: ConditionContrast[];
    };
    expect(cells.filter(({ readers }) => readers === 40)).toHaveLength(12);
    expect(interactions.map(({ outcome, condition }) => `${outcome} ${condition}`)).toEqual([
      "called human truth",
      "called human opposite",
      "how-it-felt truth",
      "how-it-felt opposite",
    ]);
  });

  test("the verdict rests only on readers who were told nothing", async () => {
    const study = await openStudy(simulated);
    const judged = await readTable(study.path("findings/judgments.csv"));
    const untold = (await readJudgments(study)).filter(
      ({ task, told }) => task === "human-or-machine" && told === undefined,
    );
    expect(judged).toHaveLength(untold.length);
    expect(untold).toHaveLength(240);
    const headline = (await readFindings(study)).find(({ analysis }) => analysis === "verdict")!;
    expect((headline.numbers["overall"] as { judgments: number }).judgments).toBe(240);
  });

  test("the package's own table gives the same interactions", async () => {
    const effects = quietEffects();
    const argv = ["analyse", "--judgments", `${simulated}/package/csv/judgments.csv`, "--json"];
    expect(await main(argv, effects)).toBe(0);
    const again = JSON.parse(effects.printed.join("\n"))["conditions"].interactions;
    const study = await openStudy(simulated);
    const found = (await readFindings(study)).find(({ analysis }) => analysis === "conditions")!;
    // Rows come in another order, so sums differ in their last digits.
    const rounded = (value: unknown) =>
      JSON.parse(JSON.stringify(value), (_, one) =>
        typeof one === "number" ? Number(one.toPrecision(9)) : one,
      );
    expect(rounded(again)).toEqual(rounded(found.numbers["interactions"]));
  });

  test("other form systems get what a condition says, and its debriefing; feedback is refused", async () => {
    const exported = async (format: string) => {
      const effects = quietEffects();
      expect(await main(["export-forms", format, "--study", simulated], effects)).toBe(0);
      return (await Promise.all(effects.printed.map((path) => readText(path)))).join("\n");
    };
    const forms = await readForms(await openStudy(simulated));
    const shown = (told: string) =>
      forms.flatMap(({ questions }) => questions.filter((question) => question.told === told)).length;
    for (const format of ["google-forms", "qualtrics"]) {
      const text = await exported(format);
      const count = (wording: string) => text.split(wording).length - 1;
      // Qualtrics also has a description of each question, with its first words.
      const times = format === "qualtrics" ? 2 : 1;
      expect([times * shown("human"), shown("human")]).toContain(count("Written by a person"));
      expect([times * shown("machine"), shown("machine")]).toContain(count("Written by a machine"));
      expect(text).toContain("Not everything that we said about the authors was true.");
    }
    const jspsych = await exported("jspsych");
    expect(jspsych).toContain("Written by a person");
    expect(jspsych).toContain('"closing"');
    const settings = parse(await readText(`${simulated}/study.yaml`));
    settings.compose.conditions.of[1].feedback = true;
    await writeWhole(`${simulated}/study.yaml`, stringify(settings));
    const effects = quietEffects();
    expect(await main(["export-forms", "jspsych", "--study", simulated], effects)).toBe(1);
    expect(effects.logged.join("\n")).toContain("truth has feedback, which other form systems cannot show");
  });
});
