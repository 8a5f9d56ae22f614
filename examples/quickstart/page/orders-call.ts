// One call of the API, and how it went.

export interface OrdersCall {
  readonly number: number;
  /** Milliseconds since 1970, when the answer was there. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly text: string;
}

export async function callOrders(number: number, accessToken: string): Promise<OrdersCall> {
  const began = performance.now();
  const finished = (status: number, text: string): OrdersCall => ({
    number,
    at: Date.now(),
    took: performance.now() - began,
    status,
    text,
  });
  try {
    const response = await fetch("/api/orders", { headers: { authorization: `Bearer ${accessToken}` } });
    const body = await response.text();
    return finished(response.status, response.headers.get("www-authenticate") ?? body);
  } catch {
    return finished(0, "The API cannot be reached.");
  }
}
