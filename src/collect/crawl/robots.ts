import { messageOf, StudyError } from "../../workbench/errors.ts";

/** What a site's robots.txt says to us. */
export interface Robots {
  allows(address: string): boolean;
  /** Seconds that it wants between two requests; 0 where it says nothing. */
  readonly delay: number;
}

/**
 * Reads a site's robots.txt as RFC 9309 has it: one that is not there (4xx) allows everything; one that cannot be
 * had (5xx, no answer) allows nothing, which throws StudyError.
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
      hint: "without it nothing is fetched; try again later",
      cause,
    });
  }
}

/** The rules of the groups that name us (by the first word of `agent`), or else of those for everyone. */
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
      // The longest pattern wins; of two as long, the one that allows.
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

/** `*` stands for anything, `$` at the end for the end. Walked piece by piece: a pattern may come from anyone. */
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
