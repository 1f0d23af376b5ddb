/** A message part: headers by lower-case name, with folded lines joined, and the body. */
interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * The page in an MHTML file (RFC 2557), as browsers save it: the first HTML part, decoded. `latin` is the file read
 * as Latin-1, one character per byte. Undefined if there is none.
 */
export function htmlOfMhtml(latin: string): string | undefined {
  const file = partOf(latin);
  const boundary = parameter(file.headers.get("content-type") ?? "", "boundary");
  const parts = boundary
    ? file.body
        .split(`--${boundary}`)
        .slice(1)
        .map((text) => partOf(text.replace(/^\r?\n/, "")))
    : [file];
  const page = parts.find(({ headers }) => /^\s*text\/html\b/i.test(headers.get("content-type") ?? ""));
  return page && decoded(page);
}

/** The address of the saved page. */
export const addressOfMhtml = (latin: string): string =>
  partOf(latin).headers.get("snapshot-content-location")?.trim() ?? "";

function partOf(text: string): Part {
  const end = /\r?\n\r?\n/.exec(text);
  const head = end ? text.slice(0, end.index) : text;
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end ? text.slice(end.index + end[0].length) : "" };
}

function decoded({ headers, body }: Part): string {
  const charset = parameter(headers.get("content-type") ?? "", "charset") ?? "utf-8";
  const bytes = bytesOf(body, (headers.get("content-transfer-encoding") ?? "").toLowerCase());
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("utf8");
  }
}

function bytesOf(body: string, encoding: string): Buffer {
  if (encoding === "base64") return Buffer.from(body, "base64");
  if (encoding !== "quoted-printable") return Buffer.from(body, "latin1");
  const plain = body
    .replace(/=[ \t]*\r?\n/g, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(plain, "latin1");
}

function parameter(header: string, name: string): string | undefined {
  const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, "i").exec(header);
  return found?.[1] ?? found?.[2];
}
