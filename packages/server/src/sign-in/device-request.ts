// What a device asked for, as the pages go on with it: loaded and judged anew at every step, and answered once. RFC 8628.

import {
  type AuthorizationRequest,
  type Client,
  type DeviceCode,
  judgedDeviceCode,
  readDeviceRequest,
} from "@rescind/core";
import type { FoundDeviceCode } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { deviceAnsweredPage } from "../pages/device-page.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import type { Transaction } from "./transaction.ts";

/** A device that still waits for an answer, by the code that a person has typed. */
export async function waitingDevice(userCode: string, deps: Dependencies): Promise<DeviceCode | undefined> {
  for (const digest of deps.hashing.digests(userCode)) {
    const found = await deps.store.findDeviceCodeByUserCode(digest);
    if (found.device !== undefined) return ifWaiting(found, deps);
  }
  return undefined;
}

/** What the device asked for, or the page that says that nobody waits for an answer any more. */
export async function readForDevice(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  { id, userCode }: NonNullable<Transaction["device"]>,
  deps: Dependencies,
): Promise<AuthorizationRequest | Answer> {
  const device = await ifWaiting(await deps.store.findDeviceCode(id), deps);
  if (device === undefined) return answeredBefore(deps);
  const asked = readDeviceRequest(parameters, client, { id, userCode, expiresAt: device.expiresAt });
  if (asked.kind === "request") return asked;
  const text = `The device asks for what it cannot get. For whoever made it: ${asked.description}`;
  return errorPage({ status: 400, title: "This device cannot be connected", text }, frameOf(deps));
}

/** The person's no. */
export async function denyDevice(id: string, client: Client, deps: Dependencies): Promise<Answer> {
  const isDenied = await deps.store.denyDeviceCode(id);
  return isDenied ? deviceAnsweredPage("denied", client.name, frameOf(deps)) : answeredBefore(deps);
}

/** For a code that was answered, has expired or was taken back. */
export function answeredBefore(deps: Dependencies): Answer {
  const frame = frameOf(deps);
  const title = "No device waits any more";
  const text = "This code has been answered or has expired. Nothing has been changed.";
  const link = { href: `${frame.root}/device`, text: "Enter a code" };
  return errorPage({ status: 400, title, text, link }, frame);
}

async function ifWaiting(
  { head, device }: FoundDeviceCode,
  deps: Dependencies,
): Promise<DeviceCode | undefined> {
  await deps.standing.reach(head);
  if (device === undefined || device.isDenied || device.codeId !== undefined) return undefined;
  const verdict = deps.standing.judge(judgedDeviceCode(device, deps.issuer), deps.now() / 1000);
  return verdict.kind === "live" ? device : undefined;
}
