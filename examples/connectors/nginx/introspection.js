// njs: what introspection says of a token, as auth_request wants it. RFC 7662, RFC 6750 section 3. Keeps nothing.

/**
 * @typedef {{
 *   headersIn: Record<string, string | undefined>,
 *   headersOut: Record<string, string>,
 *   variables: Record<string, string>,
 *   subrequest(path: string, options: { method: string, body: string }): Promise<{ status: number, responseText: string }>,
 *   return(status: number): void,
 * }} NjsRequest
 */

/** @param {NjsRequest} request */
async function check(request) {
  const found = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(request.headersIn.Authorization || "");
  if (found === null) return refuse(request, 401, "Bearer");
  const answer = await request.subrequest("/_introspect", {
    method: "POST",
    body: `token=${encodeURIComponent(found[1] || "")}`,
  });
  if (answer.status !== 200) return request.return(503);
  const token = JSON.parse(answer.responseText);
  const audience = Array.isArray(token.aud) ? token.aud : [token.aud];
  if (token.active !== true || !audience.includes(request.variables.rescind_audience))
    return refuse(request, 401, 'Bearer error="invalid_token"');
  const wanted = request.variables.rescind_scope;
  if (!(token.scope || "").split(" ").includes(wanted))
    return refuse(request, 403, `Bearer error="insufficient_scope", scope="${wanted}"`);
  request.headersOut["X-Auth-Subject"] = encodeURIComponent(token.sub);
  return request.return(200);
}

/**
 * @param {NjsRequest} request
 * @param {number} status
 * @param {string} challenge
 */
function refuse(request, status, challenge) {
  request.headersOut["WWW-Authenticate"] = challenge;
  request.return(status);
}

// biome-ignore lint/style/noDefaultExport: njs imports the default export and nothing else.
export default { check };
