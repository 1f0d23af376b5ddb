import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../helpers/built.ts";
import { settingsWith, storyTable } from "../helpers/small-study.ts";
import { temporaryFolder } from "../helpers/world.ts";

/** Plugins as users write them: files next to a study anywhere on disk, run by the built program. */

const examples = fileURLToPath(new URL("../../examples/plugins/", import.meta.url));
const run = promisify(execFile);
let program: string;
let cache: string;
beforeAll(async () => {
  program = await builtProgram();
  cache = await temporaryFolder();
});

/** Runs the program in its own process; returns its exit code and last line. */
async function tinylove(argv: readonly string[], env: NodeJS.ProcessEnv = { TINYLOVE_TRUST: "1" }) {
  const all = { ...process.env, TINYLOVE_CACHE: cache, TINYLOVE_TRUST: undefined, ...env };
  const { stdout, stderr, code } = await run(process.execPath, [program, ...argv], { env: all }).then(
    (ended) => ({ ...ended, code: 0 }),
    (failed: { stdout: string; stderr: string; code: number }) => failed,
  );
  return { code, stdout, stderr, last: stderr.trim().split("\n").at(-1)! };
}

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs several command lines in one process of the built program. */
async function inOneProcess(commands: readonly (readonly string[])[]): Promise<Ended[]> {
  const part = (file: string) =>
    JSON.stringify(pathToFileURL(join(dirname(dirname(program)), "dist", file)).href);
  const script = `
    import { main } from ${part("cli.js")};
    import { worldEffects } from ${part("workbench/effects.js")};
    const ended = [];
    for (const argv of ${JSON.stringify(commands)}) {
      const lines = [];
      const say = (line) => void lines.push(line);
      const effects = { ...worldEffects(new AbortController().signal), log: say, warn: say, print: say };
      ended.push({ code: await main(argv, effects), lines });
    }
    console.log(JSON.stringify(ended));`;
  const env = { ...process.env, TINYLOVE_CACHE: cache, TINYLOVE_TRUST: "1" };
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { env });
  return JSON.parse(stdout) as Ended[];
}

/** Runs stages one after the other in one process. */
async function succeed(folder: string, ...stages: readonly string[]): Promise<void> {
  for (const ended of await inOneProcess(stages.map((stage) => [stage, "--study", folder])))
    expect(ended).toMatchObject({ code: 0 });
}

/** A study with these files, each listed under `plugins:` unless its name begins with an underscore. */
async function studyWith(files: Readonly<Record<string, string>>, ...settings: string[]): Promise<string> {
  const folder = join(await temporaryFolder(), "study");
  await mkdir(folder);
  const named = Object.keys(files).filter((name) => !name.startsWith("_"));
  await writeFile(join(folder, "stories.csv"), storyTable());
  await writeFile(
    join(folder, "study.yaml"),
    settingsWith(...settings, `plugins: [${named.map((name) => `./${name}`).join(", ")}]\n`),
  );
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const measure = (body: string) =>
  `import { defineMeasure } from "tinylove";\nexport default defineMeasure({ ${body} });\n`;
const shouting = measure(
  `name: "shouting", meaning: "exclamation marks", unit: "marks", format: "number", of: ({ plain }) => plain.split("!").length - 1`,
);

const faulty: readonly (readonly [what: string, content: string, expected: RegExp])[] = [
  ["a file that is not there", "absent", /plugins: \.\/p\.mjs: there is no such file/],
  ["code that does not parse", "export default {", /plugins: \.\/p\.mjs cannot be loaded: Unexpected/],
  [
    "a package that is not there",
    'import "no-such-package";',
    /cannot be loaded: Cannot find package 'no-such/,
  ],
  [
    "nothing to use",
    "export default { name: 'x' };",
    /plugins: \.\/p\.mjs exports nothing that Tiny Love can use/,
  ],
  [
    "a member that is missing",
    measure(`name: "m", unit: "u", format: "number", of: () => 1`),
    /plugins: \.\/p\.mjs, export default: meaning is missing \(a measure needs meaning: a text\)/,
  ],
  [
    "a member of another type",
    measure(`name: "m", meaning: "x", unit: "u", format: "number", of: 5`),
    /\.\/p\.mjs, export default: of is 5 \(it must be a function\)/,
  ],
  [
    "a misspelt member",
    measure(`name: "m", meening: "x", unit: "u", format: "number", of: () => 1`),
    /a measure has no member meening \(did you mean meaning\?\)/,
  ],
  [
    "a name that is taken",
    measure(`name: "words", meaning: "x", unit: "u", format: "number", of: () => 1`),
    /the measure words exists already \(give it another name\)/,
  ],
  [
    "a task whose answers contradict it",
    `import { defineTask } from "tinylove";
     export const asks = defineTask({ name: "who", kind: "choice", asksOrigin: true, phrases: { en: { asked: "a" } },
       items: () => [{ kind: "choice", name: "answer", ask: "?", options: [["yes", "Yes"], ["no", "No"]], required: true }] });`,
    /plugins: \.\/p\.mjs, export asks: task who: its answers are yes, no/,
  ],
  [
    "a setting that is no schema",
    `import { defineModel } from "tinylove";
     export default defineModel({ scheme: "own", summary: "s", settings: { loud: true }, open: () => ({ write: async () => "x" }) });`,
    /export default: settings\.loud is not a zod schema/,
  ],
];

describe("an error in a plugin", () => {
  let ended: Ended[];
  beforeAll(async () => {
    const folders = await Promise.all(
      faulty.map(async ([, content]) => {
        if (content !== "absent") return studyWith({ "p.mjs": content });
        const folder = await studyWith({});
        await writeFile(join(folder, "study.yaml"), settingsWith("plugins: [./p.mjs]\n"));
        return folder;
      }),
    );
    ended = await inOneProcess(folders.map((folder) => ["status", "--study", folder]));
  });

  test.each(faulty)("%s is a one-line error that names the file", (what, _, expected) => {
    const { code, lines } = ended[faulty.findIndex(([name]) => name === what)]!;
    const text = lines.join("\n").trim();
    expect(text).toMatch(expected);
    expect(text.split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  });
});

test("a plugin runs after the user has agreed, and not after a change to it or its imports", async () => {
  const folder = await studyWith({
    "p.mjs": `import { marks } from "./_marks.mjs";\n${shouting.replace('split("!")', "split(marks)")}`,
    "_marks.mjs":
      'import { writeFileSync } from "node:fs";\nwriteFileSync(import.meta.dirname + "/ran", "");\nexport const marks = "!";\n',
  });
  const status = () => tinylove(["status", "--study", folder], {});
  expect((await status()).last).toMatch(
    /\.\/p\.mjs is a program that you have not agreed to run as it is now/,
  );
  await expect(readFile(join(folder, "ran"))).rejects.toThrow();
  expect(await tinylove(["trust", "--study", folder], {})).toMatchObject({ code: 0 });
  expect(await status()).toMatchObject({ code: 0 });

  const marks = await readFile(join(folder, "_marks.mjs"), "utf8");
  await writeFile(join(folder, "_marks.mjs"), marks.replace('"!"', '"?"'));
  expect(await status()).toMatchObject({ code: 1 });
  await writeFile(join(folder, "_marks.mjs"), marks);
  expect(await status()).toMatchObject({ code: 0 });

  // The same file elsewhere needs another agreement, because its package imports may differ there.
  const elsewhere = join(await temporaryFolder(), "elsewhere");
  await cp(folder, elsewhere, { recursive: true });
  expect(await tinylove(["status", "--study", elsewhere], {})).toMatchObject({ code: 1 });
});

test("a measure is a column; if it changes, its values are measured again, and only dependent stages are stale", async () => {
  const folder = await studyWith({ "p.mjs": shouting }, "describe: {measures: [words, shouting]}\n");
  await succeed(folder, "collect", "generate", "describe");
  const codes = () => readFile(join(folder, "corpus/codes.csv"), "utf8");
  expect((await codes()).split("\n")[0]).toContain(",words,shouting");
  expect((await codes()).split("\n")[1]).toMatch(/,95,0(,|$)/);
  await writeFile(join(folder, "p.mjs"), shouting.replace("length - 1", "length + 6"));
  const { stdout } = await tinylove(["status", "--study", folder, "--json"]);
  const stale = (JSON.parse(stdout) as Record<string, string>[]).filter(({ is }) => is === "stale");
  expect(stale).toEqual([{ stage: "describe", is: "stale", because: "p.mjs changed" }]);
  expect(await tinylove(["describe", "--study", folder])).toMatchObject({ code: 0 });
  expect((await codes()).split("\n")[1]).toMatch(/,95,7(,|$)/);
});

test("a source provides stories, and a model accepts only its own settings", async () => {
  const source = `import { defineSource } from "tinylove";
export const letters = defineSource({
  name: "letters",
  summary: "made up",
  gather: async () => Array.from({ length: 12 }, (_, at) => ({
    title: "Letter " + at, text: Array.from({ length: 95 }, (_, word) => "l" + at + "x" + word).join(" ") + "." })),
});
`;
  const model = `import { defineModel, z } from "tinylove";
export default defineModel({
  scheme: "parrot",
  summary: "says one word",
  dummy: true,
  settings: { word: z.string().default("squawk") },
  open: ({ word }) => ({ write: async ({ seed }) => Array.from({ length: 120 }, (_, at) => word + seed + at).join(" ") }),
});
`;
  const models = (setting: string) => `generate: {models: [{address: "parrot:grey"${setting}}]}\n`;
  const corpus = "corpus: {source: letters, split: {train: 6, validation: 2, test: 4}}\n";
  const folder = await studyWith({ "s.mjs": source, "m.mjs": model }, corpus, models(", word: hello"));
  await succeed(folder, "collect", "generate", "compose");
  const generations = await readFile(join(folder, "generations/grey/one-shot.jsonl"), "utf8");
  expect(generations).toContain('"text":"hello');
  expect(generations).toContain('"dummy":true');
  expect(await readFile(join(folder, "corpus/stories.jsonl"), "utf8")).toContain('"source":"letters"');

  const settings = await readFile(join(folder, "study.yaml"), "utf8");
  await writeFile(join(folder, "study.yaml"), settings.replace("word: hello", "wrod: hello"));
  expect((await tinylove(["status", "--study", folder])).last).toBe(
    "error: study.yaml: generate.models.0.wrod: no such setting (did you mean word?)",
  );
});

test("TypeScript works if Node strips types, and is refused in one line otherwise", async () => {
  const typed = shouting.replace("({ plain })", "({ plain }: { plain: string })");
  const folder = await studyWith({ "p.ts": typed });
  const { code, last } = await tinylove(["status", "--study", folder]);
  if ((process.features as { typescript?: unknown }).typescript) expect(code).toBe(0);
  else
    expect(last).toMatch(
      /plugins: \.\/p\.ts: Node [\d.]+ cannot run TypeScript \(write it as \.mjs, or use Node 22\.18 or newer\)/,
    );
});

test("the example plugins are those in the documentation", async () => {
  const page = await readFile(fileURLToPath(new URL("../../docs/extending.md", import.meta.url)), "utf8");
  for (const name of ["who-wrote-it", "questions", "halves", "markov"]) {
    expect(page).toContain(`examples/plugins/${name}.mjs`);
    expect(await readFile(join(examples, `${name}.mjs`), "utf8")).toContain('from "tinylove"');
  }
});
