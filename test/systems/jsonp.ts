// A page that loads a script of another origin, as JSONP does: fetches what `src` says and runs it with the functions that
// the page has.

import { runInNewContext } from "node:vm";
import type { TestServer } from "../running-server.ts";

/** What the script called the function of this name with; `html` is a script element. */
export async function scriptCalls(
  server: TestServer,
  html: string,
  functionName: string,
): Promise<unknown[]> {
  const source = /<script src="([^"]+)"><\/script>/.exec(html)?.[1] ?? "";
  const answer = await server.request(source.replace(server.issuer, ""));
  if (!/^text\/javascript/.test(answer.headers.get("content-type") ?? "")) throw new Error(answer.text);
  const calls: unknown[] = [];
  const [object = "", member = ""] = functionName.split(".");
  // What a script of another context made is not our kind of object.
  const heard = (told: unknown) => calls.push(JSON.parse(JSON.stringify(told)));
  runInNewContext(answer.text, { [object]: { [member]: heard } });
  return calls;
}
