import { messageOf, StudyError } from "../../workbench/errors.ts";

/** The rules of a site's robots.txt for us. */
export interface Robots {
  allows(address: string): boolean;
  /** Seconds between two requests; 0 if it sets none. */
  readonly delay: number;
}

/**
 * Reads a site's robots.txt by RFC 9309: a missing file (4xx) allows everything; after an error (5xx, no answer)
 * nothing is allowed, and StudyError is thrown.
 */
export async function robotsOf(site: URL, agent: string, fetch: typeof globalThis.fetch): Promise<Robots> {
  const address = new URL("/robots.txt", site);
  try {
    const response = await fetch(address, {
      headers: { "user-agent": agent },
      signal: AbortSignal.timeout(60_000),
    });
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    return parseRobots(response.ok ? (await response.text()).slice(0, 500_000) : "", agent);
  } catch (cause) {
    throw new StudyError(`cannot read ${address}: ${messageOf(cause)}`, {
      hint: "nothing is fetched without it; try again later",
      cause,
    });
  }
}

/** The rules of the groups for us (by the first word of `agent`), or else of those for everyone. */
export function parseRobots(text: string, agent: string): Robots {
  const groups = groupsOf(text);
  const own = agent.split("/")[0]!.toLowerCase();
  const named = groups.filter(({ agents }) => agents.includes(own));
  const chosen = named.length > 0 ? named : groups.filter(({ agents }) => agents.includes("*"));
  const rules = chosen.flatMap((group) => group.rules);
  return {
    delay: Math.max(0, ...chosen.map(({ delay }) => delay)),
    allows(address) {
      const { pathname, search } = new URL(address);
      const fitting = rules.filter(({ pattern }) => matches(pattern, pathname + search));
      // The longest pattern wins; of two equally long ones, the one that allows.
      fitting.sort(
        (one, other) => other.pattern.length - one.pattern.length || Number(other.allow) - Number(one.allow),
      );
      return fitting[0]?.allow ?? true;
    },
  };
}

interface Group {
  readonly agents: string[];
  readonly rules: { readonly allow: boolean; readonly pattern: string }[];
  delay: number;
}

function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  let naming = false;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, key = "", value = ""] = /^\s*([\w-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$/.exec(line) ?? [];
    const field = key.toLowerCase();
    if (field === "user-agent") {
      if (!naming) groups.push({ agents: [], rules: [], delay: 0 });
      groups.at(-1)!.agents.push(value.toLowerCase());
      naming = true;
      continue;
    }
    const group = groups.at(-1);
    if (!group || field === "") continue;
    naming = false;
    if ((field === "allow" || field === "disallow") && value !== "") {
      group.rules.push({ allow: field === "allow", pattern: value });
    }
    if (field === "crawl-delay") group.delay = Number(value) || 0;
  }
  return groups;
}

/**
 * Matches a pattern: `*` is anything, `$` at the end is the end. Not converted to a regular expression, because a
 * hostile pattern could be very slow.
 */
function matches(pattern: string, path: string): boolean {
  const ends = pattern.endsWith("$");
  const pieces = (ends ? pattern.slice(0, -1) : pattern).split("*");
  if (!path.startsWith(pieces[0]!)) return false;
  let at = pieces[0]!.length;
  for (const [index, piece] of pieces.entries()) {
    if (index === 0) continue;
    const last = ends && index === pieces.length - 1;
    const found = last ? path.length - piece.length : path.indexOf(piece, at);
    if (found < at || !path.startsWith(piece, found)) return false;
    at = found + piece.length;
  }
  return !ends || at === path.length;
}
