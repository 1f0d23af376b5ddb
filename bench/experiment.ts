/**
 * A 3 (told) x 2 (true) experiment from study.yaml to the report, with the example stories and the embedded model. 120
 * simulated readers on a copy; then the survey itself: 200 people arrive at once, 30 % of them leave (most from one condition),
 * their places are taken again, and six readers answer in Chromium, with and without a script. People who read who wrote
 * a story believe it in 80 % of answers. Limits: conditions differ by at most one reader in places and in completions, and the
 * report shows the interaction. Needs CHROMIUM or an installed Chromium.
 *
 *     npm run bench -- experiment
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { main } from "../src/cli.ts";
import { randomFrom } from "../src/stats/random.ts";
import { readTable } from "../src/tables/tables.ts";
import { taskNamed, tasks } from "../src/tasks/tasks.ts";
import { readFindings, readJudgments } from "../src/workbench/artefacts.ts";
import { openStudy } from "../src/workbench/study.ts";
import { startSurvey } from "../src/workplace/serve.ts";
import { launchBrowser } from "../test/helpers/browser.ts";
import { temporaryFolder } from "../test/helpers/world.ts";
import { hiddenFields, quietEffects, TestClient } from "../test/survey/fixture.ts";

const folder = join(await temporaryFolder(), "told");
const began = performance.now();
const seconds = () => `${((performance.now() - began) / 1000).toFixed(0)} s`;
const failures: string[] = [];
const check = (isRight: boolean, what: string) => {
  console.log(`${isRight ? "ok    " : "FAILED"} ${what} (${seconds()})`);
  if (!isRight) failures.push(what);
};

async function tinylove(...argv: string[]): Promise<void> {
  const code = await main(argv, quietEffects() as never);
  if (code !== 0) throw new Error(`tinylove ${argv.join(" ")}: exit code ${code}`);
}

const taskNamesOf = (kind: "choice" | "rating") =>
  tasks
    .filter((task) => task.kind === kind && task.asksOrigin === (kind === "choice"))
    .map(({ name }) => name);

await tinylove("init", folder);
const settings = parse(await readFile(join(folder, "study.yaml"), "utf8"));
settings.title = "Told and true";
settings.compose = {
  ...settings.compose,
  conditions: {
    of: [{ name: "nothing" }, { name: "truth", says: "truth" }, { name: "opposite", says: "opposite" }],
  },
  tasks: ["choice", "rating"].flatMap((kind) =>
    taskNamesOf(kind as "choice" | "rating")
      .slice(0, 1)
      .map((task) => ({ task })),
  ),
};
settings.survey = {
  ...settings.survey,
  quota: 120,
  rate: 100_000,
  debrief: "Some of what we said about the authors was not true.",
  contact: "someone@example.org",
};
delete settings.survey.demographics;
settings.compose.human = 3;
settings.compose.machine = 3;
await writeFile(join(folder, "study.yaml"), stringify(settings));
await tinylove("run", "--study", folder);
console.log(`stories, forms and an empty report (${seconds()})`);

const reportOf = async (study: string) => {
  await tinylove("run", "--study", study);
  const found = (await readFindings(await openStudy(study))).find(
    ({ analysis }) => analysis === "conditions",
  )!;
  const texts = found.findings.flatMap((one) => ("text" in one ? [one.text] : []));
  const report = await readFile(join(study, "report/report.html"), "utf8");
  return { texts, report };
};

// 1. 120 simulated readers on a copy.
await tinylove("simulate", "--study", folder, "--participants", "120", "--told", "1");
const simulated = await reportOf(`${folder}-simulated`);
check(
  simulated.texts.some((text) => /d′ is .* under truth/.test(text)),
  `120 simulated readers: ${simulated.texts[0]}`,
);

settings.survey.quota = 200;
await writeFile(join(folder, "study.yaml"), stringify(settings));

// 2. The survey itself. The clock can be moved on, so that places of people who left expire.
let hours = 0;
const effects = quietEffects({ now: () => Date.now() + hours * 3_600_000 });
const study = await openStudy(folder);
const survey = await startSurvey(study, { port: 0, host: "127.0.0.1" }, effects);
const random = randomFrom("experiment");

const arrive = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const client = new TestClient(survey.url);
      const { text } = await client.get("/");
      const { status, location } = await client.post("/consent", hiddenFields(text));
      if (status !== 303) throw new Error(`consent: ${status} ${location}`);
      return client;
    }),
  );

/** Answers every question: four of five times what the page says about the story, else a guess. */
const answerOf = (page: string): string => {
  if (page.includes("move you")) return String(random.integer(1, 5));
  const [, told] = /Written by a (person|machine)/.exec(page) ?? [];
  const believed = told !== undefined && random.next() < 0.8;
  return believed ? (told === "person" ? "human" : "machine") : random.next() < 0.5 ? "human" : "machine";
};

async function finish(client: TestClient): Promise<void> {
  for (let position = 1; ; position++) {
    const { status, location, text } = await client.get(`/q/${position}`);
    if (status === 303 && location === "/thanks") return;
    if (status >= 400) throw new Error(`question ${position}: ${status}`);
    if (status !== 200) continue;
    const reply = await client.post(`/q/${position}`, { ...hiddenFields(text), answer: answerOf(text) });
    if (reply.location === "/thanks") return;
  }
}

const spreadOf = (rows: readonly Readonly<Record<string, string>>[]) => {
  const counts = ["nothing", "truth", "opposite"].map(
    (name) => rows.filter(({ condition }) => condition === name).length,
  );
  return { counts: counts.join(", "), spread: Math.max(...counts) - Math.min(...counts) };
};
const people = () => readTable(join(folder, "judgments/participants.csv"));
/** The table of participants, once the survey has exported this many; fails after a minute. */
async function exported(wanted: number) {
  for (let tries = 0; tries < 120; tries++) {
    const rows = await people().catch(() => []);
    if (rows.length === wanted) return rows;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(
    `${(await people().catch(() => [])).length} of ${wanted} participants; ${effects.logged.join("; ")}`,
  );
}

const first = await arrive(200);
const told = await Promise.all(
  first.map(async (client) => (await client.get("/q/1")).text.includes("Written by")),
);
const leaving = new Set([
  ...first.filter((_, at) => told[at]).slice(0, 45),
  ...first.filter((_, at) => !told[at]).slice(0, 15),
]);
await Promise.all(first.filter((client) => !leaving.has(client)).map(finish));
// Participants are exported with the first answers.
const placed = spreadOf(await exported(200));
check(placed.spread <= 1, `200 arrivals at once: ${placed.counts} in the conditions`);
hours += 2;
await Promise.all((await arrive(54)).map(finish));

const browser = await launchBrowser();
for (let reader = 0; reader < 6; reader++) {
  const context = await browser.newContext({
    javaScriptEnabled: reader % 2 === 0,
    ...(reader > 2 && { viewport: { width: 390, height: 844 } }),
  });
  const page = await context.newPage();
  await page.goto(survey.url);
  await page.click("form button");
  await page.waitForURL(/instructions$/);
  await page.click("a.button");
  for (;;) {
    await page.waitForURL(/\/(q\/\d+|thanks)$/);
    if (page.url().endsWith("/thanks")) break;
    const before = page.url();
    await page.locator(`label:has(input[name="answer"][value="${answerOf(await page.content())}"])`).click();
    await page.click("form.question button");
    await page.waitForURL((url) => String(url) !== before);
  }
  const end = await page.textContent("main");
  check(
    end!.includes("Some of what we said about the authors was not true."),
    `reader ${reader + 1} in Chromium is debriefed`,
  );
  await context.close();
}
await browser.close();
await survey.close();

const completed = (await people()).filter(({ completed: at }) => at !== "");
const done = spreadOf(completed);
check(completed.length === 200, `${completed.length} of 200 have completed`);
check(done.spread <= 1, `completions: ${done.counts} in the conditions`);
const judgments = await readJudgments(study);
check(
  judgments.filter(({ task }) => taskNamed(task)?.asksOrigin).length === 1200,
  `${judgments.length} answers stored`,
);
const { texts, report } = await reportOf(folder);
check(
  texts.some((text) => /d′ is .* higher under truth than under nothing/.test(text)),
  texts[0]!,
);
check(
  texts.some((text) => /d′ is .* lower under opposite than under nothing/.test(text)),
  texts[1]!,
);
check(
  report.includes("lower under opposite than under nothing") && report.includes("Deception: in opposite"),
  "the report has the interaction and names the deception",
);
console.log(failures.length === 0 ? `all checks passed in ${seconds()}` : `${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
