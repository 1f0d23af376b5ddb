/**
 * A survey as people write it, for comparison with ours: Express 5, a table in SQLite, a page from a template, an
 * insert with a sync for each answer. Its answers are as durable (write-ahead log, full synchronous, one answer per
 * question), but it has nothing else: no allocation, no blinding, no idempotency, no limits.
 *
 *     node express-survey.js FOLDER_WITH_EXPRESS DATABASE QUESTIONS
 */
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import Libsql from "libsql";

const [folder = "", database = "", questions = "10"] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const express = require("express");
const cookies = require("cookie-parser");

const db = new Libsql(database);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec("CREATE TABLE participant (id TEXT PRIMARY KEY, started INTEGER)");
db.exec(
  "CREATE TABLE answer (participant TEXT, question INTEGER, answer TEXT, confidence TEXT, reason TEXT, at INTEGER, PRIMARY KEY (participant, question))",
);

const text =
  "She had kept the ticket in her glove since March, and every winter it came back to her. ".repeat(6);

const page = (title: string, body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="stylesheet" href="/style.css"></head>
<body><main>${body}</main></body></html>`;

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(cookies());

app.get("/", (_: unknown, response: Response) => {
  response.send(page("Consent", `<form method="post" action="/consent"><button>I agree</button></form>`));
});

app.post("/consent", (_: unknown, response: Response) => {
  const id = randomUUID();
  db.prepare("INSERT INTO participant VALUES (?, ?)").run([id, Date.now()]);
  response.cookie("participant", id, { httpOnly: true, sameSite: "lax" });
  response.redirect(303, "/q/1");
});

app.get("/q/:position", (request: Request, response: Response) => {
  const participant = db
    .prepare("SELECT id FROM participant WHERE id = ?")
    .get([request.cookies["participant"]]);
  if (!participant) return response.redirect(303, "/");
  const position = Number(request.params["position"]);
  const scale = [1, 2, 3, 4, 5].map(
    (level) => `<label><input type="radio" name="confidence" value="${level}">${level}</label>`,
  );
  return response.send(
    page(
      `Question ${position} of ${questions}`,
      `<h1>Question ${position} of ${questions}</h1><article><h2>Story ${position}</h2><p>${text}</p></article>
<form method="post" action="/q/${position}"><fieldset><legend>Who wrote it?</legend>
<label><input type="radio" name="answer" value="human" required>A person</label>
<label><input type="radio" name="answer" value="machine" required>A machine</label></fieldset>
<fieldset><legend>How sure are you?</legend>${scale.join("")}</fieldset>
<label>Why?<textarea name="reason"></textarea></label><button>Next</button></form>`,
    ),
  );
});

app.post("/q/:position", (request: Request, response: Response) => {
  const participant = db
    .prepare("SELECT id FROM participant WHERE id = ?")
    .get([request.cookies["participant"]]);
  if (!participant) return response.redirect(303, "/");
  const position = Number(request.params["position"]);
  const { answer, confidence, reason } = request.body;
  if (answer !== "human" && answer !== "machine") return response.status(400).send("Please answer.");
  db.prepare("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)").run([
    request.cookies["participant"],
    position,
    answer,
    confidence ?? null,
    reason ?? null,
    Date.now(),
  ]);
  return response.redirect(303, position < Number(questions) ? `/q/${position + 1}` : "/thanks");
});

const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));

/** The part of Express that is used; its types are not a dependency of the project. */
interface Request {
  readonly cookies: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string | undefined>>;
}
interface Response {
  send(body: string): unknown;
  status(code: number): Response;
  redirect(code: number, address: string): unknown;
  cookie(name: string, value: string, options: object): unknown;
}
