import { randomBytes } from "node:crypto";
import type { Connection, Reply } from "./connection.ts";

/** A survey under load: ours, or another one for comparison. */
export interface Survey {
  readonly name: string;
  readonly port: number;
  /** The processes of its server. */
  readonly processes: () => readonly number[];
  /** The number of questions per participant. */
  readonly questions: number;
  /** A new participant, at the first question once this resolves. */
  begin(connection: Connection): Promise<Participant>;
}

export interface Participant {
  /** Requests a question's page. */
  page(position: number): Promise<Reply>;
  /** Sends an answer; resolves with its id in the store once it is acknowledged, `undefined` if it is not. */
  answer(position: number): Promise<string | undefined>;
  /** The same as the survey's own script sends it, without the page; only if the survey has such a script. */
  answerAlone?(position: number): Promise<string | undefined>;
}

/** `tinylove serve`. An answer's id is its reason. */
export function tinylove(port: number, pid: number, questions: number): Survey {
  return {
    name: "tinylove",
    port,
    questions,
    processes: () => [pid],
    async begin(connection) {
      const consent = await connection.get("/");
      const seal = hiddenField(consent, "seal");
      expectStatus(303, await connection.post("/consent", `seal=${seal}`));
      const own = connection.cookie.slice(-26);
      let key = "";
      const send = async (position: number, under: string, accept?: string) => {
        const reason = `${own}-${position}`;
        const body = `seal=${seal}&key=${under}&ms=812&answer=human&confidence=3&reason=${reason}`;
        return [await connection.post(`/q/${position}`, body, undefined, accept), reason] as const;
      };
      return {
        async page(position) {
          const page = await connection.get(`/q/${position}`);
          key = hiddenField(page, "key");
          return page;
        },
        async answer(position) {
          const [reply, reason] = await send(position, key);
          return reply.status === 303 ? reason : undefined;
        },
        async answerAlone(position) {
          const [reply, reason] = await send(position, newKey(), "application/json");
          return reply.status === 200 ? reason : undefined;
        },
      };
    },
  };
}

/** The key of a page, like those of its server: 26 letters of base32. */
const newKey = () =>
  Array.from(randomBytes(26), (byte) => "abcdefghijklmnopqrstuvwxyz234567"[byte & 31]).join("");

function hiddenField({ body }: Reply, name: string): string {
  const mark = `name="${name}" value="`;
  const at = body.indexOf(mark);
  if (at < 0) throw new Error(`no field ${name} in ${body.slice(0, 200)}`);
  return body.slice(at + mark.length, body.indexOf('"', at + mark.length));
}

function expectStatus(status: number, reply: Reply): void {
  if (reply.status !== status)
    throw new Error(`${reply.status} in place of ${status}: ${reply.body.slice(0, 200)}`);
}

/** The Express survey for comparison. */
export function express(port: number, pid: number, questions: number): Survey {
  return {
    name: "Express",
    port,
    questions,
    processes: () => [pid],
    async begin(connection) {
      expectStatus(200, await connection.get("/"));
      expectStatus(303, await connection.post("/consent", ""));
      const own = connection.cookie.split("=")[1]!;
      const answer = async (position: number) => {
        const reason = `${own}-${position}`;
        const body = `answer=human&confidence=3&reason=${reason}`;
        return (await connection.post(`/q/${position}`, body)).status === 303 ? reason : undefined;
      };
      return { page: (position) => connection.get(`/q/${position}`), answer, answerAlone: answer };
    },
  };
}
