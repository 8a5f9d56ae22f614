// The orders this example serves. Kept in memory: it is about who may ask, not about orders.

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly placedBy: string;
}

const orders: Order[] = [
  { id: "1", item: "Tea, 500 g", placedBy: "alice" },
  { id: "2", item: "A kettle", placedBy: "bob" },
];

export function allOrders(): readonly Order[] {
  return orders;
}

export function place(item: string, placedBy: string): Order {
  const order = { id: String(orders.length + 1), item, placedBy };
  orders.push(order);
  return order;
}
