import { readJudgments } from "../../src/workbench/artefacts.ts";
import type { Study } from "../../src/workbench/study.ts";
import { hiddenFields, TestClient } from "./fixture.ts";

/**
 * Readers who take part repeatedly, and send the same answer under the same key until it is acknowledged, as the outbox
 * does. Each answer has a unique reason, by which it is found again.
 */
export class Load {
  /** When each answer was acknowledged, in nanoseconds of the machine's steady clock. */
  readonly acknowledged = new Map<string, bigint>();
  /** How often a reader was refused or cut off. */
  failures = 0;
  readonly #url: () => string;
  readonly #readers: Promise<void>[];
  #ended = false;

  /** `url` is called for each attempt, because a restarted server may have another address. */
  constructor(readers: number, url: () => string) {
    this.#url = url;
    this.#readers = Array.from({ length: readers }, () => this.#read());
  }

  /** Resolves when this many further answers have been acknowledged. */
  async more(answers: number): Promise<void> {
    const enough = this.acknowledged.size + answers;
    while (this.acknowledged.size < enough) await pause(2);
  }

  /** Stops every reader. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#readers);
  }

  async #read(): Promise<void> {
    while (!this.#ended) {
      const client = new TestClient(this.#url());
      const page = await this.#persist(client, () => client.get("/"));
      if (page) await this.#persist(client, () => client.post("/consent", hiddenFields(page.text)));
      for (let position = 1; position <= 4 && !this.#ended; position++) {
        const shown = await this.#persist(client, () => client.get(`/q/${position}`));
        if (shown?.status !== 200) continue;
        const reason = `${client.cookie.slice(-26)} ${position}`;
        const fields = { ...hiddenFields(shown.text), answer: "human", reason };
        const reply = await this.#persist(client, () => client.post(`/q/${position}`, fields));
        if (reply?.status === 303 && reply.location !== "/")
          this.acknowledged.set(reason, process.hrtime.bigint());
      }
    }
  }

  /** Repeats a request until the reply is not a server error; undefined if the load ends before. */
  async #persist<Reply extends { status: number }>(
    client: TestClient,
    ask: () => Promise<Reply>,
  ): Promise<Reply | undefined> {
    while (!this.#ended) {
      client.url = this.#url();
      const reply = await ask().catch((thrown: unknown) => {
        if (thrown instanceof TypeError) return undefined;
        throw thrown;
      });
      if (reply && reply.status < 500) return reply;
      this.failures++;
      await pause(20);
    }
    return undefined;
  }
}

/** The acknowledged answers that are missing in the exported judgments, and those that are there twice. */
export async function compared(
  acknowledged: Iterable<string>,
  study: Study,
): Promise<{ stored: number; lost: string[]; doubled: string[] }> {
  const reasons = (await readJudgments(study)).map(({ response }) => String(response["reason"]));
  const stored = new Set<string>();
  const doubled = reasons.filter((reason) => stored.size === stored.add(reason).size);
  const lost = [...acknowledged].filter((reason) => !stored.has(reason));
  return { stored: reasons.length, lost, doubled };
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
