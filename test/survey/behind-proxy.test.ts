import { request as ask, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { tinylove } from "./command.ts";
import { control, fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(shape: Parameters<typeof fixture>[0] = {}) {
  const effects = quietEffects();
  const built = await fixture({ forms: 1, stories: 2, ...shape });
  const survey = await served(built.study, effects);
  ends.push(built.remove, survey.close);
  return { ...built, ...survey, effects };
}

/** A proxy on a host with other pages; the survey is below `path`. */
async function hostWith(path: string, upstream: string, { strips }: { strips: boolean }): Promise<string> {
  const strays: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? "/";
    if (!url.startsWith(path)) {
      strays.push(url);
      return void outgoing.writeHead(418).end("somebody else's page");
    }
    const { hostname, port } = new URL(upstream);
    const inside = strips ? url.slice(path.length) || "/" : url;
    const { method, headers } = incoming;
    const passed = ask({ hostname, port, path: inside, method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    // No request of the survey was outside its path.
    expect(strays).toEqual([]);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
}

describe("below a path of its host,", () => {
  const survey = { path: "/reading/one", recruiting: { service: "prolific" as const }, feedback: true };

  test.each([
    ["a proxy that takes the path off", true],
    ["a proxy that leaves it", false],
  ])("every link, form, redirect and file works, behind %s", async (_, strips) => {
    const { url, token, rehearsal } = await open({ survey });
    const host = await hostWith("/reading/one", new URL(url).origin, { strips });
    const participant = new TestClient(host);
    const rehearse = new URL(rehearsal).pathname.slice("/reading/one".length);
    const wanted = new Map<string, TestClient>([
      ["/", participant],
      [rehearse, new TestClient(host)],
    ]);
    const seen = new Set<string>();
    // Every address on every page is requested, by following links.
    for (const [path, by] of wanted) {
      seen.add(path);
      const { text, location, status } = await by.get(path);
      expect([path, status]).toEqual([path, location ? 303 : 200]);
      const found = [...text.matchAll(/ (href|src|action|data-live)="([^"#]+)"/g)].map(
        ([, name, address]) => ({
          follow: name !== "action",
          address: address!,
        }),
      );
      for (const { address, follow } of [
        ...found,
        ...(location ? [{ address: location, follow: true }] : []),
      ]) {
        if (/^(https:|data:)/.test(address)) continue;
        expect([path, address]).toEqual([path, expect.stringMatching(/^\/reading\/one(\/|$)/)]);
        const inside = address.slice("/reading/one".length) || "/";
        if (follow && !seen.has(inside)) wanted.set(inside, wanted.get(inside) ?? by);
      }
      if (path === "/") {
        const reply = await participant.post("/consent", hiddenFields(text));
        expect(reply.location).toBe("/reading/one/instructions");
        wanted.set("/instructions", participant);
      }
    }
    expect(seen.size).toBeGreaterThan(8);
    const first = await participant.get("/q/1");
    const told = await participant.post(
      "/q/1",
      { ...hiddenFields(first.text), answer: "human" },
      { accept: "application/json" },
    );
    expect(JSON.parse(told.text)).toEqual({ next: "/reading/one/q/2" });
    const cookies = (await new TestClient(host).get("/")).headers.getSetCookie();
    expect(cookies.join()).toContain("Path=/reading/one");
    // Invitations and the first line of `serve` have the path too.
    const invited = await (await control({ url, token }, "invitations", { count: "1" })).json();
    expect(invited).toEqual([expect.stringMatching(/^\/\?invitation=/)]);
    expect(url).toMatch(/\/reading\/one$/);
  });

  test("a backup and a withdrawal reach the running survey", async () => {
    const { study } = await open({ survey });
    expect((await tinylove(study, ["backup", study.path("copy.sqlite")])).code).toBe(0);
    expect((await tinylove(study, ["withdraw", "nobody"])).output).toContain("no participant nobody");
  });

  const found = chromiumPath();
  if (!found) console.warn(withoutChromium);
  describe.skipIf(!found)("in Chromium,", () => {
    let browser: SharedBrowser;
    beforeAll(async () => {
      browser = await sharedBrowser();
    });
    afterAll(() => browser?.close());

    test("two surveys on one host do not share answers or places", async () => {
      const [one, other] = [
        await open({ survey: { path: "/one" } }),
        await open({ forms: 2, survey: { path: "/other" } }),
      ];
      const hosts = [one, other].map(({ url }) => new URL(url));
      const server = createServer((incoming, outgoing) => {
        const { port } = hosts.find(({ pathname }) => incoming.url!.startsWith(pathname))!;
        const { url, method, headers } = incoming;
        const passed = ask({ hostname: "127.0.0.1", port, path: url, method, headers }, (reply) => {
          outgoing.writeHead(reply.statusCode!, reply.headers);
          reply.pipe(outgoing);
        });
        passed.on("error", () => outgoing.destroy());
        incoming.pipe(passed);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const context = await browser.newContext();
      ends.push(async () => {
        await context.close();
        server.closeAllConnections();
        server.close();
      });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      for (const path of ["/one", "/other"]) {
        await page.goto(host + path);
        await page.getByRole("button", { name: "I have read this" }).click();
        await page.getByRole("link", { name: "Begin" }).click();
        for (const position of [1, 2]) {
          await page.waitForURL(`${host}${path}/q/${position}`);
          await page.getByLabel("A person", { exact: true }).check();
          // An unsent answer of the first survey waits for that survey.
          if (path === "/one" && position === 2) await context.setOffline(true);
          await page.getByRole("button", { name: /Next|Finish/ }).click();
        }
        if (path === "/one") {
          await page.getByText("There is no connection").waitFor();
          await page.goto("about:blank");
          await context.setOffline(false);
        } else await page.waitForURL(`${host}/other/thanks`);
      }
      await page.goto(`${host}/one`);
      await page.waitForURL(`${host}/one/thanks`);
      for (const { study, close } of [one, other]) {
        await close();
        expect(await readJudgments(study)).toHaveLength(2);
      }
    });
  });
});

describe("the limit on requests", () => {
  const ask = (url: string, headers: Record<string, string>) => fetch(url, { headers, redirect: "manual" });
  const statuses = async (url: string, count: number, headers: (at: number) => Record<string, string>) => {
    const found = [];
    for (let at = 0; at < count; at++) found.push((await ask(url, headers(at))).status);
    return found;
  };

  test.each<[string, (address: string) => Record<string, string>]>([
    ["X-Forwarded-For", (address) => ({ "x-forwarded-for": address })],
    ["X-Real-IP", (address) => ({ "x-real-ip": address })],
    ["Forwarded", (address) => ({ forwarded: `for=${address};proto=https` })],
    ["Forwarded, of several proxies", (address) => ({ forwarded: `for=198.51.100.9, for="${address}"` })],
  ])("is per address from the proxy's header %s", async (_, header) => {
    const { url, effects } = await open({ survey: { proxy: true, rate: 3 } });
    const of = (address: string) => statuses(url, 4, () => header(address));
    expect(await of("203.0.113.7")).toEqual([200, 200, 200, 429]);
    expect(await of("203.0.113.8")).toEqual([200, 200, 200, 429]);
    expect(effects.logged.join()).not.toContain("does not send the client's address");
  });

  test("is per browser if the proxy sends no address, with one warning", async () => {
    const { url, effects } = await open({ survey: { proxy: true, rate: 3 } });
    const browser = (letter: string) => ({ cookie: `__Host-participant=${letter.repeat(26)}` });
    expect(await statuses(url, 4, () => browser("a"))).toEqual([200, 200, 200, 429]);
    expect(await statuses(url, 4, () => browser("b"))).toEqual([200, 200, 200, 429]);
    expect(await statuses(url, 4, () => ({}))).toEqual([200, 200, 200, 429]);
    expect(effects.logged.filter((line) => line.includes("does not send the client's address"))).toHaveLength(
      1,
    );
  });

  test("ignores the header without a proxy", async () => {
    const { url } = await open({ survey: { rate: 3 } });
    const all = await statuses(url, 4, (at) => ({
      "x-forwarded-for": `203.0.113.${at}`,
      "x-real-ip": `203.0.113.${at}`,
    }));
    expect(all).toEqual([200, 200, 200, 429]);
  });
});
