// @ts-check
// The survey works without this script. It handles double clicks and lost connections and measures how long a page
// was visible. It sends answers only to the address of the form.

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-outbox]"));
// The path of the survey on its host, which may have other surveys: this file is below it.
const root = new URL(import.meta.url).pathname.replace(/\/assets\/[^/]*$/, "");
// A rehearsal has its own outbox, so that its unsent answers never mix with a participant's.
const [rehearsal = ""] = /^\/rehearsal\/[^/]+/.exec(location.pathname.slice(root.length)) || [];
const storageKey = `tinylove-outbox${root}${rehearsal}`;

// ---- How long the page was visible, in milliseconds; the time in a hidden tab does not count.

let visibleBefore = 0;
/** @type {number | undefined} */
let since = document.visibilityState === "visible" ? performance.now() : undefined;

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") since = performance.now();
  else if (since !== undefined) {
    visibleBefore += performance.now() - since;
    since = undefined;
  }
});

const visibleFor = () => Math.round(visibleBefore + (since === undefined ? 0 : performance.now() - since));

// ---- How much text was pasted or dropped into the fields, in characters.

let pasted = 0;
for (const kind of ["paste", "drop"]) {
  form?.addEventListener(kind, (event) => {
    const data =
      event instanceof ClipboardEvent
        ? event.clipboardData
        : event instanceof DragEvent
          ? event.dataTransfer
          : null;
    pasted += data?.getData("text").length ?? 0;
  });
}

// ---- The personal link: its whole address, with a button that copies it.

for (const box of document.querySelectorAll("[data-personal]")) {
  const [link, line, field, button] = ["a", ".line", "input", "button"].map((one) => box.querySelector(one));
  if (!(link instanceof HTMLAnchorElement && line instanceof HTMLElement)) continue;
  if (!(field instanceof HTMLInputElement && button instanceof HTMLButtonElement)) continue;
  field.value = link.href;
  line.hidden = false;
  button.addEventListener("click", () => {
    field.select();
    const copied = () => {
      button.textContent = button.dataset["copied"] ?? "";
    };
    // Without https browsers have no clipboard; the address stays selected for the keyboard.
    navigator.clipboard?.writeText(field.value).then(copied, () => {});
  });
}

// A page from the browser's back-forward cache would be posted under a key that was already used.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// ---- The outbox: one answer, kept until the server confirms that it is stored.

/** @typedef {{ address: string, body: string }} Submission */

const read = () => {
  try {
    const submission = JSON.parse(localStorage.getItem(storageKey) ?? "null");
    const whole = typeof submission?.address === "string" && typeof submission.body === "string";
    return whole ? /** @type {Submission} */ (submission) : null;
  } catch {
    return null;
  }
};

/** @param {Submission | null} submission */
const keep = (submission) => {
  try {
    if (submission) localStorage.setItem(storageKey, JSON.stringify(submission));
    else localStorage.removeItem(storageKey);
  } catch {
    // A browser without storage still sends the answer.
  }
};

/** @param {string} text */
const showText = (text) => {
  const status = document.querySelector("[data-status]");
  if (status) status.textContent = text;
};

/** @param {"sending" | "waiting" | "refused" | ""} state */
const showState = (state) => {
  const status = document.querySelector("[data-status]");
  if (status instanceof HTMLElement && status.dataset) showText(state ? (status.dataset[state] ?? "") : "");
  for (const button of document.querySelectorAll("form[data-outbox] button")) {
    if (button instanceof HTMLButtonElement) button.setAttribute("aria-disabled", String(state !== ""));
  }
};

let sending = false;

/**
 * Sends the submission under the same key until the survey replies; waits longer each time, or until the browser is
 * online again. Resolves to the next address, or to undefined if the participant has to change the answer.
 * @param {Submission} submission
 */
const send = async (submission) => {
  if (sending) return undefined;
  sending = true;
  keep(submission);
  showState("sending");
  for (let wait = 500; ; wait = Math.min(wait * 2, 15000)) {
    const outcome = await attempt(submission);
    if (typeof outcome === "object") {
      keep(null);
      sending = "next" in outcome;
      if ("stay" in outcome) {
        showState("");
        showText(outcome.stay);
      }
      return "next" in outcome ? outcome.next : undefined;
    }
    showState(outcome);
    await new Promise((resolve) => {
      setTimeout(resolve, wait);
      addEventListener("online", resolve, { once: true });
    });
  }
};

/**
 * The outcome of one attempt: the next address, a message if the answer has to be changed, or why to send it again. A
 * reply that does not come from the survey (a proxy, a login page) leaves the submission in the outbox.
 * @param {Submission} submission
 * @returns {Promise<{ next: string } | { stay: string } | "waiting" | "refused">}
 */
const attempt = async ({ address, body }) => {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), 20000);
  // A working fetch never throws synchronously. If a broken one does, the error leads to `submitPlainForm`.
  const asked = fetch(address, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body,
    signal: timeout.signal,
  });
  let response;
  try {
    response = await asked;
    const reply = await response.json();
    if (typeof reply.next === "string" && /^\/(?!\/)/.test(reply.next)) return { next: reply.next };
    if (typeof reply.stay === "string" && [413, 422].includes(response.status)) return { stay: reply.stay };
  } catch {
    // No connection, or a reply that is not JSON.
  } finally {
    clearTimeout(timer);
  }
  return response && response.status < 500 && response.status !== 429 ? "refused" : "waiting";
};

/**
 * Lets the browser send the submission as a plain form: if a part of this script fails, the answer is sent without it.
 * @param {Submission} submission
 */
const submitPlainForm = ({ address, body }) => {
  keep(null);
  const plain = document.createElement("form");
  plain.method = "post";
  plain.action = address;
  for (const pair of body.split("&")) {
    const input = document.createElement("input");
    input.type = "hidden";
    const [name = "", value = ""] = pair
      .split("=")
      .map((part) => decodeURIComponent(part.replace(/\+/g, " ")));
    input.name = name;
    input.value = value;
    plain.append(input);
  }
  document.body.append(plain);
  // A field may be named `submit`.
  HTMLFormElement.prototype.submit.call(plain);
};

/** Resolves when an unsent answer of another person has been sent. */
let unsentByOthers = Promise.resolve();

// What the outbox needs; without it the browser sends the form.
const supported = typeof fetch === "function" && typeof AbortController === "function";

form?.addEventListener("submit", (event) => {
  /** @type {Submission} */
  let submission;
  try {
    const data = new FormData(form);
    if (data.has("ms")) data.set("ms", String(visibleFor()));
    if (pasted > 0) data.set("pasted", String(pasted));
    const pairs = [...data].map(([name, value]) => /** @type {[string, string]} */ ([name, String(value)]));
    submission = { address: new URL(form.action).pathname, body: String(new URLSearchParams(pairs)) };
  } catch {
    return;
  }
  event.preventDefault();
  if (!supported) return submitPlainForm(submission);
  unsentByOthers
    .then(() => send(submission))
    .then(
      (next) => {
        if (next !== undefined) location.assign(next);
      },
      () => submitPlainForm(submission),
    );
});

/** @param {string} body */
const csrfTokenIn = (body) => /(?:^|&)seal=([^&]*)/.exec(body)?.[1];

// An answer that an earlier page could not send is sent first. If it belongs to another person who used this browser
// before, the person here now stays on this page.
const unsent = supported ? read() : null;
if (unsent) {
  const seal = form?.querySelector("input[name=seal]");
  const own = seal instanceof HTMLInputElement && csrfTokenIn(unsent.body) === encodeURIComponent(seal.value);
  const sent = send(own ? unsent : { ...unsent, body: `${unsent.body}&left=1` });
  const proceed = (/** @type {string | undefined} */ next) => {
    if (own && next !== undefined) return location.assign(next);
    sending = false;
    showState("");
  };
  const done = sent.then(proceed, () => submitPlainForm(unsent));
  if (!own) unsentByOthers = done;
}
