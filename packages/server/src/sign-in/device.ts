// /device: the code that a device shows begins a transaction of this browser, which goes through sign-in and consent
// like any other and ends here. RFC 8628 sections 3.3 and 5.

import { parseUserCode } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { devicePage } from "../pages/device-page.ts";
import { frameOf } from "../pages/frame.ts";
import { browserOf } from "./browser.ts";
import { waitingDevice } from "./device-request.ts";
import { isProtected, protectedFields } from "./protected-form.ts";
import { deviceTransactionId, resumeAt, startTransaction } from "./transaction.ts";

interface Problem {
  readonly problem: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** GET /device */
export async function showDevice(request: PageRequest, deps: Dependencies): Promise<Answer> {
  return form(request, undefined, deps);
}

/** POST /device */
export async function enterCode(request: PageRequest, deps: Dependencies): Promise<Answer> {
  if (!isProtected("device", request, deps))
    return form(
      request,
      { problem: "This form was not sent from here, or it is too old. Please try again.", status: 400 },
      deps,
    );
  const { address } = request;
  const seconds = deps.userCodes.blockedFor(address, deps.now());
  if (seconds !== undefined)
    return form(
      request,
      {
        problem: `Too many wrong codes came from here. Try again in ${seconds} seconds.`,
        status: 429,
        headers: { "retry-after": String(seconds) },
      },
      deps,
    );
  const userCode = parseUserCode(request.parameters.get("user_code") ?? "");
  if (userCode === undefined) return form(request, { problem: noCode, status: 400 }, deps);
  const device = await waitingDevice(userCode, deps);
  if (device === undefined) {
    await deps.userCodes.failed(address, deps.now());
    return form(request, { problem: unknownCode, status: 400 }, deps);
  }
  const browser = browserOf(request, deps.issuer);
  const transaction = startTransaction(
    {
      id: deviceTransactionId(device.id),
      clientId: device.clientId,
      parameters: device.parameters,
      rev: device.rev,
      browser: browser.hash,
      device: { id: device.id, userCode },
    },
    deps.now(),
  );
  return seeOther(resumeAt("/oauth2/authorize", transaction, deps), browser.cookies);
}

const noCode = "A code has eight letters, without vowels and digits. Compare it with what your device shows.";
const unknownCode =
  "No device waits with this code. Compare it letter by letter, or have the device show a new one: a code is good for ten minutes.";

function form(request: PageRequest, problem: Problem | undefined, deps: Dependencies): Answer {
  const browser = browserOf(request, deps.issuer);
  const userCode = request.parameters.get("user_code")?.slice(0, 32) ?? "";
  const fields = protectedFields("device", browser, deps);
  return devicePage({ fields, userCode, ...problem, cookies: browser.cookies }, frameOf(deps));
}
