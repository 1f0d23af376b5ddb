import type { StudyConfig } from "../study/config.ts";
import type { Recruiting } from "../study/settings/survey.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Recruit } from "./allocate-participant.ts";
import { digest, equalSecrets, hmac, randomId } from "./ids.ts";
import { submitHostField, visitId } from "./mturk.ts";
import type { Code } from "./participant-pages.ts";
import type { GivenAnswers, Plan } from "./survey-plan.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The query parameters with a service's ids: of the person, the study, the visit. */
const parameters = {
  prolific: ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"],
  mturk: ["workerId", "hitId", "assignmentId"],
} as const;

/** The fields of the address that the consent form passes on. */
export function recruitingFields(
  { recruiting, sources }: Pick<StudyConfig["survey"], "recruiting" | "sources">,
  query: Fields,
): Record<string, string> {
  const ids = (recruiting ? parameters[recruiting.service] : []).map((name) => [name, idIn(query, name)]);
  const given = query["invitation"];
  const invitation = typeof given === "string" ? tokenPattern.exec(given)?.[0] : undefined;
  return {
    ...Object.fromEntries(
      [...ids, ["invitation", invitation], ["source", sourceIn(sources, query)]].filter(
        ([, value]) => value !== undefined,
      ),
    ),
    ...(recruiting?.service === "mturk" && submitHostField(query)),
  };
}

/** The source that an address names, if the study has it. */
export const sourceIn = (sources: readonly string[], fields: Fields): string | undefined =>
  sources.find((source) => source === fields["source"]);

/** The person sent by the service; undefined for a plain link. */
export function recruitOf(recruiting: Recruiting | undefined, fields: Fields): Recruit | undefined {
  if (!recruiting) return undefined;
  return recruitFromFields(recruiting.service, fields);
}

function recruitFromFields(service: Recruiting["service"], fields: Fields): Recruit | undefined {
  const [person, study, visit] = parameters[service].map((name) => idIn(fields, name));
  if (!person) return undefined;
  return {
    service,
    person,
    study: study ?? "",
    visit: service === "mturk" ? visitId(visit ?? "", fields) : (visit ?? ""),
  };
}

/**
 * The person that an address names, by an invitation or by the id of a service, also if the study does not use that
 * service. It distinguishes several people at one browser. Undefined for a plain link.
 */
export const personInAddress = (
  signingKey: string,
  recruiting: Recruiting | undefined,
  fields: Fields,
): Recruit | undefined =>
  inviteeOf(signingKey, fields["invitation"]) ??
  recruitOf(recruiting, fields) ??
  recruitFromFields("prolific", fields) ??
  recruitFromFields("mturk", fields);

/**
 * An id of a service, at most 80 characters that are safe in pages and tables. Any other value, or several values of one
 * name, are hashed. A placeholder that the service did not fill in (`{{%PROLIFIC_PID%}}`) counts as no id.
 */
function idIn(fields: Fields, name: string): string | undefined {
  // Some mail programs change addresses to lower case.
  const key = Object.keys(fields).find((one) => one.toLowerCase() === name.toLowerCase());
  const given = key === undefined ? undefined : fields[key];
  const values = [...new Set(Array.isArray(given) ? given : [given])].filter(
    (one) => typeof one === "string",
  );
  const value = values.map((one) => one.trim()).join(" ");
  if (value === "" || /^(\{\{.*\}\}|\$\{.*\})$/.test(value)) return undefined;
  return /^[A-Za-z0-9._-]{1,80}$/.test(value) ? value : `sha256-${digest(value)}`;
}

/** The token of a new personal link, valid once. It needs no table: its signature proves that this study made it. */
export function newInvitation(signingKey: string): string {
  const name = randomId();
  return `${name}.${hmac(signingKey, "invitation", name)}`;
}

/** A token, without characters that a mail program may append to a link. */
const tokenPattern = /^([a-z2-7]{26})\.([\w-]{43})(?![\w-])/;

/** The person with this invitation; undefined if this study did not make it. */
export function inviteeOf(signingKey: string, token: unknown): Recruit | undefined {
  if (typeof token !== "string") return undefined;
  const [, name = "", signature = ""] = tokenPattern.exec(token) ?? [];
  if (name === "" || !equalSecrets(signature, hmac(signingKey, "invitation", name))) return undefined;
  return { service: "invitation", person: name, study: "", visit: "" };
}

/** The code for a participant who has finished. Called only after every answer has been stored. */
export function completionCode(
  recruiting: Recruiting,
  plan: Plan,
  answers: GivenAnswers,
  ownCode: string,
): string {
  const { codes, mayFail } = recruiting;
  if (codes.attention && failedChecks(plan, answers) > mayFail) return codes.attention;
  return codes.complete ?? ownCode;
}

/** The number of failed attention checks. */
function failedChecks(plan: Plan, answers: GivenAnswers): number {
  return plan.filter(({ task, stimuli, question }) => {
    const response = answers.get(question);
    return stimuli.length === 0 && response && taskNamed(task)?.score(response as never, []) === 0;
  }).length;
}

/** For a person who cannot take part: the service's code for that, or only the address to return to. */
export function refusalCode(recruiting: Recruiting | undefined): Code | undefined {
  if (!recruiting) return undefined;
  const code = recruiting.codes.full ?? recruiting.codes.noConsent;
  if (code) return { code, address: returnAddress(recruiting, code) };
  return recruiting.service === "prolific"
    ? { code: undefined, address: "https://app.prolific.com/" }
    : undefined;
}

/** The address to return to with a code. It comes from the settings, never from a request. */
export function returnAddress(recruiting: Recruiting, code: string): string | undefined {
  const address =
    recruiting.return ??
    (recruiting.service === "prolific"
      ? "https://app.prolific.com/submissions/complete?cc={code}"
      : undefined);
  return address?.replace("{code}", encodeURIComponent(code));
}
