import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext } from "playwright-core";
import { z } from "zod";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { openWindow } from "./crawl/browser.ts";
import { type Cookie, storeCookies } from "./crawl/cookies.ts";
import { domainOf, endpointsOf } from "./crawl/endpoints.ts";

/** The browser profile with the login; private. */
export const profileFolder = "collected/profile";

/** `tinylove login`: opens a window in which the user logs in to the newspaper; `collect` uses its cookies. */
export const login = command({
  name: "login",
  examples: ["tinylove login --study my-study"],
  options: z.object({}),
  async run(folder, _, effects) {
    const study = await openStudy(folder);
    const { site } = endpointsOf(effects.env, study.config.corpus.nyt.secondsBetweenPages);
    await mkdir(study.path(profileFolder), { recursive: true, mode: 0o700 });
    const context = await openWindow(study.path(profileFolder), effects.env);
    effects.log(`log in to ${site.host} in the window, then close the window`);
    const [page] = context.pages();
    await (page ?? (await context.newPage())).goto(site.href).catch(() => undefined);
    await keepLogin(context, study, domainOf(site), effects);
  },
});

/** Waits until the window is closed, then stores its last cookies of one domain. */
export async function keepLogin(
  context: BrowserContext,
  study: Study,
  domain: string,
  effects: Effects,
): Promise<void> {
  let last: Cookie[] = [];
  let closed = false;
  context.once("close", () => {
    closed = true;
  });
  while (!closed) {
    if (effects.signal.aborted) await context.close();
    // If the window closes during this call, the previous cookies count.
    last = await context.cookies().catch(() => last);
    if (context.pages().length === 0) await context.close().catch(() => undefined);
    await sleep(250);
  }
  effects.signal.throwIfAborted();
  const own = await storeCookies(study, domain, last);
  if (own === 0) {
    throw new StudyError(`the window was closed before a login at ${domain}`, {
      hint: "log in, wait for the front page, then close the window",
    });
  }
  effects.log(`stored ${own} cookies of ${domain}; \`tinylove collect --source nyt\` uses them`);
}
