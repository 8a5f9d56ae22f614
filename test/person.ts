// A person at a browser without scripts: keeps cookies, follows redirects one by one, reads forms and sends them. Knows
// nothing of this server's pages but what every reader of a form knows: fields, hidden fields and buttons.

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { type Form, formsOf } from "./forms.ts";

export interface Opening {
  readonly method?: "GET" | "POST" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: URLSearchParams | undefined;
}

export interface Page {
  readonly url: URL;
  /** Undefined where the person was sent somewhere that nobody here answers for. */
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly text: string;
  readonly forms: readonly Form[];
  /** What arrived at `url`: its query, or the fields of the form that was posted there. */
  readonly sent: URLSearchParams;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The answer on a page that asks for consent. */
  readonly consent?: "allow" | "deny" | undefined;
}

export interface Person {
  /** By host and name. */
  readonly cookies: Map<string, string>;
  /** Every answer on the way, redirects included, the newest last. */
  readonly seen: Page[];
  /** Goes to a URL and wherever it redirects to. */
  open(url: string | URL, init?: Opening): Promise<Page>;
  /** Fills in the form that has a button (or field) of this name and sends it. */
  submit(page: Page, fields: Record<string, string>): Promise<Page>;
  /** Opens a URL and goes through login, consent and forms that send themselves, to where nothing more is asked. */
  signIn(url: string | URL, who: Credentials, init?: Opening): Promise<Page>;
  /** The same from a page that is open already. */
  carryOn(page: Page, who: Credentials): Promise<Page>;
}

/** @param origins those that this person's requests may go to; a redirect anywhere else is where the way ends */
export function createPerson(...origins: readonly string[]): Person {
  const cookies = new Map<string, string>();
  const seen: Page[] = [];
  const person: Person = {
    cookies,
    seen,
    async open(url, init = {}) {
      let at = new URL(url);
      let how = init;
      for (let hops = 0; hops < 20; hops++) {
        const page = await visit(at, how, { cookies, origins });
        seen.push(page);
        const location = page.headers.get("location");
        if (page.status === undefined || page.status < 300 || page.status > 399 || location === null)
          return page;
        at = new URL(location, at);
        if (page.status !== 307 && page.status !== 308) how = {};
      }
      throw new Error(`redirected too often, last to ${at}`);
    },
    submit(page, fields) {
      const form = formFor(page, fields);
      const sent = new URLSearchParams({ ...form.fields, ...fields });
      const headers = { origin: page.url.origin, referer: page.url.href, "sec-fetch-site": "same-origin" };
      if (form.method === "post") return person.open(form.action, { method: "POST", headers, body: sent });
      return person.open(`${form.action.origin}${form.action.pathname}?${sent}`, { headers });
    },
    async signIn(url, who, init) {
      return person.carryOn(await person.open(url, init), who);
    },
    async carryOn(page, who) {
      const { username, password, consent = "allow" } = who;
      let now = page;
      for (let pages = 0; pages < 8; pages++) {
        const asks = (name: string) => now.forms.some((form) => form.names.includes(name));
        const [form] = now.forms;
        if (now.status !== 200 || form === undefined) return now;
        if (asks("password")) now = await person.submit(now, { username, password });
        else if (asks("answer")) now = await person.submit(now, { answer: consent });
        else if (asks("account")) now = await person.submit(now, { account: "current" });
        else if (sendsItself(now, form)) now = await person.submit(now, {});
        else return now;
      }
      throw new Error(`asked again and again, last at ${now.url}: ${now.text}`);
    },
  };
  return person;
}

interface Reach {
  readonly cookies: Map<string, string>;
  readonly origins: readonly string[];
}

/** One request, as a browser that navigates sends it (`fetch` would say that a script asks). */
async function visit(url: URL, init: Opening, { cookies, origins }: Reach): Promise<Page> {
  const sent = init.body ?? url.searchParams;
  if (!origins.includes(url.origin))
    return { url, status: undefined, headers: new Headers(), text: "", forms: [], sent };
  const host = `${url.hostname} `;
  const held = [...cookies].filter(([key]) => key.startsWith(host));
  const cookie = held.map(([key, value]) => `${key.slice(host.length)}=${value}`).join("; ");
  const headers = {
    accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "user-agent": "a person",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    ...(cookie === "" ? {} : { cookie }),
    ...(init.body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    ...init.headers,
  };
  const asked = request(url, { method: init.method ?? "GET", headers });
  asked.on("error", () => {}); // before an answer it rejects below; after a whole one nothing more counts
  asked.end(init.body?.toString());
  const [answered]: IncomingMessage[] = await once(asked, "response");
  if (answered === undefined) throw new Error(`no answer from ${url}`);
  for (const line of answered.headers["set-cookie"] ?? []) keep(line, host, cookies);
  const body = await text(answered);
  const named = Object.entries(answered.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const isHtml = /html/.test(answered.headers["content-type"] ?? "");
  const forms = isHtml ? formsOf(body, url) : [];
  return { url, status: answered.statusCode, headers: new Headers(named), text: body, forms, sent };
}

/** Scripts of a page with nothing to fill in do what its only button does (form_post). */
function sendsItself(page: Page, form: Form): boolean {
  return page.forms.length === 1 && form.asks.length === 0 && /<script>/.test(page.text);
}

function formFor(page: Page, fields: Record<string, string>): Form {
  const wanted = Object.keys(fields);
  const form = page.forms.find(({ names }) => wanted.every((name) => names.includes(name)));
  if (form === undefined)
    throw new Error(
      `no form with ${wanted.join(", ")} at ${page.url} (${page.status}): ${page.text || page.sent}`,
    );
  return form;
}

function keep(line: string, host: string, cookies: Map<string, string>): void {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const name = host + pair.slice(0, pair.indexOf("="));
  const value = pair.slice(pair.indexOf("=") + 1);
  const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice(8);
  const ends = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires);
  if (attributes.some((attribute) => /^max-age=0$/i.test(attribute)) || ends < Date.now() || value === "")
    cookies.delete(name);
  else cookies.set(name, value);
}
