// The account page's entry.

import { startPage } from "../session/start.tsx";
import { AccountPage } from "./account-page.tsx";
import { OwnProvider, own } from "./own.ts";

startPage({
  page: "/account",
  scope: "openid profile email rescind:account",
  content: (session) => (
    <OwnProvider value={own(session)}>
      <AccountPage />
    </OwnProvider>
  ),
});
