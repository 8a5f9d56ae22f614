// A device with a screen lock that always says yes: Chromium's virtual authenticator (WebAuthn Level 2, section 11).

import type { CDPSession, Page } from "playwright-core";

export interface Device {
  /** For what Chromium's protocol can do with it (domain WebAuthn). */
  readonly session: CDPSession;
  readonly authenticatorId: string;
}

/** Gives it to this page's browser. Passkeys need a server whose issuer has a host name. */
export async function addAuthenticator(page: Page): Promise<Device> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId };
}
