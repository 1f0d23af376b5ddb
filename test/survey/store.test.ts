import { afterAll, beforeAll, expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import type { Arrival } from "../../src/survey/allocate-participant.ts";
import { Metadata } from "../../src/survey/metadata.ts";
import { newParticipant } from "../../src/survey/participant.ts";
import { openDatabase } from "../../src/survey/store/database.ts";
import { ResponseRecords } from "../../src/survey/store/records.ts";
import { Store } from "../../src/survey/store/store.ts";
import type { Submission } from "../../src/survey/submit-answer.ts";
import type { Plan } from "../../src/survey/survey-plan.ts";
import { type Fixture, fixture } from "./fixture.ts";
import { eachStore } from "./stores.ts";

const random = randomFrom("store");
const now = Date.UTC(2026, 0, 1);
const minute = 60_000;

const plan: Plan = [
  { question: "first", task: "human-or-machine", stimuli: ["one"] },
  { question: "second", task: "which-is-human", stimuli: ["two", "three"], side: "left" },
];

const key = (letter: string) => letter.repeat(26);

const arrival = (changes: Partial<Arrival> = {}): Arrival => ({
  ...newParticipant(),
  now,
  reserve: 10 * minute,
  forms: ["a", "b"],
  quota: undefined,
  simulated: false,
  planFor: () => plan,
  ...changes,
});

eachStore((effects, kind) => {
  let built: Fixture;
  let store: Store;
  const called = new Set<string>();
  const watched = <Part extends object>(real: Part): Part =>
    new Proxy(real, {
      get(_, name) {
        called.add(String(name));
        const value = Reflect.get(real, name, real);
        if (typeof value === "function") return value.bind(real);
        return value instanceof Metadata || value instanceof ResponseRecords ? watched(value) : value;
      },
    });

  beforeAll(async () => {
    built = await fixture();
    const real = new Store(await openDatabase(built.study, effects().env));
    store = watched(real);
  });
  afterAll(() => built?.remove());

  async function entered(changes: Partial<Arrival> = {}) {
    const place = await store.allocate(arrival(changes), random);
    if ("refused" in place) throw new Error(place.refused);
    return place;
  }

  const submission = (participant: string, changes: Partial<Submission> = {}): Submission => ({
    participant,
    question: "first",
    key: key("a"),
    response: { answer: "human" },
    ms: 1234,
    now: now + minute,
    reserve: 10 * minute,
    mayChange: true,
    ...changes,
  });

  test("a metadata value is created once and can be changed", async () => {
    expect(await store.metadata.getOrCreate("colour", () => "green")).toBe("green");
    expect(await store.metadata.getOrCreate("colour", () => "blue")).toBe("green");
    await store.metadata.set("colour", "red");
    expect(await store.metadata.getOrCreate("colour", () => "blue")).toBe("red");
    expect(await store.signingKey()).toBe(await store.metadata.getOrCreate("seal key", () => "another"));
    expect(await store.metadata.paused()).toBe(false);
    await store.metadata.setPaused(true);
    expect(await store.metadata.paused()).toBe(true);
    await store.metadata.setPaused(false);
  });

  test("a participant has a place with a secret that can be replaced", async () => {
    const { id, secret } = newParticipant();
    const place = await entered({ id, secret });
    expect(place).toEqual({
      id,
      form: expect.stringMatching(/^[ab]$/),
      plan,
      started: now,
      completed: undefined,
      withdrawn: undefined,
    });
    expect(await store.bySecret(secret)).toEqual(place);
    expect(await store.byId(id)).toEqual(place);
    expect(await entered({ secret })).toEqual(place);
    await store.replaceSecret(id, "another");
    expect(await store.bySecret(secret)).toBeUndefined();
    expect((await store.bySecret("another"))?.id).toBe(id);
    expect(await store.byId("nobody")).toBeUndefined();
  });

  test("where participants came from is the source of their link, else the service, and goes with a withdrawal", async () => {
    const recruit = { service: "prolific", person: "sent", study: "", visit: "" };
    const [named, sent, both, plain] = [
      await entered({ source: "class" }),
      await entered({ recruit }),
      await entered({ recruit: { ...recruit, person: "also" }, source: "mail" }),
      await entered(),
    ].map(({ id }) => id);
    const sources = await store.sources();
    expect([named, sent, both, plain].map((id) => sources.get(id!))).toEqual([
      "class",
      "prolific",
      "mail",
      undefined,
    ]);
    await store.withdraw(named!, now + minute);
    expect((await store.sources()).has(named!)).toBe(false);
  });

  test("a recruited participant has one place, unknown to others", async () => {
    const recruit = { service: "prolific", person: "p", study: "s", visit: "v" };
    const { id } = await entered({ recruit });
    expect(await store.allocate(arrival({ recruit }), random)).toEqual({ refused: "taken" });
    expect(await store.recruitOf(id)).toEqual(recruit);
    expect(await store.recruitOf((await entered()).id)).toBeUndefined();
    expect(JSON.stringify(await store.records.all())).not.toContain("prolific");
  });

  test("a place and its participant are created together or not at all", async () => {
    const forms = ["lonely"];
    const fails = arrival({
      forms,
      quota: 1,
      planFor() {
        throw new Error("no plan");
      },
    });
    await expect(store.allocate(fails, random)).rejects.toThrow("no plan");
    expect(await store.byId(fails.id)).toBeUndefined();
    expect(await store.loads(forms, now)).toEqual(new Map([["lonely", { completed: 0, reserved: 0 }]]));
    expect((await entered({ forms })).form).toBe("lonely");
  });

  test("places are balanced, expire if unused, and a quota closes the study", async () => {
    const forms = ["x", "y"];
    for (let at = 0; at < 4; at++) await entered({ forms });
    const two = { completed: 0, reserved: 2 };
    expect(await store.loads(forms, now)).toEqual(
      new Map([
        ["x", two],
        ["y", two],
      ]),
    );
    expect((await store.loads(forms, now + 11 * minute)).get("x")).toEqual({ completed: 0, reserved: 0 });
    expect(await store.allocate(arrival({ forms: ["q"], quota: 1 }), random)).not.toHaveProperty("refused");
    expect(await store.allocate(arrival({ forms: ["q"], quota: 1 }), random)).toEqual({ refused: "full" });
  });

  test("a participant who withdraws after the last answer gives the place back to the quota", async () => {
    const forms = ["given back"];
    const { id } = await entered({ forms, quota: 1 });
    await store.submitAnswer(submission(id));
    await store.submitAnswer(
      submission(id, { question: "second", key: key("b"), response: { answer: "left" } }),
    );
    expect((await store.loads(forms, now)).get(forms[0]!)).toEqual({ completed: 1, reserved: 0 });
    expect(await store.allocate(arrival({ forms, quota: 1 }), random)).toEqual({ refused: "closed" });
    await store.withdraw(id, now + minute);
    expect((await store.loads(forms, now)).get(forms[0]!)).toEqual({ completed: 0, reserved: 0 });
    expect(await store.allocate(arrival({ forms, quota: 1 }), random)).not.toHaveProperty("refused");
  });

  test("every outcome of an answer", async () => {
    const { id } = await entered();
    const answer = (changes: Partial<Submission> = {}) => store.submitAnswer(submission(id, changes));
    const machine = { answer: "machine" };
    expect(await answer({ question: "second" })).toBe("ahead");
    expect(await answer({ question: "third" })).toBe("unknown");
    expect(await store.submitAnswer(submission("nobody"))).toBe("unknown");
    expect(await answer()).toBe("stored");
    expect(await answer()).toBe("repeated");
    expect(await answer({ response: machine })).toBe("conflict");
    expect(await answer({ response: machine, key: key("b"), mayChange: false })).toBe("kept");
    expect(await answer({ response: machine, key: key("c") })).toBe("stored");
    // An answer that was sent first but arrives late changes nothing.
    expect(await answer()).toBe("repeated");
    expect(await answer({ response: { answer: "neither" } })).toBe("conflict");
    expect(await store.answers(id)).toEqual(new Map([["first", machine]]));
    expect(await store.progress(id, "first")).toEqual({ answered: 1, given: machine });
    expect(await store.progress(id)).toEqual({ answered: 1, given: undefined });
    expect((await store.byId(id))?.completed).toBeUndefined();
    const last = { question: "second", key: key("d"), response: { answer: "left" }, now: now + 2 * minute };
    expect(await answer({ ...last, botSignals: ["pasted"] })).toBe("stored");
    expect((await store.byId(id))?.completed).toBe(now + 2 * minute);
    expect(await answer({ key: key("e") })).toBe("over");
    expect(await answer(last)).toBe("repeated");
    expect((await store.botSignals()).get(id)).toEqual(["pasted"]);
    const { answers } = await store.records.all();
    const [one] = answers;
    expect(await store.records.of(one!.participant)).toHaveLength(
      answers.filter(({ participant }) => participant === one!.participant).length,
    );
    const own = answers.filter(({ participant }) => participant === id);
    expect(own).toMatchObject([
      {
        question: "first",
        position: 1,
        response: JSON.stringify(machine),
        side: null,
        ms: 1234,
        simulated: 0,
      },
      { question: "second", position: 2, side: "left", stimuli: '["two","three"]', at: now + 2 * minute },
    ]);
  });

  test("the answers of a page are stored together or not at all", async () => {
    const { id } = await entered();
    const page = (answers: readonly Pick<Submission, "question" | "response">[], changes = {}) => {
      const { question: _, response: __, ...rest } = submission(id);
      return store.submitPage({ ...rest, ...changes, answers });
    };
    const [human, left] = [{ answer: "human" }, { answer: "left" }];
    const both = [
      { question: "first", response: human },
      { question: "second", response: left },
    ];
    expect(await page([both[0]!, { question: "third", response: left }])).toBe("unknown");
    expect(await store.progress(id)).toEqual({ answered: 0, given: undefined });
    expect(await page(both)).toBe("stored");
    expect(await page(both)).toBe("repeated");
    expect(await page([both[0]!, { question: "second", response: { answer: "right" } }])).toBe("conflict");
    expect(await store.answers(id)).toEqual(
      new Map([
        ["first", human],
        ["second", left],
      ]),
    );
    expect((await store.byId(id))?.completed).toBe(submission(id).now);
  });

  test("the same answer from many requests at once is stored once, together with other answers", async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => entered()));
    const outcomes = await Promise.all(
      people.flatMap(({ id }) => [1, 2, 3].map(() => store.submitAnswer(submission(id)))),
    );
    expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome === "repeated")).toHaveLength(20);
    const rows = (await store.records.participantProgress()).filter(({ id }) =>
      people.some((one) => one.id === id),
    );
    expect(rows.map(({ answers }) => answers)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  test("an answer keeps a place, and a withdrawal deletes everything", async () => {
    const forms = ["w"];
    const recruit = { service: "mturk", person: "w", study: "", visit: "" };
    const { id } = await entered({ forms, recruit });
    await store.submitAnswer(submission(id, { now: now + 9 * minute, botSignals: ["trap"] }));
    expect((await store.loads(forms, now + 15 * minute)).get("w")).toEqual({ completed: 0, reserved: 1 });
    expect(await store.byServiceId("w")).toBe(id);
    await store.withdraw(id, now + 16 * minute);
    await store.eraseDeleted();
    expect(await store.byServiceId("w")).toBeUndefined();
    expect(await store.allocate(arrival({ forms, recruit }), random)).toEqual({ refused: "withdrawn" });
    expect(await store.answers(id)).toEqual(new Map());
    expect(await store.recruitOf(id)).toBeUndefined();
    expect((await store.botSignals()).get(id)).toBeUndefined();
    expect((await store.byId(id))?.withdrawn).toBe(now + 16 * minute);
    expect(await store.submitAnswer(submission(id, { key: key("z") }))).toBe("over");
    const { participants, answers } = await store.records.all();
    expect(participants.map((row) => row.id)).not.toContain(id);
    expect(answers.map(({ participant }) => participant)).not.toContain(id);
    expect((await store.loads(forms, now + 15 * minute)).get("w")).toEqual({ completed: 0, reserved: 0 });
  });

  test("an imported participant is added and counted", async () => {
    const before = await store.participants();
    const { id, secret } = newParticipant();
    await store.addImported({ id, secret, form: "elsewhere", plan, now });
    expect(await store.participants()).toBe(before + 1);
    expect((await store.byId(id))?.form).toBe("elsewhere");
    expect(await store.submitAnswer(submission(id))).toBe("stored");
  });

  test("all batches together are all answers, in the same order", async () => {
    const whole = await store.records.all();
    expect(whole.participants.length).toBeGreaterThan(4);
    const parts = [];
    for await (const part of store.records.inBatches(2)) parts.push(part);
    expect(Math.max(...parts.map(({ participants }) => participants.length))).toBe(2);
    expect(parts.flatMap(({ participants }) => participants)).toEqual(whole.participants);
    expect(parts.flatMap(({ answers }) => answers)).toEqual(whole.answers);
  });

  test("looks and visits are counted", async () => {
    await store.metadata.recordLook(now);
    await store.metadata.recordLook(now + minute);
    expect(await store.metadata.looks()).toEqual(["2026-01-01T00:00:00.000Z", "2026-01-01T00:01:00.000Z"]);
    await Promise.all([store.metadata.addVisits(2), store.metadata.addVisits(3)]);
    expect(await store.metadata.visits()).toBe(5);
  });

  test.skipIf(kind === "PostgreSQL")("a backup is the whole store in one file", async () => {
    const copy = await store.backup(built.study.folder);
    expect(copy.toString("latin1", 0, 15)).toBe("SQLite format 3");
    expect(copy.includes("elsewhere")).toBe(true);
  });

  test("closing waits for pending writes, and this suite called every function", async () => {
    const writing = store.metadata.set("last", "words");
    await store.close();
    await writing;
    const again = new Store(await openDatabase(built.study, effects().env));
    expect(await again.metadata.getOrCreate("last", () => "lost")).toBe("words");
    await again.close();
    const functions = [Store, Metadata, ResponseRecords]
      .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
      .filter((name) => name !== "constructor");
    const left = functions.filter((name) => !called.has(name));
    expect(left).toEqual(kind === "PostgreSQL" ? ["backup"] : []);
  });
});
