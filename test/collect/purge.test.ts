import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { Journal } from "../../src/collect/crawl/journal.ts";
import { pageStore } from "../../src/collect/crawl/page-store.ts";
import { keepLogin, login } from "../../src/collect/login.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { purge } from "../../src/collect/purge.ts";
import { journalFile } from "../../src/collect/sources/nyt.ts";
import { readTable } from "../../src/tables/tables.ts";
import { sha256 } from "../../src/text/hash.ts";
import { readStories } from "../../src/workbench/artefacts.ts";
import { exists, filesUnder } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { chromiumPath } from "../helpers/browser.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";
import { pageOfPost, posts } from "./posts.ts";

async function put(study: Study, path: string, content: string) {
  await mkdir(dirname(study.path(path)), { recursive: true });
  await writeFile(study.path(path), content);
}

/** A study after a crawl, with files of later stages. */
async function collectedStudy(): Promise<Study> {
  const study = await temporaryStudy({ corpus: { source: "nyt" } });
  await writeFile(study.path("study.yaml"), "name: test\ncorpus:\n  source: nyt\n");
  const journal = new Journal(study.path(journalFile));
  const window = {
    query: "words",
    since: "2018-10-01",
    until: "2022-03-31",
    nextPage: 1,
    hits: 5,
    state: "done",
  } as const;
  const at = "2026-01-01T00:00:00Z";
  const addressOf = (path: string) => `https://www.nytimes.com${path}`;
  journal.addResults(
    window,
    posts.map(({ path, headline, date }) => ({ address: addressOf(path), headline, published: date })),
    at,
  );
  for (const post of posts) {
    const hash = await pageStore(study).store(addressOf(post.path), pageOfPost(post));
    journal.setState(addressOf(post.path), "fetched", at, { hash });
  }
  journal.close();
  await collect.run(study, CollectOptions.parse({ reparse: true }), quietEffects());
  const [first] = await readStories(study);
  await put(study, "collected/cookies.json", `{"domain":"nytimes.com","cookies":[]}`);
  await put(study, "stimuli/stimuli.jsonl", `{"text":${JSON.stringify(first!.text.slice(0, 120))}}\n`);
  await put(study, "judgments/judgments.csv", `reason\n"it says: ${first!.text.slice(0, 90)}"\n`);
  await put(study, "report/report.html", "<p>Nothing of them is here.</p>");
  return study;
}

async function wordsLeft(study: Study): Promise<string[]> {
  const files = await filesUnder(study.folder);
  const holding: string[] = [];
  for (const file of files) {
    const text = await readFile(file, "latin1");
    if (/ask whether the kettle was on/.test(text)) holding.push(file.slice(study.folder.length + 1));
  }
  return holding;
}

const run = async (study: Study, options: { all?: boolean; yes?: boolean }) => {
  const effects = quietEffects();
  await purge.run(study.folder, { all: false, yes: false, ...options }, effects);
  return effects;
};

test("without --yes it only lists what would be removed", async () => {
  const study = await collectedStudy();
  const before = await filesUnder(study.folder);
  const { printed } = await run(study, {});
  expect(printed).toContain("would remove corpus/stories.jsonl");
  expect(await filesUnder(study.folder)).toEqual(before);
});

test("texts, pages and login are removed; addresses and hashes stay; judgments are never touched", async () => {
  const study = await collectedStudy();
  const stories = await readStories(study);
  const { logged } = await run(study, { all: true, yes: true });
  expect(await wordsLeft(study)).toEqual(["judgments/judgments.csv"]);
  expect(logged).toEqual(["warning: judgments/judgments.csv contains parts of the texts and is kept"]);
  for (const gone of [
    "collected/pages",
    "collected/cookies.json",
    "collected/terms.json",
    "stimuli/stimuli.jsonl",
  ]) {
    expect(await exists(study.path(gone)), gone).toBe(false);
  }
  expect(await exists(study.path("report/report.html"))).toBe(true);

  const rows = await readTable(study.path("corpus/provenance.csv"));
  expect(rows.map(({ id, sha256 }) => [id, sha256])).toEqual(
    stories.map(({ id, text }) => [id, sha256(text)]),
  );
  expect(rows[0]!["address"]).toBe(`https://www.nytimes.com${posts[0]!.path}`);
  const journal = new Journal(study.path(journalFile));
  expect(
    journal.addresses().every(({ state, hash }) => state === "purged" && /^[0-9a-f]{64}$/.test(hash)),
  ).toBe(true);
  journal.close();
});

test("files of later stages are listed, and removed only with --all", async () => {
  const study = await collectedStudy();
  const { logged } = await run(study, { yes: true });
  expect(logged).toContain(
    "warning: stimuli/stimuli.jsonl contains parts of the texts and is kept (--all removes files that can be made again)",
  );
  expect(await exists(study.path("stimuli/stimuli.jsonl"))).toBe(true);
});

test("after a purge nothing is fetched before the terms are acknowledged again", async () => {
  const study = await collectedStudy();
  await run(study, { yes: true });
  await expect(collect.run(study, CollectOptions.parse({}), quietEffects())).rejects.toThrow(
    "not acknowledged",
  );
  await expect(collect.run(study, CollectOptions.parse({ reparse: true }), quietEffects())).rejects.toThrow(
    "the study has no stored pages",
  );
});

test("a study without texts has nothing to purge", async () => {
  const study = await temporaryStudy();
  await writeFile(study.path("study.yaml"), "name: test\n");
  await expect(run(study, { yes: true })).rejects.toThrow("the study has no collected texts");
});

test.skipIf(!chromiumPath() || process.env["DISPLAY"] || process.platform !== "linux")(
  "a login without a screen is told with the other way",
  async () => {
    const study = await temporaryStudy();
    await writeFile(study.path("study.yaml"), "name: test\n");
    await expect(login.run(study.folder, {}, quietEffects())).rejects.toMatchObject({
      message: "there is no screen for a browser window",
      hint: expect.stringContaining("--cookies FILE"),
    });
  },
);

test.skipIf(!chromiumPath())(
  "a login's cookies are stored when the window is closed, only those of the domain",
  async () => {
    const study = await temporaryStudy();
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const executablePath = chromiumPath()!;
    const context = await chromium.launchPersistentContext(study.path("profile"), { executablePath, args });
    const effects = quietEffects();
    const kept = keepLogin(context, study, "nytimes.com", effects);
    const cookie = { path: "/", expires: Math.round(Date.now() / 1000) + 3600 };
    await context.addCookies([
      { ...cookie, name: "NYT-S", value: "secret", domain: ".nytimes.com" },
      { ...cookie, name: "id", value: "foreign", domain: ".example.org" },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 800));
    await context.close();
    await kept;
    const file = await readFile(study.path("collected/cookies.json"), "utf8");
    expect(JSON.parse(file).cookies).toMatchObject([{ name: "NYT-S", value: "secret" }]);
    expect(effects.logged).toEqual([
      "stored 1 cookies of nytimes.com; `tinylove collect --source nyt` uses them",
    ]);
  },
);
