import type { FastifyReply } from "fastify";
import type { Recruit } from "./allocate-participant.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The only hosts to which a worker's browser may post a finished assignment, by the name that is stored. */
const submitHosts: Readonly<Record<string, string>> = {
  www: "https://www.mturk.com",
  sandbox: "https://workersandbox.mturk.com",
};

/** The MTurk sites that show the survey to workers, or its preview to requesters, in a frame. */
const mturkSites: readonly string[] = [
  "https://worker.mturk.com",
  "https://workersandbox.mturk.com",
  "https://requester.mturk.com",
  "https://requestersandbox.mturk.com",
  "https://www.mturk.com",
];

/** Whether a worker previews the task before accepting it: no place is allocated and nothing is stored. */
export const isPreview = (query: Fields): boolean => query["assignmentId"] === "ASSIGNMENT_ID_NOT_AVAILABLE";

/** The stored name of the host in `turkSubmitTo`; undefined for a host that is not on the list. */
function submitHostIn(fields: Fields): string | undefined {
  const given = fields["turkSubmitTo"];
  if (typeof given !== "string") return undefined;
  const address = given.replace(/\/$/, "");
  return Object.keys(submitHosts).find((name) => submitHosts[name] === address);
}

/** The `turkSubmitTo` field for the consent form, as the list above spells it. */
export const submitHostField = (fields: Fields): Record<string, string> => {
  const host = submitHostIn(fields);
  return host ? { turkSubmitTo: submitHosts[host]! } : {};
};

/** The stored id of a visit, with the host to which it is returned: `3ABC@sandbox`. */
export const visitId = (assignment: string, fields: Fields): string => {
  const host = submitHostIn(fields);
  return host && assignment ? `${assignment}@${host}` : assignment;
};

/** How a worker's browser returns a finished assignment. */
export interface ReturnPost {
  readonly host: string;
  readonly address: string;
  readonly assignmentId: string;
}

/** The return for a worker who came through MTurk's frame; undefined for one who came by a link and pastes a code. */
export function returnPostOf(recruit: Recruit | undefined): ReturnPost | undefined {
  if (recruit?.service !== "mturk") return undefined;
  const [assignmentId = "", name = ""] = recruit.visit.split("@");
  const host = Object.hasOwn(submitHosts, name) ? submitHosts[name] : undefined;
  return host === undefined ? undefined : { host, address: `${host}/mturk/externalSubmit`, assignmentId };
}

const policyHeader = "content-security-policy";

/** Changes the headers of a page so that MTurk, and no other site, may show it in a frame. */
export function allowMTurkFrame(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "x-frame-options": _, ...rest } = headers;
  const policy = headers[policyHeader] ?? "";
  return {
    ...rest,
    [policyHeader]: policy.replace("frame-ancestors 'none'", `frame-ancestors ${mturkSites.join(" ")}`),
  };
}

/** Allows this page to post to this host. */
export function allowPostTo(reply: FastifyReply, host: string): void {
  const policy = String(reply.getHeader(policyHeader) ?? "");
  reply.header(policyHeader, policy.replace("form-action 'self'", `form-action 'self' ${host}`));
}
