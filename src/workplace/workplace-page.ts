import type { FastifyReply, FastifyRequest } from "fastify";
import type { SurveyContext } from "../survey/survey-context.ts";
import type { Html } from "../text/html.ts";

/** What a page of the workplace may use, besides the request. */
export interface WorkplaceContext extends SurveyContext {
  /** The CSRF token for the hidden field `seal` of the page's forms. */
  seal(request: FastifyRequest): string;
  /** Sends a page in the workplace's layout, with a status other than 200 or another heading. */
  show(
    request: FastifyRequest,
    reply: FastifyReply,
    page: { readonly heading: string; readonly body: Html; readonly status?: number },
  ): FastifyReply;
}

/**
 * A page for the researcher. A new one is a file in `pages/` and a line in `pages.ts`: it then has its address, its link
 * in the navigation and its heading, and is shown only to a logged-in researcher. A StudyError that it throws is shown
 * in its place.
 */
export interface WorkplacePage {
  /** The address, `/study` or below. */
  readonly path: string;
  /** The heading, and the text of the link in the navigation. */
  readonly title: string;
  /** The page below its heading. */
  body(request: FastifyRequest, context: WorkplaceContext): Html | Promise<Html>;
  /** Further addresses of the page, such as those that its forms post to. */
  readonly actions?: readonly WorkplaceAction[];
}

/** An address that belongs to a page. The session, and for POST the CSRF token, have been checked when it is called. */
export interface WorkplaceAction {
  readonly method: "GET" | "POST";
  readonly path: string;
  handle(
    request: FastifyRequest,
    reply: FastifyReply,
    context: WorkplaceContext,
  ): FastifyReply | Promise<FastifyReply>;
}
