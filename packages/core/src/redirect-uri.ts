// Redirect URIs are compared as bytes; only the port of a loopback address may differ (RFC 8252 section 7.3, RFC 9700
// section 4.1.3). Nothing is normalised: what a parser would do to a URI must not decide who gets a code.

const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(\/[^\s#]*)?$/;

/** Whether `asked` is one of the registered URIs, byte by byte, or the same loopback URI with another port. */
export function isRegisteredUri(asked: string, registered: readonly string[]): boolean {
  if (registered.includes(asked)) return true;
  const bare = withoutPort(asked);
  return bare !== undefined && registered.some((uri) => withoutPort(uri) === bare);
}

function withoutPort(uri: string): string | undefined {
  const match = loopback.exec(uri);
  if (match === null || Number(match[2] ?? 0) > 65535) return undefined;
  return `${match[1]}${match[3] ?? ""}`;
}
