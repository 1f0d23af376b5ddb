import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Html } from "../text/html.ts";
import type { Effects } from "../workbench/effects.ts";
import type { AnyStage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import type { JobRunner } from "./job.ts";

/** The researcher's pages of one study, and what runs for them. */
export interface Workplace {
  /** The study's folder; without a study.yaml in it there is no study yet. */
  folder: string;
  readonly stages: readonly AnyStage[];
  /** What each stage does, by its name. */
  readonly summaries: Readonly<Record<string, { readonly summary: string }>>;
  readonly effects: Effects;
  /** Runs stages, one command at a time. */
  readonly work: JobRunner;
  /** Runs the survey for participants. */
  readonly survey: JobRunner;
  /** The key of signatures and CSRF tokens, new at each start. */
  readonly signingKey: string;
  /** Opens the study; throws StudyError if there is none or its settings have an error. */
  study(): Promise<Study>;
  /** Whether its pages may change the study: always on this machine, over a network only with `workplace.network`. */
  mayChange(): Promise<boolean>;
  /** The CSRF token for the hidden field `seal` of a form. It belongs to the session and to the study. */
  seal(request: FastifyRequest): string;
  /** Sends a page in the workplace's layout. */
  show(request: FastifyRequest, reply: FastifyReply, page: Shown): Promise<FastifyReply>;
}

export interface Shown {
  readonly heading: string;
  readonly body: Html;
  readonly status?: number;
  /** Whether the heading is only for screen readers, because the page says it otherwise. */
  readonly quiet?: boolean;
}

/**
 * A page of the workplace. A new one is a file in `pages/` and a line in `pages.ts`: it then has its address, its link in
 * the navigation and its heading, and is shown only to a logged-in researcher. A StudyError that it throws is shown in
 * its place.
 */
export interface WorkplacePage {
  readonly path: string;
  /** The heading, and the text of the link in the navigation. */
  readonly title: string;
  /** The page below its heading. */
  body(request: FastifyRequest, workplace: Workplace): Html | Promise<Html>;
  /** Whether the heading is only for screen readers. */
  readonly quiet?: boolean;
  /** Further addresses. Those that are posted to have a valid CSRF token; with `changes` they also need the right to change. */
  readonly actions?: readonly WorkplaceAction[];
  /** Routes of other kinds, such as a stream of events. */
  routes?(server: FastifyInstance, workplace: Workplace): void;
}

export interface WorkplaceAction {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Whether it changes the study. Default: true for POST. */
  readonly changes?: boolean;
  /** The largest body in bytes. Default: 1 MB. */
  readonly bodyLimit?: number;
  handle(
    request: FastifyRequest,
    reply: FastifyReply,
    workplace: Workplace,
  ): FastifyReply | Promise<FastifyReply>;
}

/** A field of the query or of a posted form as text; empty if it is missing. */
export function field(request: FastifyRequest, name: string, from: "query" | "body" = "query"): string {
  const value = ((request[from] ?? {}) as Record<string, unknown>)[name];
  return typeof value === "string" ? value : "";
}

/** Sends the page for an unknown address. */
export function notFound(reply: FastifyReply): FastifyReply {
  reply.callNotFound();
  return reply;
}
