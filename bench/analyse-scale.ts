/**
 * Time and memory of all analyses of a table of 100,000 judgments (5,000 readers, 300 stories) with titles shared by human and
 * machine stories, order, confidence and times. Limits: 120 s of processor time and 1 GB of memory; above 100,000 judgments,
 * where the mixed models are fitted only on request, 60 s and 500 MB. Exits with 1 above them.
 *
 *     npm run bench -- analyse-scale [judgments] [readers] [stories]
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyses } from "../src/analyse/analyses.ts";
import { applies } from "../src/analyse/analysis.ts";
import { withoutExcluded } from "../src/analyse/exclusions.ts";
import { dataOfTable } from "../src/analyse/from-table.ts";
import { randomFrom } from "../src/stats/random.ts";
import { defaultSpread, simulateStudy } from "../src/stats/simulate-study.ts";
import { AnalyseSettings } from "../src/study/settings/analyse.ts";

const [, program, part] = process.argv;
if (part === "analyse") await analyseTable(process.argv[3]!, Number(process.argv[4]));
else await writeAndAnalyse(process.argv.slice(2).map(Number));

/** The table is analysed in a process of its own, whose memory is that of the analyses alone. */
async function writeAndAnalyse([
  judgments = 100_000,
  readers = 5_000,
  stories = 300,
]: readonly number[]): Promise<void> {
  const plan = { readers, stories, each: judgments / readers, variances: defaultSpread };
  const study = simulateStudy(plan, randomFrom("bench", "analyse"));
  const file = join(await mkdtemp(join(tmpdir(), "tinylove-bench-")), "judgments.csv");
  const draw = randomFrom("bench", "further columns");
  const rows = Array.from(study.correct, (right, at) => {
    const origin = study.origins[at]!;
    const other = origin === "human" ? "machine" : "human";
    const story = Number(study.stories[at]);
    const further = [
      `title-${story % (stories / 2)}`,
      1 + (at % plan.each),
      draw.integer(1, 3),
      draw.integer(3000, 60_000),
    ];
    return `reader-${study.readers[at]},story-${story},${origin},${right ? origin : other},${further.join(",")}`;
  });
  await writeFile(
    file,
    `participant,stimulus,origin,response,title,order,confidence,ms\n${rows.join("\n")}\n`,
  );
  const { status } = spawnSync(process.execPath, [program!, "analyse", file, String(judgments)], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}

async function analyseTable(file: string, judgments: number): Promise<void> {
  let before = process.cpuUsage();
  let total = 0;
  const lap = (what: string) => {
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    total += seconds;
    process.stdout.write(`${what.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s of processor\n`);
    before = process.cpuUsage();
  };
  const data = withoutExcluded(
    (await dataOfTable(file, { map: {}, values: new Map() }, AnalyseSettings.parse({}))).data,
  );
  lap("read");
  for (const analysis of analyses.filter((one) => applies(one, data))) {
    analysis.run(data, randomFrom("bench", analysis.name));
    lap(analysis.name);
  }
  const memory = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `${judgments} judgments: ${total.toFixed(1)} s of processor, ${memory.toFixed(0)} MB at the peak\n`,
  );
  const limits = judgments > 100_000 ? { seconds: 60, megabytes: 500 } : { seconds: 120, megabytes: 1024 };
  if (total > limits.seconds || memory > limits.megabytes) {
    process.stderr.write(`beyond the limit of ${limits.seconds} s of processor and ${limits.megabytes} MB\n`);
    process.exitCode = 1;
  }
}
