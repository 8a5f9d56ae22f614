// The quickstart's page: sign in, then the API is called every half second, and each answer shown.

import "./page.css";
import { type ReactNode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { callOrders, type OrdersCall } from "./orders-call.ts";
import { arrivedUser, createManager, readSettings } from "./session.ts";

/** Milliseconds between an answer and the next call. */
const rest = 500;
/** So many calls are shown, the last one first. */
const shown = 12;

const place = document.getElementById("page");
if (place === null) throw new Error("the document has no place for the page");
const root = createRoot(place);
content().then((shown) => root.render(shown), fail);

function fail(error: unknown): void {
  root.render(<p role="alert">{error instanceof Error ? error.message : String(error)}</p>);
}

async function content(): Promise<ReactNode> {
  const manager = createManager(await readSettings());
  const user = await arrivedUser(manager);
  const signIn = (): void => void manager.signinRedirect().catch(fail);
  if (user === undefined)
    return (
      <>
        <h1>Orders</h1>
        <button type="button" onClick={signIn}>
          Sign in
        </button>
      </>
    );
  return (
    <>
      <h1>Orders</h1>
      <p>Signed in. The API is called every half second.</p>
      <Calls accessToken={user.access_token} signIn={signIn} />
    </>
  );
}

function Calls({ accessToken, signIn }: { readonly accessToken: string; readonly signIn: () => void }) {
  const calls = useCalls(accessToken);
  const [last] = calls;
  const refused = calls.findLast(({ status }) => status === 401);
  if (last === undefined) return <p>Calling …</p>;
  return (
    <>
      <p role="status" className={last.status === 200 ? "accepted" : "refused"}>
        {last.status === 200 ? "Accepted" : "Refused"}
      </p>
      {refused === undefined ? null : (
        <button type="button" onClick={signIn}>
          Sign in again
        </button>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">At</th>
            <th scope="col">Took</th>
            <th scope="col">Status</th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {calls.slice(0, shown).map((call) => (
            <tr key={call.number}>
              <td>{call.number}</td>
              <td>{new Date(call.at).toISOString().slice(11, 23)}</td>
              <td>{call.took.toFixed(1)} ms</td>
              <td>{call.status}</td>
              <td>{call.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** The calls so far, the last one first. */
function useCalls(accessToken: string): readonly OrdersCall[] {
  const [calls, setCalls] = useState<readonly OrdersCall[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const call = async (number: number): Promise<void> => {
      const done = await callOrders(number, accessToken);
      if (isGone) return;
      setCalls((before) => [done, ...before].slice(0, 2 * shown));
      timer = setTimeout(() => call(number + 1), rest);
    };
    call(1);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [accessToken]);
  return calls;
}
