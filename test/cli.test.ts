import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "../src/cli.ts";
import { commands, type ListEntry, stages } from "../src/stages.ts";
import { exists, filesUnder, writeWhole } from "../src/workbench/files.ts";
import type { AnyCommand, AnyStage } from "../src/workbench/stage.ts";
import { quietEffects, temporaryFolder } from "./helpers/world.ts";

async function tinylove(...argv: string[]) {
  const effects = quietEffects();
  const code = await main(argv, effects);
  return { code, told: effects.logged.join("\n"), printed: effects.printed.join("\n") };
}

test("help lists every stage in order and exits with 0", async () => {
  const { code, printed } = await tinylove("--help");
  expect(code).toBe(0);
  const places = ["collect", "generate", "compose", "judgments", "analyse", "report"].map((name) =>
    printed.indexOf(`\n  ${name} `),
  );
  expect(places).toEqual([...places].sort((one, other) => one - other));
  expect(Math.min(...places)).toBeGreaterThan(0);
});

test("help of a command shows examples", async () => {
  const { code, printed } = await tinylove("run", "--help");
  expect(code).toBe(0);
  expect(printed).toContain("$ tinylove run --study my-study");
});

test("help of a group lists its commands once", async () => {
  const { code, printed } = await tinylove("tune", "--help");
  expect(code).toBe(0);
  expect(printed.replace(/\s+/g, " ")).toContain(
    "Fine-tune a model on the training stories: plan, setup, run, diagnose, sweep, prefer, submit, export Options:",
  );
  expect(printed).not.toContain("shows its parts");
});

test("an unknown command is an error with exit code 1", async () => {
  const { code, told } = await tinylove("runn");
  expect(code).toBe(1);
  expect(told).toContain("unknown command 'runn'");
});

test("a folder without a study is reported in one line, with the fix", async () => {
  const { code, told } = await tinylove("status", "--study", await temporaryFolder());
  expect(code).toBe(1);
  expect(told).toMatch(/^error: no study in .*study\.yaml \(make one with `tinylove init DIR`.*\)$/);
});

test("--study works before or after the command", async () => {
  const folder = join(await temporaryFolder(), "mine");
  await tinylove("init", folder);
  for (const argv of [
    ["status", "--study", folder],
    ["--study", folder, "status"],
  ]) {
    const { code, printed } = await tinylove(...argv);
    expect(code).toBe(0);
    expect(printed).toContain("next: tinylove collect");
  }
});

test("init makes a valid study, named after its folder, and refuses a folder in use", async () => {
  const folder = join(await temporaryFolder(), "My First Study!");
  expect((await tinylove("init", folder)).code).toBe(0);
  expect(await exists(join(folder, "study.schema.json"))).toBe(true);
  const before = await filesUnder(folder);
  const again = await tinylove("init", folder);
  expect(again.code).toBe(1);
  expect(again.told).toContain("is not empty");
  expect(await filesUnder(folder)).toEqual(before);
  expect((await tinylove("status", "--study", folder)).code).toBe(0);
});

test("an unknown example and an unknown key are one-line errors", async () => {
  const folder = join(await temporaryFolder(), "odd");
  expect((await tinylove("init", folder, "--example", "../../etc")).told).toMatch(/^error: no example/);
  expect(await exists(folder)).toBe(false);
  await writeWhole(join(folder, "study.yaml"), "name: odd\nsede: 1\n");
  const { code, told } = await tinylove("run", "--study", folder);
  expect(code).toBe(1);
  expect(told).toBe("error: study.yaml: sede: no such setting (did you mean seed?)");
});

test("init on a file, an invalid argument and a missing folder are one-line errors", async () => {
  const file = join(await temporaryFolder(), "a-file");
  await writeWhole(file, "once");
  expect(await tinylove("init", file)).toMatchObject({
    code: 1,
    told: `error: ${file} is a file (choose a new folder)`,
  });
  expect(await tinylove("init", join(file, "below"))).toMatchObject({
    code: 1,
    told: expect.stringMatching(/^error: .*a part of its path is a file/),
  });
  expect((await tinylove("code", "sheets")).told).toBe(
    "error: <how> sheets: use sheet, import or model (see --help)",
  );
  expect((await tinylove("try", "A Title", "--study", join(file, "none"))).told).toMatch(
    /^error: no study in/,
  );
});

test("output fits the terminal's width, and has one line per stage without a terminal", async () => {
  const folder = join(await temporaryFolder(), "mine");
  await tinylove("init", folder);
  const narrow = quietEffects({ terminal: { columns: 60, write() {} } });
  expect(await main(["status", "--study", folder], narrow)).toBe(0);
  const lines = narrow.printed.join("\n").split("\n");
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
  expect(lines).toContainEqual(expect.stringMatching(/^ {20}corpus\/.*summary\.json$/));
  const { printed } = await tinylove("status", "--study", folder);
  expect(printed).toMatch(/^collect .* corpus\/summary\.json$/m);

  const plan = await tinylove("power", "--check", "0", "--study", folder);
  expect(plan.printed.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(plan.printed).toMatch(/^ {2}Stories per reader /m);
});

test("the list has the same names and arguments as the stages and commands", async () => {
  for (const members of [stages, commands]) {
    for (const [name, { parameters, load }] of Object.entries<ListEntry<AnyStage | AnyCommand>>(members)) {
      const member = await load();
      const own =
        "parameters" in member ? member.parameters?.map(([notation]) => notation).join(" ") : undefined;
      expect({ name, parameters }).toEqual({ name: member.name, parameters: own });
    }
  }
});

test("every command has its own help, with its flags and examples", async () => {
  for (const members of [stages, commands]) {
    for (const [name, { load }] of Object.entries<ListEntry<AnyStage | AnyCommand>>(members)) {
      const { flags = [], examples } = await load();
      const { code, printed } = await tinylove(...name.split(" "), "--help");
      expect(code).toBe(0);
      expect(printed).toContain(`Usage: tinylove ${name} `);
      for (const [notation] of flags) expect(printed).toContain(`  ${notation}`);
      for (const line of examples) expect(printed).toContain(`  $ ${line}`);
      expect((await tinylove(...helpOf(name))).printed).toBe(printed);
    }
  }
});

/** `help run` and `tune help plan`. */
const helpOf = (name: string): string[] => name.split(" ").toSpliced(-1, 0, "help");

test("help of all commands has the same line for a command that was loaded", async () => {
  const { printed } = await tinylove("--help");
  for (const name of ["collect", "init", "withdraw", "code", "models"]) {
    const named = await tinylove("--help", name);
    expect(named).toMatchObject({ code: 0, printed });
  }
});
