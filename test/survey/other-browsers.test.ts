import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { type OtherBrowser, otherBrowsers } from "../helpers/other-browsers.ts";
import { fixture, served } from "./fixture.ts";

const demographics = [
  { name: "age", ask: "How old are you?", number: true, required: true },
  { name: "reads", ask: "How often do you read stories?", options: ["daily", "never"], required: true },
];

for (const { name, missing, launch } of otherBrowsers) {
  if (missing) console.warn(missing);
  describe.skipIf(missing !== undefined)(`in ${name}`, () => {
    let browser: OtherBrowser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());

    const arrived = (place: RegExp) =>
      expect.poll(() => browser.address(), { timeout: 30_000, interval: 100 }).toMatch(place);

    test("a participant completes the survey with every kind of question, and withdraws", async () => {
      const { study, remove } = await fixture({
        forms: 1,
        stories: 4,
        tasks: [
          { task: "which-is-human", stimuli: 2 },
          { task: "how-it-felt", stimuli: 1 },
          { task: "fits-its-title", stimuli: 1 },
          { task: "attention-check", stimuli: 0 },
          { task: "free-text", stimuli: 0 },
          { task: "demographics", stimuli: 0 },
        ],
        survey: { demographics, recruiting: { service: "prolific", codes: { complete: "DONE1" } } },
      });
      const survey = await served(study);
      const has = async (selector: string) =>
        Boolean(await browser.value(`document.querySelector(${JSON.stringify(selector)}) !== null`));
      await browser.go(`${survey.url}/?PROLIFIC_PID=a-reader&STUDY_ID=s&SESSION_ID=v`);
      await browser.click("form button");
      await arrived(/\/instructions$/);
      await browser.click("a.button");
      // Three questions are about one story, on one page.
      for (let position = 1; position <= 8; position++) {
        await arrived(new RegExp(`/q/${position}$`));
        // Selects by the first letters of the label, as users do.
        const names = JSON.parse(
          String(
            await browser.value(
              "JSON.stringify([...new Set([...document.querySelectorAll('form.question input[type=radio][required]')].map((input) => input.name))])",
            ),
          ),
        ) as string[];
        for (const one of names) await browser.click(`label:has(> input[name="${one}"])`);
        if (await has("input[name=age]")) await browser.type("input[name=age]", "41");
        if (await has("textarea")) await browser.type("textarea", "It ended too well.");
        await browser.click("form.question button");
      }
      await arrived(/\/thanks$/);
      expect(await browser.value("document.body.innerText")).toContain("DONE1");
      // Another person in this browser is another participant.
      await browser.go(`${survey.url}/?PROLIFIC_PID=another`);
      expect(await browser.value("document.querySelector('form').getAttribute('action')")).toBe("/consent");
      await browser.go(`${survey.url}/?PROLIFIC_PID=a-reader`);
      await arrived(/\/thanks$/);
      await survey.close();
      const judgments = await readJudgments(study);
      expect(judgments).toHaveLength(10);
      expect(new Set(judgments.map(({ question }) => question)).size).toBe(10);
      const demographic = judgments.find(({ task }) => task === "demographics")!;
      expect(demographic.response).toMatchObject({ age: "41", reads: "daily" });
      expect(judgments.find(({ task }) => task === "free-text")!.response.answer).toBe("It ended too well.");
      // The script measured each page.
      expect(judgments.every(({ ms }) => ms !== undefined && ms < 60_000)).toBe(true);

      const again = await served(study);
      await browser.go(`${again.url}/?PROLIFIC_PID=a-reader`);
      await arrived(/\/thanks$/);
      await browser.click("a[href^='/my/']");
      await arrived(/\/my\//);
      await browser.click("details.withdraw summary");
      await browser.click("form[action$='/withdraw'] button");
      await expect
        .poll(() => browser.value("document.body.innerText"), { timeout: 30_000 })
        .toContain("Deleted");
      await again.close();
      expect(await readJudgments(study)).toEqual([]);
      await remove();
    });
  });
}
