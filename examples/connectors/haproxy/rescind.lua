-- Asks the follower for a token that HAProxy's map does not hold. Sets txn.verdict (the status, as text), txn.subject and
-- txn.challenge; sets no verdict where there is no answer, and haproxy.cfg refuses then.

local follower = os.getenv("RESCIND_FOLLOWER")

local function first(headers, name)
  local values = headers and headers[name]
  return values and values[0] or ""
end

core.register_action("rescind_check", { "http-req" }, function(txn)
  local scope = txn:get_var("txn.scope") or ""
  local authorization = txn.sf:req_hdr("authorization")
  local answer = core.httpclient():get({
    url = "http://" .. follower .. "/check?scope=" .. txn.c:url_enc(scope, "query"),
    timeout = 3000, -- milliseconds; a follower that hangs is one that is away
    headers = { authorization = authorization ~= "" and { authorization } or nil },
  })
  if answer == nil or answer.status == nil then return end
  txn:set_var("txn.subject", first(answer.headers, "x-auth-subject"))
  txn:set_var("txn.challenge", first(answer.headers, "www-authenticate"))
  txn:set_var("txn.verdict", tostring(answer.status))
end)
