import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { exists } from "../../src/workbench/files.ts";
import { chromiumPath } from "../helpers/browser.ts";
import { builtProgram } from "../helpers/built.ts";
import { temporaryFolder } from "../helpers/world.ts";
import type { PostFixture } from "./posts.ts";
import { TestNewspaper } from "./test-newspaper.ts";

let driver = "";

/** The built program in its own folder, as a process that can be killed. */
beforeAll(async () => {
  if (!chromiumPath()) return;
  const folder = dirname(dirname(await builtProgram()));
  driver = join(folder, "crawl.mjs");
  const part = (file: string) => JSON.stringify(pathToFileURL(join(folder, "dist", file)).href);
  await writeFile(
    driver,
    `import { collect } from ${part("collect/collect.js")};
     import { CollectOptions } from ${part("collect/options.js")};
     import { worldEffects } from ${part("workbench/effects.js")};
     import { runStage } from ${part("workbench/manifest.js")};
     import { openStudy } from ${part("workbench/study.js")};
     const options = CollectOptions.parse({ acknowledgeTerms: true });
     await runStage(collect, await openStudy(process.argv[2]), options, worldEffects(new AbortController().signal));`,
  );
});

/** Posts of three stories each, without a common sentence. */
function manyPosts(count: number): PostFixture[] {
  const random = randomFrom("posts that are killed");
  const words =
    "lamp river coat letter bread window winter train apple garden bridge stair violin salt ladder".split(
      " ",
    );
  const sentence = () => `The ${Array.from({ length: 12 }, () => random.pick(words)).join(" ")} stayed.`;
  return Array.from({ length: count }, (_, post) => {
    const date = `2020-${String(1 + Math.floor(post / 4)).padStart(2, "0")}-${10 + (post % 4) * 5}`;
    return {
      path: `/2020/01/01/style/tiny-love-stories-${post}.html`,
      headline: `Tiny Love Stories: ‘Number ${post}’`,
      date,
      stories: Array.from({ length: 3 }, (_, at) => ({
        title: `Story ${post}.${at}`,
        paragraphs: [`${sentence()} ${sentence()}`],
        author: "Ann Lee",
      })),
    };
  });
}

async function newStudy(): Promise<string> {
  const folder = join(await temporaryFolder(), "study");
  await mkdir(folder);
  await writeFile(join(folder, "study.yaml"), "name: killed\ncorpus:\n  source: nyt\n");
  return folder;
}

function start(folder: string, newspaper: TestNewspaper): ChildProcess & { said: string } {
  const child = spawn(process.execPath, [driver, folder], {
    env: newspaper.environment as NodeJS.ProcessEnv,
  });
  const talking = Object.assign(child, { said: "" });
  child.stderr?.on("data", (chunk) => {
    talking.said += chunk;
  });
  return talking;
}

async function finish(folder: string, newspaper: TestNewspaper): Promise<string> {
  const child = start(folder, newspaper);
  const [code] = await once(child, "exit");
  expect(code, child.said).toBe(0);
  const stories = await readFile(join(folder, "corpus/stories.jsonl"), "utf8");
  return stories.replaceAll(new URL(newspaper.address).host, "the test server");
}

/** Resolves when the test server has seen a request for a post since `before`, or when the program has ended. */
async function untilPage(newspaper: TestNewspaper, before: number, exit: Promise<unknown>): Promise<void> {
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  while (!ended && !newspaper.seen.slice(before).some(({ path }) => path !== "/robots.txt")) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test.skipIf(!chromiumPath())(
  "killed at ten random moments, a crawl ends with the same corpus and fetches again only what was in flight",
  { timeout: 900_000 },
  async () => {
    expect(await exists(driver)).toBe(true);
    const posts = manyPosts(30);
    await using whole = await TestNewspaper.open({ posts });
    const expected = await finish(await newStudy(), whole);
    expect(whole.visits().size).toBe(30);

    await using newspaper = await TestNewspaper.open({ posts, delay: 120 });
    const folder = await newStudy();
    const random = randomFrom("ten random moments");
    const inFlight: string[] = [];
    let kills = 0;
    while (kills < 10) {
      const before = newspaper.seen.length;
      const child = start(folder, newspaper);
      const exit = once(child, "exit");
      // Every other kill comes after a page was requested, so that pages are interrupted on a slow machine too.
      if (kills % 2 === 1) await untilPage(newspaper, before, exit);
      await new Promise((resolve) => setTimeout(resolve, random.next() * (kills % 2 === 1 ? 700 : 2000)));
      child.kill("SIGKILL");
      await exit;
      if (child.exitCode === 0) break;
      kills += 1;
      const last = newspaper.seen.slice(before).at(-1)?.path;
      if (last) inFlight.push(last);
    }
    expect(kills).toBe(10);
    expect(inFlight.some((path) => path !== "/robots.txt")).toBe(true);
    expect(await finish(folder, newspaper)).toBe(expected);

    for (const [path, visits] of newspaper.visits()) {
      expect(visits, path).toBeLessThanOrEqual(1 + inFlight.filter((other) => other === path).length);
    }
    expect(newspaper.visits().size).toBe(30);
    expect(newspaper.mostAtOnce).toBe(1);
  },
);
