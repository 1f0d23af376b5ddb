/** A server's error message, in whatever format it came. */
export interface ServerMessage {
  readonly message: string;
  readonly code?: string | undefined;
  /** The HTTP status of an error inside a reply with status 200. */
  readonly status?: number | undefined;
}

/**
 * Reads an error message: `{error: {message, code}}`, `{error: "…"}`, `{detail: "…"}`, FastAPI's `{detail: [{loc,
 * msg}]}`, `[{error: …}]`, `{errors: […]}`, `{message}`, plain text or an HTML page. Undefined if there is none.
 */
export function serverMessage(body: unknown): ServerMessage | undefined {
  if (typeof body === "string") {
    const text = body
      .slice(0, 20_000)
      .replace(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, " ")
      .replace(/<[^<>]{0,2000}>/g, " ")
      .replace(/\s+/g, " ")
      .trim();
    return text === "" ? undefined : { message: shortened(text) };
  }
  if (Array.isArray(body)) {
    const all = body.flatMap((each) => serverMessage(each) ?? []);
    return all.length > 0 ? { ...all[0]!, message: all.map(({ message }) => message).join("; ") } : undefined;
  }
  if (typeof body !== "object" || body === null) return undefined;
  const { error, errors, detail, message, msg, loc, code, type, metadata, title } = body as Record<
    string,
    unknown
  >;
  if (typeof msg === "string") {
    const where = Array.isArray(loc) ? loc.filter((part) => part !== "body").join(".") : "";
    return { message: where === "" ? msg : `${where}: ${msg}` };
  }
  const inner =
    serverMessage(error ?? undefined) ??
    serverMessage(detail ?? undefined) ??
    serverMessage(errors ?? undefined);
  const raw = serverMessage(
    typeof metadata === "object" && metadata !== null
      ? (metadata as Record<string, unknown>)["raw"]
      : undefined,
  );
  const own =
    typeof message === "string" && message !== "" ? message : typeof title === "string" ? title : undefined;
  const main = own ?? inner?.message;
  if (main === undefined) return undefined;
  const about = raw && !main.includes(raw.message) ? ` (${raw.message})` : "";
  const named = [code, type].find((each) => typeof each === "string") as string | undefined;
  return {
    message: shortened(`${main}${about}`),
    code: (typeof code === "string" ? code : undefined) ?? inner?.code ?? named,
    status: statusOf(code) ?? inner?.status ?? statusNamed(`${named ?? ""} ${main}`),
  };
}

const statusOf = (code: unknown): number | undefined => {
  const status = typeof code === "number" ? code : typeof code === "string" ? Number(code) : Number.NaN;
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined;
};

/** Guesses the status of an error without one, from its words. */
function statusNamed(words: string): number | undefined {
  if (/rate.?limit|too many requests/i.test(words)) return 429;
  if (/overload|unavailable|try again|timed? ?out/i.test(words)) return 503;
  if (/authentication|api.?key|unauthorized/i.test(words)) return 401;
  if (/invalid|unsupported|not support|bad request|too long|maximum context|exceed/i.test(words)) return 400;
  return undefined;
}

const longest = 500;
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
