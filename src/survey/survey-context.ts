import type { FastifyReply } from "fastify";
import type { Origin } from "../stats/judgments.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import type { PageContext } from "./page.ts";
import type { Store } from "./store/store.ts";
import type { StudyMaterials } from "./study-materials.ts";

/** What the routes of the survey need. */
export interface SurveyContext {
  readonly study: Study;
  readonly materials: StudyMaterials;
  readonly store: Store;
  readonly pageContext: PageContext;
  /** The prefix of every address: `survey.path`. */
  readonly base: string;
  readonly effects: Effects;
  /** The key of all signatures and CSRF tokens; it never leaves the server. */
  readonly signingKey: string;
  /** Origins by stimulus; only if participants are shown their score or the authors after the last answer. */
  readonly origins: ReadonlyMap<string, Origin> | undefined;
  /** The token of the requests of other commands on this machine. */
  readonly token: string;
  /** A consistent copy of the store as one file. */
  backup(): Promise<Buffer>;
  /** Called when an unknown browser opens the survey. */
  onVisit(): void;
  /** Called after an answer has been stored. */
  onAnswer(): void;
  /** Called after a withdrawal; resolves when the answers have been removed from the exported tables. */
  onWithdrawal(): Promise<void>;
  /** Called when somebody looks at the results; resolves when `judgments/looks.csv` records it. */
  onLook(): Promise<void>;
}

/** Sends a page with its status. */
export const sendPage = (reply: FastifyReply, status: number, markup: string): FastifyReply =>
  reply.status(status).type("text/html; charset=utf-8").send(markup);
