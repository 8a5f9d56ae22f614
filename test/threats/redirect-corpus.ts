// Redirect URIs that look like registered ones and are not: what parsers, browsers and careless comparisons have
// taken for the same (THREATS AC-10). Made from each registered URI by every trick, more than 500 lines in all.

export const registeredUris: readonly string[] = [
  "https://app.example/callback",
  "https://app.example/callback?tenant=1",
  "https://APP.example/Callback/",
  "http://127.0.0.1/done",
  "http://[::1]:8080/done",
  "com.example.app:/back",
];

const evil = "evil.example";

/** Each takes a registered URI and returns forgeries of it. */
const tricks: readonly ((uri: string) => readonly string[])[] = [
  function userInformation(uri) {
    return ["@", "@@", "%40", "\\@", "/@", "?@", ".", ":80@", ":443@", "&@", "\t@", ";@", "%2540"].map(
      (mark) => `${uri}${mark}${evil}`,
    );
  },
  function hostInFront(uri) {
    const rest = uri.slice(uri.indexOf(":") + 1).replace(/^\/\//, "");
    return [
      ...[`https://${evil}@${rest}`, `https://${rest}@${evil}/`, `https://user:pass@${rest}`],
      ...[`https://${evil}\\@${rest}`, `https://${evil}%2f@${rest}`, `https://${evil}#@${rest}`],
      ...[`https://${evil}/${uri}`, `https://${evil}?${uri}`, `https://${evil}/?u=${uri}`],
      ...[
        `//${rest}`,
        `///${rest}`,
        `\\\\${rest}`,
        `/${rest}`,
        rest,
        ` ${uri}`,
        `${uri} `,
        `\t${uri}`,
        `${uri}\n`,
      ],
    ];
  },
  function anotherHost(uri) {
    return [
      `.${evil}`,
      `${evil}`,
      `.${evil}/`,
      `%2e${evil}`,
      `%00.${evil}`,
      `。${evil}`,
      `．${evil}`,
      `@${evil}`,
    ].map((end) =>
      uri.replace(/app\.example|127\.0\.0\.1|\[::1\]:8080|com\.example\.app/, (host) => host + end),
    );
  },
  function spelling(uri) {
    return [
      uri.toUpperCase(),
      uri.toLowerCase(),
      uri.replace("app.example", "app.example."),
      uri.replace("app.example", "app.example:443"),
      uri.replace("app.example", "app.example:"),
      uri.replace("app.example", "app.example:0443"),
      uri.replace("app.example", "аpp.example"),
      uri.replace("app.example", "xn--pp-6cd.example"),
      uri.replace("app.example", "sub.app.example"),
      uri.replace("app.example", "*.example"),
      uri.replace("app.example", "app%2eexample"),
      uri.replace("https:", "http:"),
      uri.replace("http:", "https:"),
      uri.replace("https:", "HTTPS:"),
      uri.replace("://", ":/"),
      uri.replace("://", ":///"),
      uri.replace("://", "://\\"),
      uri.replace("://", ":\\\\"),
      uri.replace("127.0.0.1", "localhost"),
      uri.replace("127.0.0.1", "127.1"),
      uri.replace("127.0.0.1", "2130706433"),
      uri.replace("127.0.0.1", "0x7f000001"),
      uri.replace("127.0.0.1", "127.0.0.2"),
      uri.replace("127.0.0.1", "0.0.0.0"),
      uri.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
      uri.replace("[::1]", "[0:0:0:0:0:0:0:1]"),
      uri.replace("[::1]", "[::1%25lo]"),
      uri.replace("com.example.app", "com.example.application"),
      uri.replace("com.example.app", "com.example.ap"),
    ];
  },
  function path(uri) {
    return [
      ...[
        "/",
        "/.",
        "/..",
        "/../",
        "/../../",
        "/%2e%2e/",
        "/..%2f",
        "/;/",
        "//",
        "/x",
        "x",
        "%20",
        "+",
        "%00",
        "%0d%0a",
      ],
      ...[
        "/../evil",
        "/%252e%252e/evil",
        "/.%2e/evil",
        "/..;/evil",
        "\\..\\evil",
        ".html",
        "/*",
        "*",
        ";a=b",
      ],
      ...[
        "#",
        "#x",
        "?",
        "?x=1",
        "&x=1",
        "?code=x",
        "&code=x",
        "#@evil.example",
        "?#",
        "??",
        "%23x",
        "%3fx=1",
      ],
    ].map((end) => uri + end);
  },
  function inside(uri) {
    return [
      uri.replace("/callback", "/CALLBACK"),
      uri.replace("/callback", "/./callback"),
      uri.replace("/callback", "//callback"),
      uri.replace("/callback", "/x/../callback"),
      uri.replace("/callback", "/%63allback"),
      uri.replace("/callback", "/callback%2f"),
      uri.replace("/callback", ""),
      uri.replace("tenant=1", "tenant=2"),
      uri.replace("tenant=1", "tenant=1&tenant=2"),
      uri.replace("?tenant", "?x=1&tenant"),
      uri.replace("/done", ""),
      uri.replace("/done", "/"),
      uri.replace("/done", "/done2"),
      uri.replace("/done", ":80@evil.example/done"),
      uri.replace("/done", ":99999/done"),
      uri.replace("/done", ":080x/done"),
      uri.replace("/done", ":-1/done"),
      uri.replace("/done", ":8080:8080/done"),
      uri.replace(":/back", "://back"),
      uri.replace(":/back", ":back"),
    ];
  },
  function scheme(uri) {
    return [
      `javascript:alert(1)//${uri}`,
      `javascript://app.example/%0aalert(1)`,
      `data:text/html,${uri}`,
      `vbscript:${uri}`,
      `file:///${uri}`,
      `blob:${uri}`,
      `view-source:${uri}`,
      `about:blank#${uri}`,
      `ftp://app.example/callback`,
      `intent://app.example/callback#Intent;scheme=https;end`,
      `x${uri}`,
      `urn:ietf:wg:oauth:2.0:oob`,
      `null`,
      `undefined`,
      `[${uri}]`,
      `"${uri}"`,
      `${uri},${uri}`,
      `${uri} https://${evil}/`,
      encodeURIComponent(uri),
      encodeURI(`${uri}é`),
    ];
  },
];

export const forgedUris: readonly string[] = [
  ...new Set(registeredUris.flatMap((uri) => tricks.flatMap((trick) => trick(uri)))),
].filter((uri) => !isRegistered(uri));

/** Written apart from core on purpose: the same bytes, or a loopback URI with another port between the same bytes. */
export function isRegistered(uri: string): boolean {
  if (registeredUris.includes(uri)) return true;
  return [
    ["http://127.0.0.1", "/done"],
    ["http://[::1]", "/done"],
  ].some(([start = "", end = ""]) => {
    if (!uri.startsWith(start) || !uri.endsWith(end)) return false;
    const port = uri.slice(start.length, uri.length - end.length);
    return port === "" || (/^:\d{1,5}$/.test(port) && Number(port.slice(1)) < 65536);
  });
}
