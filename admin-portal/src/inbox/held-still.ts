import type { Conversation } from '@energy-chat/contract/conversation_pb.js';

export interface ShownRow {
  readonly row: Conversation;
  /** It stands in another list by now. */
  readonly hasLeft: boolean;
}

export interface ShownRows {
  readonly rows: readonly ShownRow[];
  /** Rows that have come and are not shown yet. */
  readonly heldBack: number;
}

/**
 * The rows with their newest content, in the order in which they stood when the pointer came among them (`order`), so
 * that nothing slides away under it: what has left stays in its place, what has come waits, and only what follows
 * below the last one is added. Without an order: as they are.
 */
export function heldStill(
  rows: readonly Conversation[],
  order: readonly string[] | undefined,
  newest: (id: string) => Conversation | undefined,
): ShownRows {
  if (order === undefined) return { rows: rows.map((row) => ({ row, hasLeft: false })), heldBack: 0 };
  const present = new Map(rows.map((row) => [row.id, row]));
  const held = new Set(order);
  const stayed = order.flatMap((id): ShownRow[] => {
    const row = present.get(id) ?? newest(id);
    return row === undefined ? [] : [{ row, hasLeft: !present.has(id) }];
  });
  const lastHeld = rows.findLastIndex(({ id }) => held.has(id));
  const below = rows.slice(lastHeld + 1).map((row) => ({ row, hasLeft: false }));
  return {
    rows: [...stayed, ...below],
    heldBack: rows.slice(0, lastHeld + 1).filter(({ id }) => !held.has(id)).length,
  };
}
