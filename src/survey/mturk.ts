import type { FastifyReply } from "fastify";
import type { Recruit } from "./allocate-participant.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Where a worker's browser may post a finished assignment, by the name that is kept. Nothing else is ever posted to. */
const submitHosts: Readonly<Record<string, string>> = {
  www: "https://www.mturk.com",
  sandbox: "https://workersandbox.mturk.com",
};

/** The sites that show a task to workers, and its preview to requesters, in a frame. */
const framingSites: readonly string[] = [
  "https://worker.mturk.com",
  "https://workersandbox.mturk.com",
  "https://requester.mturk.com",
  "https://requestersandbox.mturk.com",
  "https://www.mturk.com",
];

/** A worker looks at the task before accepting it: no place is given, and nothing is kept. */
export const isPreview = (query: Fields): boolean => query["assignmentId"] === "ASSIGNMENT_ID_NOT_AVAILABLE";

/** The name of the host that `turkSubmitTo` of the address is; undefined for any other address. */
function submitHostIn(fields: Fields): string | undefined {
  const given = fields["turkSubmitTo"];
  if (typeof given !== "string") return undefined;
  const address = given.replace(/\/$/, "");
  return Object.keys(submitHosts).find((name) => submitHosts[name] === address);
}

/** The address that goes on from the consent page to its form, exactly as it is on the list. */
export const submitHostField = (fields: Fields): Record<string, string> => {
  const host = submitHostIn(fields);
  return host ? { turkSubmitTo: submitHosts[host]! } : {};
};

/** A visit that remembers where it is to be returned: `3ABC@sandbox`. */
export const visitId = (assignment: string, fields: Fields): string => {
  const host = submitHostIn(fields);
  return host && assignment ? `${assignment}@${host}` : assignment;
};

/** How a worker's own browser returns a finished assignment. */
export interface ReturnPost {
  readonly host: string;
  readonly address: string;
  readonly assignmentId: string;
}

/** The return of a worker who came through MTurk's frame; undefined for who came by a link and pastes a code. */
export function returnPostOf(recruit: Recruit | undefined): ReturnPost | undefined {
  if (recruit?.service !== "mturk") return undefined;
  const [assignmentId = "", name = ""] = recruit.visit.split("@");
  const host = Object.hasOwn(submitHosts, name) ? submitHosts[name] : undefined;
  return host === undefined ? undefined : { host, address: `${host}/mturk/externalSubmit`, assignmentId };
}

const policyHeader = "content-security-policy";

/** The headers of pages that MTurk may show in its frame; other sites may not. */
export function allowMTurkFrame(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "x-frame-options": _, ...rest } = headers;
  const policy = headers[policyHeader] ?? "";
  return {
    ...rest,
    [policyHeader]: policy.replace("frame-ancestors 'none'", `frame-ancestors ${framingSites.join(" ")}`),
  };
}

/** Lets this one page post to this one host. */
export function allowPostTo(reply: FastifyReply, host: string): void {
  const policy = String(reply.getHeader(policyHeader) ?? "");
  reply.header(policyHeader, policy.replace("form-action 'self'", `form-action 'self' ${host}`));
}
