// The client's certificate as a proxy hands it over in a header that the option names: RFC 9440, or PEM with percent
// escapes (nginx, Envoy). Nothing is read without that option: anyone can send a header.

/** DER; undefined for what is neither. */
export function certificateFromHeader(value: string): Uint8Array | undefined {
  const structured = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value.trim())?.[1];
  return fromBase64(structured ?? pemBody(value));
}

/** DER of the certificate by which the other side of a socket of `node:tls` authenticated; undefined without one. */
export function certificateOfSocket(socket: unknown): Uint8Array | undefined {
  // parsing boundary: a socket of any runtime, with or without TLS
  const { getPeerCertificate } = (socket ?? {}) as { getPeerCertificate?: unknown };
  if (typeof getPeerCertificate !== "function") return undefined;
  const certificate: unknown = getPeerCertificate.call(socket);
  const raw: unknown =
    typeof certificate === "object" && certificate !== null && Reflect.get(certificate, "raw");
  return raw instanceof Uint8Array ? raw : undefined;
}

function pemBody(value: string): string | undefined {
  try {
    const pem = decodeURIComponent(value);
    return /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(pem)?.[1];
  } catch {
    return undefined;
  }
}

function fromBase64(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  try {
    return Uint8Array.from(atob(text.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
