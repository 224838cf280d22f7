import type { DeployedSite } from './site.js';
import { admin, client, Person } from './person.js';
import { nativeWay } from './way.js';

export interface LongConversation {
  /** Entries. */
  readonly length: number;
  /** Of them, how many at the end the client has not seen. */
  readonly unread: number;
}

const MINUTE_US = 60_000_000;
const AT_ONCE = 1_000;

/**
 * Fills a client's conversation, in which nobody has written yet, with messages 1, 2, 3 … of both sides, ten minutes
 * apart and up to an hour ago. Nobody may watch it meanwhile.
 */
export async function fillConversation(
  site: DeployedSite,
  number: number,
  { length, unread }: LongConversation,
): Promise<void> {
  const id = await conversationOf(site, number);
  const sides = [
    ['client', client(number)],
    ['support', admin(1)],
  ] as const;
  const start = Date.now() * 1_000 - (60 + 10 * length) * MINUTE_US;
  for (let from = 1; from <= length; from += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, length - from + 1) }, (_, index) => {
      const seq = from + index;
      // The last ones are support's, so that they can be unread.
      const [side, person] = seq > length - unread ? sides[1] : sides[seq % 2 === 0 ? 0 : 1];
      const text = `message ${seq}${', and a line more'.repeat(seq % 7)}`;
      return [id, seq, 'message', side, person.id, person.login, `fill-${seq}`, start + seq * 10 * MINUTE_US, text];
    });
    await site.query(
      `INSERT INTO entry
        (conversation_id, seq, kind, author_side, author_id, author_name, request_id, created_at, body)
       VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
      rows.flat(),
    );
  }
  const read = length - unread;
  await site.query(
    `UPDATE conversation SET version = version + 1, last_seq = ?, preview = ?, client_delivered = ?, client_read = ?,
      client_unread = ?, support_delivered = ?, support_read = ? WHERE id = ?`,
    [length, `message ${length}`, read, read, unread, length, length, id],
  );
}

/** It is made on first use. */
async function conversationOf(site: DeployedSite, number: number): Promise<string> {
  const [replica] = site.replicas;
  if (replica === undefined) throw new Error('There is no replica.');
  const person = await Person.signIn(client(number), [nativeWay(replica)]);
  try {
    return (await person.chat.getMyConversation()).conversation.id;
  } finally {
    person.close();
  }
}
