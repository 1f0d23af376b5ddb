/**
 * Error rates and power of the analyses of influence and dose response. Simulated factorials (1,000 without a planted
 * effect, or the number given, and a fifth of that per row with one) in which titles always have an effect and examples a
 * planted one: how often each analysis claims an effect of the example at alpha 5 %, and its mean estimate. Then as many
 * studies of a level, with random effects of texts, titles and readers, compared with the rank correlation that treats
 * ratings as independent. Each row of these is printed when it is ready. Exits with 1 if false claims are significantly
 * above 6 %.
 *
 *     npm run bench -- influence-calibration [factorials] [leaks|titles|levels]
 */
import { doseResponse } from "../src/analyse/analyses/dose-response.ts";
import { spearman } from "../src/stats/correlation.ts";
import { randomFrom } from "../src/stats/random.ts";
import { asking, claimsIn, dosed, type Obeys } from "../test/analyse/doses.ts";
import { codesAndTone, factorialOf, foundIn, type Planted } from "../test/influence/factorials.ts";

const many = Number(process.argv[2] ?? 1000);
const few = Math.ceil(many / 5);
const part = process.argv[3];
const alpha = 0.05;
const limit = 0.06;
const missed: string[] = [];

const share = (hits: number, count: number): number => Math.round((1000 * hits) / count) / 1000;

/** Whether a share is significantly above the limit. */
function held(what: string, rate: number): void {
  const error = Math.sqrt((alpha * (1 - alpha)) / many);
  if (rate > Math.max(limit, alpha + 2.6 * error)) missed.push(`${what}: ${rate}`);
}

const size = { titles: 6, examples: 6, draws: 2, permutations: 199 };

function leaks(planted: Planted, count = few) {
  const hits = {
    any: 0,
    words: 0,
    topics: 0,
    phrases: 0,
    tone: 0,
    meaning: 0,
    clusters: 0,
    codes: 0,
    code: 0,
    slope: 0,
  };
  let [excess, slope, covered] = [0, 0, 0];
  for (let seed = 0; seed < count; seed++) {
    const { leak, codes, anyCode, tone } = foundIn(factorialOf(planted, `bench ${seed}`, size));
    if (Object.values(leak).some(({ corrected }) => corrected <= alpha)) hits.any++;
    for (const [name, { p }] of Object.entries(leak)) if (p <= alpha) hits[name as keyof typeof hits]++;
    const carries = codes.example.corrected <= alpha;
    if (carries) hits.codes++;
    if (carries && anyCode <= alpha) hits.code++;
    if (tone.corrected.example <= alpha) hits.slope++;
    excess += codes.example.excess.estimate / count;
    slope += tone.example.estimate / count;
    const { low, high } = codes.example.excess.interval;
    // Examples whose codes are drawn from three differ in two of three pairs.
    if (low <= (planted.codes ?? 0) * (2 / 3) && high >= (planted.codes ?? 0) * (2 / 3)) covered++;
  }
  return {
    ...sharesOf(hits, count),
    "codes: mean excess": Number(excess.toFixed(3)),
    "in its interval": share(covered, count),
    "tone: mean slope": Number(slope.toFixed(3)),
  };
}

const sharesOf = <Name extends string>(hits: Record<Name, number>, count: number) =>
  Object.fromEntries(
    Object.entries<number>(hits).map(([name, value]) => [name, share(value, count)]),
  ) as Record<Name, number>;

function allLeaks(): void {
  const none = leaks({}, many);
  // Examples that make texts sad or glad regardless of their own tone, so that tone does not carry over.
  const peculiar = leaks({ peculiar: 1 }, many);
  held("peculiar examples, slope", peculiar.slope);
  for (const name of [
    "any",
    "words",
    "topics",
    "phrases",
    "tone",
    "meaning",
    "clusters",
    "codes",
    "slope",
  ] as const)
    held(`no leak, ${name}`, none[name]);
  console.log(
    `\n${many} factorials of 6 titles x 6 examples x 2 draws (${few} where something leaks): share with a claim of the example`,
  );
  console.table({
    "nothing planted": none,
    "peculiar examples": peculiar,
    "words .10": leaks({ words: 0.1 }),
    "words .25": leaks({ words: 0.25 }),
    "codes .25": leaks({ codes: 0.25 }),
    "codes .50": leaks({ codes: 0.5 }),
    "tone .40": leaks({ tone: 0.4 }),
    "tone .80": leaks({ tone: 0.8 }),
    "meaning .30": leaks({ meaning: 0.3 }),
    "meaning .50": leaks({ meaning: 0.5 }),
  });
}
if (part === undefined || part === "leaks") allLeaks();

/**
 * p at most 5 %, uncorrected, of what texts follow besides the example: their title, where it has no effect, and one more
 * than the other, where neither has an effect, or both have the same. Single codes are corrected among themselves.
 */
function allTitles(): void {
  const rows = {
    "no title, no example": { titles: 0 },
    "no title, example .33": { titles: 0, codes: 1 / 3, tone: 1 / 3 },
    "title and example .25": { codes: 0.25, tone: 0.25 },
  };
  const table: Record<string, object> = {};
  for (const [name, planted] of Object.entries(rows)) {
    const hits = {
      "codes: title": 0,
      "tone: title": 0,
      "codes: difference": 0,
      "tone: difference": 0,
      "any single code": 0,
    };
    for (let seed = 0; seed < many; seed++) {
      const { codes, tone, anyCode } = codesAndTone(factorialOf(planted, `titles ${seed}`, size));
      if (codes.title.p <= alpha) hits["codes: title"]++;
      if (codes["example less title"].p <= alpha) hits["codes: difference"]++;
      if (tone.title.p <= alpha) hits["tone: title"]++;
      if (tone.difference.p <= alpha) hits["tone: difference"]++;
      if (anyCode <= alpha) hits["any single code"]++;
    }
    const found = sharesOf(hits, many);
    table[name] = found;
    const isNull = (of: string) =>
      of.endsWith("difference")
        ? name !== "no title, example .33"
        : of.endsWith("title")
          ? name.startsWith("no title")
          : name.endsWith("no example");
    for (const [of, rate] of Object.entries(found)) if (isNull(of)) held(`${name}, ${of}`, rate);
  }
  console.log(`\n${many} factorials: share with p at most ${alpha}, uncorrected`);
  console.table(table);
}
if (part === undefined || part === "titles") allTitles();

function doses(obeys: Obeys, count = few) {
  const hits = { words: 0, moved: 0, named: 0, any: 0, "ratings as independent": 0 };
  for (let seed = 0; seed < count; seed++) {
    const data = dosed(obeys, `bench ${seed}`);
    const claims = claimsIn(doseResponse.run(data, randomFrom("bench", seed)).numbers);
    for (const [name, claim] of Object.entries(claims)) if (claim !== 0) hits[name as "words"]++;
    if (Object.values(claims).some((claim) => claim !== 0)) hits.any++;
    const level = ({ stimulus }: { stimulus: string }) =>
      Number(data.study!.generationOf.get(stimulus)!.split("/")[1]);
    const naive = spearman(
      data.ratings.map(level),
      data.ratings.map(({ rating }) => rating),
    );
    if ((naive?.p ?? 1) <= alpha) hits["ratings as independent"]++;
  }
  return sharesOf(hits, count);
}

function allLevels(): void {
  const idle = {
    "20 titles, 20 readers": { readers: 20 },
    "10 titles, 60 readers": { readers: 60, titles: 10 },
  };
  const rows: Record<string, object> = {};
  const row = (name: string, obeys: Obeys, count?: number) => {
    const found = doses(obeys, count);
    rows[name] = found;
    console.log(`${name}: ${JSON.stringify(found)}`);
    return found;
  };
  for (const [name, plan] of Object.entries(idle)) {
    const found = row(`no level, ${name}`, plan, many);
    for (const outcome of ["words", "moved", "named", "any"] as const)
      held(`no level, ${name}, ${outcome}`, found[outcome]);
  }
  row("moved .4", { moved: 0.4, readers: 20 });
  row("moved .4, 30 titles", { moved: 0.4, readers: 20, titles: 30 });
  row("moved .4, 60 readers", { moved: 0.4, readers: 60 });
  row("named .8", { named: 0.8, readers: 20 });
  row("words .3, best of 8", { words: 0.3, readers: 20, redraws: "best of" });
  row("words .3", { words: 0.3, readers: 20 });
  for (const redraws of ["best of", "far"] as const) {
    const found = row(`no level, drawn again: ${redraws}`, { readers: 20, redraws }, many);
    held(`no level, drawn again: ${redraws}`, found.any);
  }
  console.log(`\n${many} studies of a wanted level (${few} where there is one): share with a claim`);
  console.table(rows);

  /** How often controls "can be set" or "work against themselves". */
  function verdicts(control: Parameters<typeof asking>[0], share: number, count: number) {
    let [set, against] = [0, 0];
    for (let seed = 0; seed < count; seed++) {
      const { numbers } = doseResponse.run(
        asking(control, share, `bench ${seed}`),
        randomFrom("bench", seed),
      );
      const [verdict] = Object.values(numbers["verdicts"] as Record<string, string>);
      if (verdict === "can be set") set++;
      if (verdict === "works against itself") against++;
    }
    return { "can be set": set / count, "works against itself": against / count };
  }

  const asked: Record<string, ReturnType<typeof verdicts>> = {};
  for (const control of ["dialogue", "kind", "tone", "setting"] as const) {
    const found = verdicts(control, 0, many);
    asked[`${control}, not followed`] = found;
    held(`${control}, not followed`, found["can be set"] + found["works against itself"]);
    asked[`${control}, a third of the texts follow`] = verdicts(control, 1 / 3, few);
  }
  console.log(`\n${many} studies of 20 titles (${few} where texts follow): share with a verdict`);
  console.table(asked);
}
if (part === undefined || part === "levels") allLevels();

for (const each of missed) console.error(`above ${limit}: ${each}`);
process.exit(missed.length > 0 ? 1 : 0);
