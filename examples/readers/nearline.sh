#!/usr/bin/env bash
# Whether one token of Rescind's was revoked, by the nearline copy: redis-cli, openssl, jq. docs/reference/cache.md.
#   nearline.sh SETTINGS.json CLAIMS.json [redis-cli's own options …]
# SETTINGS.json is the answer of GET /revocations/settings; CLAIMS.json the claims of a verified token with the kid of its
# header. Exit status: 0 live, 1 revoked, 2 unknown (introspect, or refuse).
set -euo pipefail
settings=$1 claims=$2
shift 2
setting() { jq -r "$1" "$settings"; }
claim() { jq -r --arg name "$1" '.[$name] // empty' "$claims"; }
issuer=$(claim iss)
key=$(setting .fingerprint_key | tr '_-' '/+' | sed 's/$/=/' | base64 -d | od -An -v -tx1 | tr -d ' \n')

fingerprint() { # unit, value [, client]
  for text in rescind/1 "$issuer" "$@"; do
    # shellcheck disable=SC2059
    printf "$(printf '%08x' "$(printf %s "$text" | wc -c)" | sed 's/../\\x&/g')"
    printf %s "$text"
  done | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | head -c 16 | base64 | tr '+/' '-_' | tr -d '='
}

units=("all:" "token:$(claim jti)" "client:$(claim client_id)")
[ "$(claim sub)" = "$(claim client_id)" ] || units+=("subject:$(claim sub)")
for pair in grant:grant_id session:sid key:key_id signing-key:kid; do
  [ -z "$(claim "${pair#*:}")" ] || units+=("${pair%%:*}:$(claim "${pair#*:}")")
done
[ -z "$(claim sid)" ] || [ "$(claim offline)" = true ] || units+=("logout:$(claim sid)")

keys=()
for unit in "${units[@]}"; do keys+=("$(setting .cache.entry_prefix)$(fingerprint "${unit%%:*}" "${unit#*:}")"); done
keys+=("$(setting .cache.entry_prefix)$(fingerprint subject+client "$(claim sub)" "$(claim client_id)")")
for fp in $(jq -r '.lineage[]?' "$claims"); do keys+=("$(setting .cache.entry_prefix)$fp"); done

answer=$(redis-cli --raw "$@" MGET "$(setting .cache.lease_key)" "${keys[@]}") || exit 2
lease=$(head -n 1 <<<"$answer")
[ "$(cut -d . -f 3 <<<"$lease")" = "$(setting .cache.log)" ] || exit 2
tail -n +2 <<<"$answer" | jq -e -n --slurpfile claims "$claims" '
  $claims[0] as $token
  | [inputs.entries[]
     | select(.suspend == true or (.unit | IN("token", "grant", "signing-key"))
         or (($token.rev // -1) < .seq
             and (.before == null or (($token.grant_iat // $token.iat // 0) <= .before))))]
  | length == 0' >/dev/null || { [ $? -eq 1 ] && exit 1 || exit 2; }
