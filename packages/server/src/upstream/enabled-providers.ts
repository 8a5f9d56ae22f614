// The upstream providers that people may sign in through at this moment.

import type { StoredUpstream } from "@rescind/store";

export function enabledProviders(registered: readonly StoredUpstream[]): readonly StoredUpstream[] {
  return registered.filter(({ upstream }) => upstream.isEnabled);
}
