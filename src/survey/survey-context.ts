import type { FastifyReply } from "fastify";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import type { PageContext } from "./page.ts";
import type { Store } from "./store/store.ts";
import type { StudyMaterials } from "./study-materials.ts";

/** What the routes work with. */
export interface SurveyContext {
  readonly study: Study;
  readonly materials: StudyMaterials;
  readonly store: Store;
  readonly pageContext: PageContext;
  /** What every address of the site begins with: `survey.path`. */
  readonly base: string;
  readonly effects: Effects;
  /** The key of every seal; it never leaves the server. */
  readonly sealKey: string;
  /** Origins by stimulus, only where participants may learn their own score. */
  readonly origins: ReadonlyMap<string, "human" | "machine"> | undefined;
  /** What opens the dashboard. */
  readonly token: string;
  /** Where the dashboard's script lies. */
  readonly dashboardScript: string;
  /** A copy of the store as one file, safe while it is written to. */
  backup(): Promise<Buffer>;
  /** Called when a browser that is not known opens the survey. */
  onVisit(): void;
  /** Called after an answer has been stored. */
  onAnswer(): void;
  /** Called after a withdrawal: what was told leaves the exported tables at once. */
  onWithdrawal(): Promise<void>;
  /** Resolves when it is written down in the study's folder that somebody looked at the results. */
  onLook(): Promise<void>;
}

/** Sends a page with its status. */
export const sendPage = (reply: FastifyReply, status: number, markup: string): FastifyReply =>
  reply.status(status).type("text/html; charset=utf-8").send(markup);
