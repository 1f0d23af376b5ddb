import { loadMembers, stages } from "../../src/stages.ts";
import type { Effects } from "../../src/workbench/effects.ts";
import { type OpenedWorkplace, openWorkplace } from "../../src/workplace/open.ts";
import { hiddenFields, quietEffects, TestClient } from "../survey/fixture.ts";

/** The researcher's pages of a study on a free port, and a logged-in researcher. */
export interface Opened extends OpenedWorkplace {
  /** A browser of the researcher; all share one session, because logins are rate-limited. */
  readonly client: () => TestClient;
  /** The CSRF token of the session. */
  readonly seal: () => Promise<string>;
}

export async function opened(
  folder: string,
  effects: Effects = quietEffects(),
  more: { readonly host?: string; readonly program?: string } = {},
): Promise<Opened> {
  const workplace = await openWorkplace(
    { folder, port: 0, stages: await loadMembers(stages), summaries: stages, ...more },
    effects,
  );
  const first = new TestClient(workplace.url);
  await first.post("/login", { token: workplace.token });
  const client = () => {
    const own = new TestClient(workplace.url);
    own.cookie = first.cookie;
    return own;
  };
  return {
    ...workplace,
    client,
    seal: async () => hiddenFields((await client().get("/coders")).text)["seal"]!,
  };
}
