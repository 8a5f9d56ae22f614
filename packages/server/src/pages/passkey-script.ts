// The one script of the sign-in pages: shows the button "Use a passkey" where the browser can, offers passkeys in the
// username's own list (conditional mediation), and sends what the authenticator answers as a form. A file of its own, so
// that the pages' policy names it alone. Without it the pages do without passkeys.

import type { Answer } from "../http/answer.ts";

export const passkeyScriptPath = "/login/passkey.js";

const source = `"use strict";
(() => {
  const form = document.querySelector("form[data-challenge]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
  const known = JSON.parse(form.dataset.known);
  const publicKey = {
    challenge: bytes(form.dataset.challenge),
    rpId: form.dataset.party,
    userVerification: "required",
    timeout: 300000,
    allowCredentials: known.map((key) => ({ type: "public-key", id: bytes(key.id), transports: key.transports })),
  };
  const said = form.querySelector("[role=status]");
  const send = (credential) => {
    const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
    form.elements.credential.value = JSON.stringify({
      id: credential.id,
      response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(signature),
        userHandle: userHandle && userHandle.byteLength > 0 ? text(userHandle) : undefined,
      },
    });
    form.submit();
  };
  let waiting;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (waiting) waiting.abort();
    said.textContent = "";
    try {
      send(await navigator.credentials.get({ publicKey }));
    } catch (error) {
      said.textContent = error.name === "NotAllowedError"
        ? "No passkey was used. Try again, or sign in another way."
        : "This browser could not use a passkey: " + error.message;
    }
  });
  if (known.length > 0 || document.getElementById("problem")) return;
  if (!PublicKeyCredential.isConditionalMediationAvailable) return;
  PublicKeyCredential.isConditionalMediationAvailable().then((isAvailable) => {
    if (!isAvailable) return;
    waiting = new AbortController();
    navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal }).then(send, () => {});
  });
})();
`;

/** GET /login/passkey.js */
export function passkeyScript(): Answer {
  return {
    status: 200,
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=300",
      "cross-origin-resource-policy": "same-origin",
    },
    body: source,
  };
}
