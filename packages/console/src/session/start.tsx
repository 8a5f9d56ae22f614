// How a page begins: the person signed in, everything around the content in place, and a failure said rather than
// waited for.

import "../parts/styles.ts";
import { MantineProvider } from "@mantine/core";
import { AdminProblem } from "@rescind/admin-api";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Failure } from "../parts/failure.tsx";
import { theme, variables } from "../parts/theme.ts";
import { AgainProvider } from "./again.ts";
import { rootPath, styleNonce } from "./place.ts";
import { type Session, signedIn } from "./sign-in.ts";

interface Start {
  /** Below the issuer: `/console` or `/account`. */
  readonly page: string;
  /** What the page asks for; the server leaves out what the person may not have. */
  readonly scope: string;
  readonly content: (session: Session) => ReactNode;
}

export async function startPage({ page, scope, content }: Start): Promise<void> {
  const place = document.getElementById("page");
  if (place === null) throw new Error("the document has no place for the page");
  const root = createRoot(place);
  const show = (shown: ReactNode): void =>
    root.render(
      <MantineProvider
        defaultColorScheme="auto"
        theme={theme}
        cssVariablesResolver={variables}
        getStyleNonce={() => styleNonce}
      >
        {shown}
      </MantineProvider>,
    );
  try {
    const session = await signedIn(page, scope);
    if (session === undefined) return; // the browser is on its way
    const queries = new QueryClient({ defaultOptions: { queries: { retry: mayPass, staleTime: 2000 } } });
    show(
      <QueryClientProvider client={queries}>
        <AgainProvider value={session.again}>{content(session)}</AgainProvider>
      </QueryClientProvider>,
    );
  } catch (error) {
    show(<Failure error={error} retry={() => location.assign(`${rootPath}${page}/`)} />);
  }
}

/** Once more where it may have been the network or a server that is starting; a refusal stays one. */
function mayPass(failures: number, error: unknown): boolean {
  return failures < 1 && !(error instanceof AdminProblem && error.status < 500);
}
