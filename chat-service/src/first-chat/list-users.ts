import { isAdmin, type Person } from '../identity/caller.js';
import type { Inbox } from '../inbox/inbox.port.js';

/** The most users in one answer. */
const MOST_USERS = 500;

/** Whom the first chat's pages show in their list. */
export class ListUsers {
  constructor(private readonly inbox: Inbox) {}

  /** A client: itself and "Support". An administrator: clients with an open case, first who waits, then their own. */
  async run({ id, login, role }: Person): Promise<{ id: string; name: string }[]> {
    if (!isAdmin({ role })) {
      return [
        { id, name: login },
        { id: 'support', name: 'Support' },
      ];
    }
    const users: { id: string; name: string }[] = [];
    for (const filter of ['waiting', 'mine', 'others'] as const) {
      const room = MOST_USERS - users.length;
      if (room === 0) break;
      const { conversations } = await this.inbox.list(filter, id, room, null);
      users.push(...conversations.map(({ client }) => ({ id: client.id, name: client.login })));
    }
    return users;
  }
}
